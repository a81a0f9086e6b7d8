"""Columns of a day beside its index, so that a scan need not read documents.

Blocks are made from what the index has stored, when a scan first needs them, and only
added to: a crash loses nothing, for what is missing is made again. Whether they are
whole is told by counting: they hold nothing that the index does not.
"""

from __future__ import annotations

import itertools
import os
import shutil
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from apps.search.engines.base import Hit
from apps.search.engines.columns import (
    Block,
    Coded,
    Column,
    Numbers,
    Texts,
    absent,
    appended,
    block_of,
)
from apps.search.engines.scans import row_of

# Goes up when the form of blocks changes: older ones are then made again.
VERSION = 1
ROWS = 50_000
# So many small blocks become one.
_SMALL_ROWS, _MOST_SMALL = 10_000, 8
_SUFFIX = ".block"

Read = Callable[[int | None], Iterator[Sequence[Hit]]]
"""Documents of the day in pages, all or those received after a moment."""


class DayBlocks:
    """The blocks of one day. `lock` is held while they are brought up to date."""

    def __init__(self, folder: Path, text_field: str) -> None:
        self._folder = folder / f"blocks{VERSION}"
        self._text_field = text_field
        self._lock = threading.Lock()
        self._open: list[StoredBlock] | None = None

    def current(self, documents: int, read: Read) -> list[StoredBlock]:
        """Blocks of all documents of the day, of which there are so many at least."""
        with self._lock:
            if self._open is None:
                self._open = self._stored()
            if self._rows() < documents:
                self._catch_up(read)
                if self._rows() < documents:  # a clock that was set back
                    self._rebuild(read)
            return list(self._open)

    def _rows(self) -> int:
        return sum(block.rows for block in self._open or ())

    def _stored(self) -> list[StoredBlock]:
        if not self._folder.is_dir():
            return []
        return [StoredBlock(path) for path in sorted(self._folder.glob(f"*{_SUFFIX}"))]

    def _catch_up(self, read: Read) -> None:
        blocks = self._open or []
        last = max((block.received_ms for block in blocks), default=None)
        known: set[str] = set()
        for block in blocks:
            if block.received_ms == last:
                known.update(_strings(block.column(_ID)))
        for hits in _batches(read(None if last is None else last - 1)):
            fresh = [hit for hit in hits if hit.id not in known]
            if fresh:
                self._append(fresh)
        self._compact()

    def _append(self, hits: Sequence[Hit]) -> None:
        rows = [row_of(hit) for hit in hits]
        received_ms = max(hit.received_ms for hit in hits)
        self._store(block_of(rows, self._text_field), received_ms, rows_paths(rows))

    def _store(self, block: Block, received_ms: int, paths: Iterable[str]) -> None:
        opened = self._open = self._open if self._open is not None else []
        number = max((int(one.path.stem) for one in opened), default=0) + 1
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{number:08d}{_SUFFIX}"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(packed(block, received_ms, paths))
        fresh.replace(path)
        opened.append(StoredBlock(path))

    def _compact(self) -> None:
        """Many small blocks become one: each costs a file and a look."""
        blocks = self._open or []
        small = [block for block in blocks if block.rows < _SMALL_ROWS]
        if len(small) < _MOST_SMALL:
            return
        paths = dict.fromkeys(path for block in small for path in block.paths)
        merged = merged_block([block.block() for block in small], list(paths))
        received_ms = max(block.received_ms for block in small)
        # A crash right here leaves lines twice: the old files go first, and what is
        # then missing is made again.
        for block in small:
            block.path.unlink(missing_ok=True)
        self._open = [block for block in blocks if block not in small]
        self._store(merged, received_ms, paths)

    def _rebuild(self, read: Read) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._open = []
        for hits in _batches(read(None)):
            self._append(hits)


def _batches(found: Iterator[Sequence[Hit]]) -> Iterator[list[Hit]]:
    hits = itertools.chain.from_iterable(found)
    while batch := list(itertools.islice(hits, ROWS)):
        yield batch


def _strings(column: Column | None) -> list[str]:
    return [] if column is None else [str(value) for value in column.coded()[1]]


def rows_paths(rows: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(path for row in rows for path in row.fields))


def merged_block(blocks: Sequence[Block], paths: Sequence[str]) -> Block:
    columns = {
        path: _merged([block.column(path) or absent(len(block)) for block in blocks])
        for path in paths
    }
    accounts = appended([block.accounts for block in blocks])
    regions = appended([block.regions for block in blocks])
    return Block(
        np.concatenate([block.times for block in blocks]),
        appended([block.ids for block in blocks]),
        Coded(*accounts.coded()),
        Coded(*regions.coded()),
        columns.get,
        sum(block.bytes for block in blocks),
    )


def _merged(columns: Sequence[Column]) -> Column:
    if not all(isinstance(column, Texts) for column in columns):
        return appended(columns)
    starts, ends, blobs, at = [], [], [], 0
    for column in columns:
        if isinstance(column, Texts):
            starts.append(column.starts + at)
            ends.append(np.where(column.ends < 0, -1, column.ends + at))
            blobs.append(column.blob)
            at += len(column.blob) + 1
    return Texts(b"\n".join(blobs), np.concatenate(starts), np.concatenate(ends))


# Names that no field has.
_TIME, _ID, _ACCOUNT, _REGION = "\0time", "\0id", "\0account", "\0region"


def packed(block: Block, received_ms: int, paths: Iterable[str]) -> bytes:
    """A block as a file: a header that says where each column lies, and columns."""
    columns: dict[str, Column | None] = {path: block.column(path) for path in paths}
    columns |= {_ID: block.ids, _ACCOUNT: block.accounts, _REGION: block.regions}
    parts = [zlib.compress(block.times.tobytes(), 1)]
    places: dict[str, list[Any]] = {_TIME: ["times", [len(parts[0])]]}
    for path, column in columns.items():
        if column is not None:
            name, pieces = _pieces(column)
            pressed = [zlib.compress(piece, 1) for piece in pieces]
            places[path] = [name, [len(piece) for piece in pressed]]
            parts += pressed
    header = orjson.dumps(
        {
            "rows": len(block),
            "bytes": block.bytes,
            "received_ms": received_ms,
            "newest_ms": block.newest_ms,
            "columns": places,
        }
    )
    return len(header).to_bytes(8, "little") + header + b"".join(parts)


def _pieces(column: Column) -> tuple[str, list[bytes]]:
    if isinstance(column, Numbers):
        return "numbers", [column.array.tobytes()]
    if isinstance(column, Texts):
        return "texts", [column.blob, column.starts.tobytes(), column.ends.tobytes()]
    codes, values = column.coded()
    return "coded", [codes.astype(np.int32).tobytes(), orjson.dumps(list(values))]


class StoredBlock:
    """A block in its file; a column is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Kept open: the file of a block that became part of another can go.
        self._file = os.open(path, os.O_RDONLY)
        length = int.from_bytes(os.pread(self._file, 8, 0), "little")
        header = orjson.loads(os.pread(self._file, length, 8))
        self.rows: int = header["rows"]
        self.received_ms: int = header["received_ms"]
        self.newest_ms: int = header["newest_ms"]
        self._bytes: int = header["bytes"]
        self._places: dict[str, tuple[str, int, list[int]]] = {}
        at = 8 + length
        for name, (kind, sizes) in header["columns"].items():
            self._places[name] = (kind, at, sizes)
            at += sum(sizes)

    def __del__(self) -> None:
        os.close(self._file)

    @property
    def paths(self) -> list[str]:
        return [path for path in self._places if not path.startswith("\0")]

    def block(self) -> Block:
        (times,) = self._read(_TIME)
        return Block(
            np.frombuffer(times, dtype=np.int64),
            self.column(_ID) or absent(self.rows),
            self._coded(_ACCOUNT),
            self._coded(_REGION),
            self.column,
            self._bytes,
        )

    def _coded(self, name: str) -> Coded:
        column = self.column(name)
        return column if isinstance(column, Coded) else absent(self.rows)

    def column(self, path: str) -> Column | None:
        if path not in self._places:
            return None
        kind, pieces = self._places[path][0], self._read(path)
        if kind == "numbers":
            return Numbers(np.frombuffer(pieces[0], dtype=np.float64))
        if kind == "texts":
            starts = np.frombuffer(pieces[1], dtype=np.int64)
            return Texts(pieces[0], starts, np.frombuffer(pieces[2], dtype=np.int64))
        codes = np.frombuffer(pieces[0], dtype=np.int32).astype(np.int64)
        return Coded(codes, orjson.loads(pieces[1]))

    def _read(self, path: str) -> list[bytes]:
        _, at, sizes = self._places[path]
        found = []
        for size in sizes:
            found.append(zlib.decompress(os.pread(self._file, size, at)))
            at += size
        return found
