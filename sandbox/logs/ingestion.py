"""How events come in: PutLogEvents' rules, the live path, and written history."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import FaultKind
from sandbox.logs.groups import (
    DAY_MS,
    Group,
    Groups,
    Place,
    Stream,
    invalid,
    is_long,
    stream_of,
    unreadable,
)
from sandbox.logs.store import EventStore, Row

Event = tuple[int, str]
"""Timestamp in milliseconds since 1970, and message."""

_OVERHEAD_BYTES = 26
_MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
_MOST_EVENT_BYTES = 1_048_576
_TOO_OLD_MS = 14 * DAY_MS
_TOO_NEW_MS = 7_200_000
_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one stream that arrived together."""

    group: Group
    stream: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which of a batch's events are kept: from `start` up to `end`."""

    start: int
    end: int
    rejected: Mapping[str, int]


def size_of(message: str) -> int:
    """Bytes an event counts for: its message in UTF-8, and 26."""
    letters = len(message)
    # Whether a text is ASCII is known without looking at its letters.
    return (letters if message.isascii() else len(message.encode())) + _OVERHEAD_BYTES


class Ingestion:
    """Puts events into the store and tells who listens of the live ones."""

    def __init__(self, cloud: Cloud, groups: Groups, store: EventStore) -> None:
        self.listeners: list[Callable[[Batch], None]] = []
        self._cloud = cloud
        self._groups = groups
        self._store = store
        self._numbers = itertools.count(1)

    def append(
        self, group: Group, stream: str, events: Sequence[Event], now: float
    ) -> Stream:
        """The live path: filters and subscriptions see these events."""
        into = stream_of(group, stream)
        now_ms = round(now * 1_000)
        rows = [
            Row(timestamp, now_ms, next(self._numbers), into.id, message)
            for timestamp, message in events
        ]
        if rows:
            self._note(group, into, rows)
            self._keep(group, rows, now)
            for listener in self.listeners:
                listener(Batch(group, stream, rows))
        return into

    def _keep(self, group: Group, rows: Sequence[Row], now: float) -> None:
        account = group.place[0]
        strike = self._cloud.faults.strike
        late = strike(FaultKind.LATE, "logs.ingestion", account, now)
        if late is None:
            self._store.write(group.id, rows)
            return
        self._cloud.timers.after(
            late.seconds, lambda _: self._store.write(group.id, rows)
        )

    def _note(self, group: Group, stream: Stream, rows: Sequence[Row]) -> None:
        times = [row.timestamp for row in rows]
        size = sum(size_of(row.message) for row in rows)
        with self._groups.lock:
            stream.note(min(times), max(times), rows[-1].ingested)
            group.stored_bytes += size

    def write_history(
        self,
        place: Place,
        names: tuple[str, str],
        events: Iterable[Event],
        ingested_ms: int | None = None,
    ) -> int:
        """Write events as if they had come in when they happened (or at `ingested_ms`);
        no filter sees them. How many there were."""
        group_name, stream_name = names
        written = 0
        remaining = iter(events)
        while some := list(itertools.islice(remaining, _AT_ONCE)):
            into = self._groups.ensured(place, group_name, stream_name, some[0][0])
            group = self._groups.get(place, group_name)
            rows = [
                Row(at, ingested_ms or at, next(self._numbers), into.id, message)
                for at, message in some
            ]
            self._store.write(group.id, rows)
            self._note(group, into, rows)
            written += len(rows)
        return written


def checked(events: Any) -> list[Event]:
    """The events of PutLogEvents. Raises InvalidParameterException, or
    SerializationException for what is of another kind.

    Source: PutLogEvents, "The batch of events must satisfy the following constraints".
    """
    if not isinstance(events, list | None):
        raise unreadable("logEvents must be a list")
    if not events:
        raise invalid("1 validation error detected: logEvents must not be empty")
    if len(events) > _MOST_EVENTS:
        raise invalid(
            f"Log events in a single PutLogEvents request are limited to {_MOST_EVENTS}"
        )
    found = [_event(event) for event in events]
    sizes = [size_of(message) for _, message in found]
    if max(sizes) - _OVERHEAD_BYTES > _MOST_EVENT_BYTES:
        raise invalid(
            f"Log event too large: {max(sizes)} bytes exceeds limit of "
            f"{_MOST_EVENT_BYTES}"
        )
    if sum(sizes) > _MOST_BYTES:
        raise invalid(
            f"Upload too large: {sum(sizes)} bytes exceeds limit of {_MOST_BYTES}"
        )
    if any(one[0] > after[0] for one, after in itertools.pairwise(found)):
        raise invalid(
            "Log events in a single PutLogEvents request must be in chronological "
            "order."
        )
    return found


def _event(event: Any) -> Event:
    if not isinstance(event, dict):
        raise unreadable("A log event has a timestamp and a message")
    timestamp, message = event.get("timestamp"), event.get("message")
    if timestamp is not None and not is_long(timestamp):
        raise unreadable("timestamp must be a 64-bit integer")
    if not isinstance(message, str | None):
        raise unreadable("message must be a string")
    if timestamp is None or timestamp < 0:
        raise invalid("timestamp must be a number of milliseconds since 1970")
    if not message:
        raise invalid("message must have length greater than or equal to 1")
    return timestamp, message


def accepted(events: Sequence[Event], group: Group, now: float) -> Accepted:
    """Which events are neither too old, nor expired, nor too new.

    Raises InvalidParameterException where those that remain span more than a day.
    """
    now_ms = round(now * 1_000)
    times = [timestamp for timestamp, _ in events]
    expired = sum(at < group.oldest_ms(now) for at in times)
    too_old = sum(at < now_ms - _TOO_OLD_MS for at in times)
    too_new = sum(at > now_ms + _TOO_NEW_MS for at in times)
    start, end = max(expired, too_old), len(times) - too_new
    if start < end and times[end - 1] - times[start] > DAY_MS:
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more "
            "than 24 hours."
        )
    rejected = {
        "tooOldLogEventEndIndex": too_old,
        "expiredLogEventEndIndex": expired,
        "tooNewLogEventStartIndex": len(times) - too_new if too_new else 0,
    }
    said = {name: at for name, at in rejected.items() if at}
    if too_new:
        said["tooNewLogEventStartIndex"] = end
    return Accepted(start, end, said)
