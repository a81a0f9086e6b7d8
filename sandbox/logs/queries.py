"""Queries that run: each in a thread of a small pool, over a bounded time."""

from __future__ import annotations

import heapq
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from sandbox.kernel.errors import ApiError
from sandbox.logs.eventids import Position, before, event_id
from sandbox.logs.groups import Group, Place
from sandbox.logs.ingestion import size_of
from sandbox.logs.insights import evaluate
from sandbox.logs.insights.keeping import TooLarge
from sandbox.logs.insights.records import Record
from sandbox.logs.insights.syntax import Query
from sandbox.logs.store import EventStore, Row, Span

_AT_ONCE = 5_000
_AT_A_TIME = 2
_MOST_SECONDS = 120.0
_PATIENCE_SECONDS = 0.2
_KEPT = 1_000


class Stopped(Exception):
    """The query was cancelled, or ran out of time."""


@dataclass(slots=True)
class Counted:
    """What a query has scanned so far."""

    records: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Run:
    """A query with where it stands. Times in seconds since 1970."""

    id: str
    place: Place
    text: str
    groups: Sequence[Group]
    created: float
    by: str
    status: str = "Running"
    counted: Counted = field(default_factory=Counted)
    outcome: evaluate.Outcome = field(default_factory=evaluate.Outcome)
    took_ms: int = 0

    @property
    def statistics(self) -> Mapping[str, float]:
        return {
            "recordsMatched": float(self.outcome.matched),
            "recordsScanned": float(self.counted.records),
            "estimatedRecordsSkipped": 0.0,
            "bytesScanned": float(self.counted.bytes),
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(len(self.groups)),
            "resultCount": float(len(self.outcome.rows)),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query and the time it covers, in ms, both ends included."""

    query: Query
    start_ms: int
    end_ms: int
    now: float
    place: Place
    most: int | None = None


class Queries:
    """Starts queries and keeps their results."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._futures: dict[str, Future[None]] = {}
        self._pool = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="insights")

    def start(self, text: str, groups: Sequence[Group], asked: Asked, by: str) -> Run:
        run = Run(str(uuid.uuid4()), asked.place, text, groups, asked.now, by)
        with self._lock:
            self._runs[run.id] = run
            for old in list(self._runs)[:-_KEPT]:
                del self._runs[old]
                self._futures.pop(old, None)
            self._futures[run.id] = self._pool.submit(self._work, run, asked)
        return run

    def get(self, query_id: str) -> Run:
        """The run; a short one has ended by the time it is looked at."""
        run = self._runs.get(query_id)
        if run is None:
            raise ApiError(
                "ResourceNotFoundException", f"Query {query_id} does not exist."
            )
        future = self._futures.get(query_id)
        if future is not None and run.status == "Running":
            wait([future], _PATIENCE_SECONDS)
        return run

    def all(self) -> list[Run]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def stop(self, query_id: str) -> bool:
        run = self._runs.get(query_id)
        if run is None or run.status != "Running":
            return False
        run.status = "Cancelled"
        return True

    def _work(self, run: Run, asked: Asked) -> None:
        began = time.monotonic()
        records = self._records(run, asked, began + _MOST_SECONDS)
        try:
            outcome = evaluate.run(asked.query, records, asked.most)
        except Stopped:
            status = "Timeout"
        except (TimeoutError, TooLarge):
            status = "Failed"
        except BaseException:
            run.status = "Failed"
            raise
        else:
            run.outcome, status = outcome, "Complete"
        run.took_ms = round((time.monotonic() - began) * 1_000)
        if run.status == "Running":
            run.status = status

    def _records(self, run: Run, asked: Asked, deadline: float) -> Iterator[Record]:
        """Newest first over all groups. Raises Stopped."""
        walks = [self._walk(group, asked) for group in run.groups]
        by_id = {group.id: group for group in run.groups}
        merged = heapq.merge(*walks, key=lambda found: found[0], reverse=True)
        for _, group_id, row in merged:
            if run.status != "Running" or time.monotonic() > deadline:
                raise Stopped
            run.counted.records += 1
            run.counted.bytes += size_of(row.message)
            yield record_of(by_id[group_id], row)

    def _walk(self, group: Group, asked: Asked) -> Iterator[tuple[Position, int, Row]]:
        start = max(asked.start_ms, group.oldest_ms(asked.now))
        until = before(asked.end_ms + 1)
        while True:
            span = Span(group.id, before(start), until, newest_first=True)
            rows = self._store.scan(span, _AT_ONCE)
            yield from ((row.position, group.id, row) for row in rows)
            if len(rows) < _AT_ONCE:
                return
            until = rows[-1].position


def record_of(group: Group, row: Row) -> Record:
    return Record(
        row.message,
        row.timestamp,
        row.ingested,
        group.stream_names[row.stream],
        f"{group.place[0]}:{group.name}",
        event_id(group.id, row.position),
    )
