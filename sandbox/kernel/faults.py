"""Faults on demand: what AWS does on its bad days, asked for by name."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeVar

Item = TypeVar("Item")


class FaultKind(StrEnum):
    """What goes wrong.

    Calls: `throttle`, `latency` (seconds before the call), `denied`, `expired`,
    `error` (500 before the effect), `error-after` (500 after the effect),
    `empty-pages` (an empty page with a token before each page), `partial` (what a
    service answers when a part failed).
    Deliveries: `late` (by seconds), `duplicate`, `reorder`, `lost`.
    """

    THROTTLE = "throttle"
    LATENCY = "latency"
    DENIED = "denied"
    EXPIRED = "expired"
    ERROR = "error"
    ERROR_AFTER = "error-after"
    EMPTY_PAGES = "empty-pages"
    PARTIAL = "partial"
    LATE = "late"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    LOST = "lost"


@dataclass(slots=True)
class Fault:
    """A fault and where it strikes.

    `where` is a pattern over `service.Operation` for calls (`logs.FilterLogEvents`,
    `logs.*`) and over the channel for deliveries (`cloudtrail.files`,
    `cloudtrail.notifications`, `logs.subscriptions`, `events.targets`). It strikes
    with `probability`, after the first `after` chances, `count` times at most and
    until `until` (seconds since 1970).
    """

    kind: FaultKind
    where: str = "*"
    account: str = "*"
    probability: float = 1.0
    seconds: float = 1.0
    after: int = 0
    count: int | None = None
    until: float | None = None
    id: int = 0
    struck: int = 0


class Faults:
    """The faults in force. Safe to use from any thread."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - decides who fails, no secret
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        with self._lock:
            kept = [fault for fault in self._faults if fault.id != fault_id]
            was_there = len(kept) < len(self._faults)
            self._faults = kept
        return was_there

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def in_force(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def strike(
        self, kind: FaultKind, where: str, account: str, now: float
    ) -> Fault | None:
        """The fault that strikes this time, if one does; each answer uses it up."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if self._strikes(fault, kind, where, account, now):
                    fault.struck += 1
                    return fault
        return None

    def _strikes(
        self, fault: Fault, kind: FaultKind, where: str, account: str, now: float
    ) -> bool:
        if fault.kind is not kind or not fnmatchcase(where, fault.where):
            return False
        if not fnmatchcase(account, fault.account):
            return False
        if fault.until is not None and now > fault.until:
            return False
        if fault.after > 0:
            fault.after -= 1
            return False
        if fault.count is not None and fault.struck >= fault.count:
            return False
        return fault.probability >= 1 or self._random.random() < fault.probability

    def deliveries(
        self, channel: str, account: str, items: Iterable[Item], now: float
    ) -> list[tuple[float, Item]]:
        """What arrives of the items and after how many seconds, in order of arrival:
        some never, some twice, some later than others."""
        arriving: list[tuple[float, Item]] = []
        for item in items:
            if self.strike(FaultKind.LOST, channel, account, now):
                continue
            late = self.strike(FaultKind.LATE, channel, account, now)
            arrival = (late.seconds if late else 0.0, item)
            arriving.append(arrival)
            if self.strike(FaultKind.DUPLICATE, channel, account, now):
                arriving.append(arrival)
        if len(arriving) > 1 and self.strike(FaultKind.REORDER, channel, account, now):
            arriving = self._shuffled(arriving)
        return arriving

    def _shuffled(
        self, arriving: Sequence[tuple[float, Item]]
    ) -> list[tuple[float, Item]]:
        shuffled = list(arriving)
        self._random.shuffle(shuffled)
        return shuffled
