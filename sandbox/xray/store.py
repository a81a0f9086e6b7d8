"""The traces of one account and region: ids and times in memory, documents on disk."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import orjson

from sandbox.xray.documents import Documents
from sandbox.xray.observations import Observations, Snapshot
from sandbox.xray.segments import (
    Document,
    InvalidSegment,
    end_of,
    start_of,
    trace_key,
)

_LARGEST_TRACE = 500 * 1_024
_RESOLVE_EVERY = 65_536
_WRITE_AT_ONCE = 2_000

Text = tuple[Document, bytes]
"""A document as it was read, and as it was written."""
Position = tuple[float, int]
"""A trace among others: its time by some measure, and its number."""


class TimeRangeType(StrEnum):
    """By what a trace is in a range: its start, its last update, or its segments' ends.

    Source: GetTraceSummaries, TimeRangeType.
    """

    TRACE_ID = "TraceId"
    EVENT = "Event"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """What is held of a trace besides its documents. Times in seconds since 1970."""

    number: int
    id: str
    updated: float
    revision: int
    limit_exceeded: bool
    texts: Sequence[bytes]


class Store:
    """Takes documents and finds traces. Safe to use from any thread."""

    def __init__(self, account: str, file: Path) -> None:
        self.account = account
        self._lock = threading.Lock()
        self._documents = Documents(file)
        self._observations = Observations(account)
        self._numbers: dict[bytes, int] = {}
        self._start = array("d")
        self._end = array("d")
        self._updated = array("d")
        self._revision = array("I")
        self._size = array("I")
        self._snapshot: Snapshot | None = None

    def put(self, texts: Iterable[Text], now: float | None) -> list[InvalidSegment]:
        """Store valid documents that came now; without a time, as if each had come
        when it ended. Answers with those that made their trace too large."""
        refused: list[InvalidSegment] = []
        with self._lock:
            waiting: dict[int, list[bytes]] = {}
            for document, text in texts:
                number = self._number(document["trace_id"])
                if not self._note(number, document, len(text), now):
                    # Source: Flexera's report on X-Ray's limits names this code.
                    refused.append(InvalidSegment("InvalidSegment", document["id"]))
                    continue
                if number not in waiting:
                    if len(waiting) >= _WRITE_AT_ONCE:
                        self._write(waiting)
                        waiting = {}
                    waiting[number] = []
                waiting[number].append(text)
            self._write(waiting)
        return refused

    def _number(self, trace_id: str) -> int:
        key = trace_key(trace_id) or b""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._numbers)
            self._start.append(np.inf)
            self._end.append(0.0)
            self._updated.append(0.0)
            self._revision.append(0)
            self._size.append(0)
        return found

    def _note(
        self, number: int, document: Document, size: int, now: float | None
    ) -> bool:
        self._size[number] += size
        if self._size[number] > _LARGEST_TRACE:
            return False
        start, end = start_of(document), end_of(document)
        if start < self._start[number]:
            self._start[number] = start
        if end > self._end[number]:
            self._end[number] = end
        self._updated[number] = max(self._updated[number], end if now is None else now)
        self._observations.add(number, document)
        return True

    def _write(self, waiting: dict[int, list[bytes]]) -> None:
        self._documents.add(waiting.items())
        for number in waiting:
            self._revision[number] += 1
        self._snapshot = None
        if self._observations.unresolved() >= _RESOLVE_EVERY:
            self._observations.resolve()

    def snapshot(self) -> Snapshot:
        """The observations of now."""
        with self._lock:
            if self._snapshot is None:
                self._snapshot = self._observations.snapshot()
            return self._snapshot

    def numbers_of(self, trace_ids: Iterable[str]) -> dict[str, int]:
        """The numbers of those traces that are here."""
        with self._lock:
            found = {i: self._numbers.get(trace_key(i) or b"") for i in trace_ids}
        return {i: number for i, number in found.items() if number is not None}

    def records(self, numbers: Sequence[int]) -> list[TraceRecord]:
        """The traces with these numbers, in the same order."""
        with self._lock:
            texts = self._documents.of(numbers)
            return [
                TraceRecord(
                    number,
                    orjson.loads(texts[number][0])["trace_id"],
                    self._updated[number],
                    self._revision[number],
                    self._size[number] > _LARGEST_TRACE,
                    texts[number],
                )
                for number in numbers
            ]

    def revisions(self) -> list[int]:
        """How often each trace changed, by its number."""
        with self._lock:
            return self._revision.tolist()

    def between(
        self, start: float, end: float, measure: TimeRangeType
    ) -> list[Position]:
        """The traces in a range of time, the latest first."""
        with self._lock:
            times = np.array(
                self._updated if measure is TimeRangeType.EVENT else self._start
            )
        if measure is TimeRangeType.SERVICE:
            inside = self._with_a_segment_that_ended(start, end, len(times))
        else:
            inside = (times >= start) & (times <= end)
        numbers = np.flatnonzero(inside)
        order = numbers[np.lexsort((numbers, times[numbers]))][::-1]
        return list(zip(times[order].tolist(), order.tolist(), strict=True))

    def _with_a_segment_that_ended(
        self, start: float, end: float, traces: int
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        segments = self.snapshot().segments
        ends = segments["start"] + segments["response"]
        hit = segments["alive"] & (ends >= start) & (ends <= end)
        inside = np.zeros(max(traces, 1), bool)
        numbers = segments["trace"][hit]
        inside[numbers[numbers < traces]] = True
        return inside[:traces]
