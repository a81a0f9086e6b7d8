"""Log events in a SQLite file: memory stays flat however many there are.

Rows lie in the order they came in, which is cheap to write in any order of time. One
small index has FilterLogEvents' order (group, timestamp, ingestion, number), another
that of single streams.
"""

from __future__ import annotations

import heapq
import itertools
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sandbox.logs.eventids import Position

_SCHEMA = """
CREATE TABLE events (
    number INTEGER PRIMARY KEY, grp INTEGER NOT NULL, ts INTEGER NOT NULL,
    ingested INTEGER NOT NULL, stream INTEGER NOT NULL, message TEXT NOT NULL
);
CREATE INDEX by_time ON events (grp, ts, ingested);
CREATE INDEX of_stream ON events (stream, ts, ingested);
"""
_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -32000",
)
_CHUNK = 20_000
_COLUMNS = "ts, ingested, number, stream, message"


class Row(NamedTuple):
    """An event as it lies in the file."""

    timestamp: int
    ingested: int
    number: int
    stream: int
    message: str

    @property
    def position(self) -> Position:
        return Position(self.timestamp, self.ingested, self.number)


@dataclass(frozen=True, slots=True)
class Span:
    """Events of a group between two positions, neither included.

    `streams` limits them to these; None means all. Newest first where
    `newest_first`.
    """

    group: int
    after: Position
    before: Position
    streams: Sequence[int] | None = None
    newest_first: bool = False


class EventStore:
    """Safe to use from any thread: one writes at a time, readers do not wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._writer = self._connect()
        self._writer.executescript(_SCHEMA)
        self._idle: list[sqlite3.Connection] = []

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, check_same_thread=False, isolation_level=None
        )
        for setting in _SETTINGS:
            connection.execute(setting)
        return connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def write(self, group: int, rows: Iterable[Row]) -> None:
        """Add rows, all or none of them."""
        with self._writing:
            self._writer.execute("BEGIN")
            try:
                self._writer.executemany(
                    "INSERT INTO events (ts, ingested, number, stream, message, grp)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    ((*row, group) for row in rows),
                )
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def scan(self, span: Span, most: int) -> list[Row]:
        """The first `most` events of the span, in its order."""
        with self.walk(span, most) as rows:
            return list(rows)

    @contextmanager
    def walk(self, span: Span, most: int) -> Iterator[Iterator[Row]]:
        """As `scan`, one by one: who has enough stops, and nothing more is read."""
        with self._reading() as connection, ExitStack() as opened:
            if span.streams is None:
                rows = _of_group(connection, span, most)
                opened.callback(rows.close)
                yield map(Row._make, rows)
                return
            walks = [_of_stream(connection, span, one, most) for one in span.streams]
            for walk in walks:
                # One that stays open would keep the journal from being emptied.
                opened.callback(walk.close)
            merged = heapq.merge(*walks, reverse=span.newest_first)
            yield map(Row._make, itertools.islice(merged, most))

    def find(self, group: int, position: Position) -> Row | None:
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE grp = ? AND ts = ?"  # noqa: S608
                " AND ingested = ? AND number = ?",
                (group, *position),
            ).fetchone()
        return Row(*row) if row else None

    def forget(self, group: int, before_timestamp: int) -> int:
        """Remove the oldest events of a group, one chunk of them; how many went."""
        with self._writing:
            last = self._writer.execute(
                "SELECT ts FROM events WHERE grp = ? AND ts < ?"
                " ORDER BY ts LIMIT 1 OFFSET ?",
                (group, before_timestamp, _CHUNK),
            ).fetchone()
            until = last[0] + 1 if last else before_timestamp
            done = self._writer.execute(
                "DELETE FROM events WHERE grp = ? AND ts < ?", (group, until)
            )
            return done.rowcount

    def forget_stream(self, stream: int) -> None:
        with self._writing:
            self._writer.execute("DELETE FROM events WHERE stream = ?", (stream,))


def _order(span: Span) -> str:
    way = "DESC" if span.newest_first else "ASC"
    return f" ORDER BY ts {way}, ingested {way}, number {way}"


_BETWEEN = (
    " AND (ts, ingested, number) > (?, ?, ?) AND (ts, ingested, number) < (?, ?, ?)"
)
# The statements below are put together of constants; values are always bound.


def _of_group(connection: sqlite3.Connection, span: Span, most: int) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT {_COLUMNS} FROM events INDEXED BY by_time WHERE grp = ?{_BETWEEN}"  # noqa: S608
        f"{_order(span)} LIMIT ?",
        (span.group, *span.after, *span.before, most),
    )


def _of_stream(
    connection: sqlite3.Connection, span: Span, stream: int, most: int
) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT {_COLUMNS} FROM events INDEXED BY of_stream"  # noqa: S608
        f" WHERE stream = ?{_BETWEEN}{_order(span)} LIMIT ?",
        (stream, *span.after, *span.before, most),
    )
