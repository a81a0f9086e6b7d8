"""Segment documents on disk: memory holds none of them."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

_SEPARATOR = b"\x00"  # no JSON text holds it
_LEVEL = 1  # the file goes with the sandbox: speed before size
_AT_ONCE = 500
_OF_TRACES = "SELECT trace, texts FROM documents WHERE trace IN (?) ORDER BY rowid"


class Documents:
    """Texts by trace, compressed, in a SQLite file. The caller guards it by a lock."""

    def __init__(self, file: Path) -> None:
        self._sql = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-4000"):
            self._sql.execute(f"PRAGMA {setting}")
        self._sql.execute("CREATE TABLE documents (trace INTEGER, texts BLOB)")
        self._sql.execute("CREATE INDEX by_trace ON documents (trace)")

    def add(self, entries: Iterable[tuple[int, Sequence[bytes]]]) -> None:
        """Add texts, trace by trace."""
        rows = [
            (trace, zlib.compress(_SEPARATOR.join(texts), _LEVEL))
            for trace, texts in entries
        ]
        self._sql.execute("BEGIN")
        self._sql.executemany("INSERT INTO documents VALUES (?, ?)", rows)
        self._sql.execute("COMMIT")

    def of(self, traces: Sequence[int]) -> dict[int, list[bytes]]:
        """The texts of these traces, in the order they came."""
        found: dict[int, list[bytes]] = {trace: [] for trace in traces}
        for at in range(0, len(traces), _AT_ONCE):
            some = traces[at : at + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._sql.execute(_OF_TRACES.replace("?", marks), some)
            for trace, texts in rows:
                found[trace] += zlib.decompress(texts).split(_SEPARATOR)
        return found
