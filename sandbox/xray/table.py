"""Rows in columns of numpy, and an index that finds rows by a 64-bit key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
_FLUSH_AT = 8_192
_GROWTH = 1.125
_MERGE_AT = 65_536


class Table:
    """Rows are appended as tuples and read as columns."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._dtype = np.dtype(list(columns.items()))
        self._columns = {name: np.empty(0, kind) for name, kind in columns.items()}
        self._pending: list[tuple[Any, ...]] = []
        self._stored = 0

    def __len__(self) -> int:
        return self._stored + len(self._pending)

    def append(self, row: tuple[Any, ...]) -> int:
        """The number of the row."""
        self._pending.append(row)
        if len(self._pending) >= _FLUSH_AT:
            self._flush()
            return self._stored - 1
        return len(self) - 1

    def columns(self) -> dict[str, Column]:
        """Every column, as long as the table is now. What is written to them stays."""
        self._flush()
        return {name: held[: self._stored] for name, held in self._columns.items()}

    def _flush(self) -> None:
        if not self._pending:
            return
        block = np.array(self._pending, self._dtype)
        end = self._stored + len(block)
        for name, held in self._columns.items():
            if end > len(held):
                grown = np.empty(int(end * _GROWTH) + _FLUSH_AT, held.dtype)
                grown[: self._stored] = held[: self._stored]
                self._columns[name] = grown
            self._columns[name][self._stored : end] = block[name]
        self._stored = end
        self._pending = []


class Index:
    """Finds the last row that was added under a key.

    Two sorted runs: a small one that takes what is new, and a large one it is merged
    into now and then, so that adding a few keys never sorts them all.
    """

    def __init__(self) -> None:
        self._runs = [_empty(), _empty()]

    def add(self, keys: Column, rows: Column) -> None:
        self._runs[1] = _merged(self._runs[1], (keys, rows.astype(np.int32)))
        if len(self._runs[1][0]) >= _MERGE_AT:
            self._runs = [_merged(self._runs[0], self._runs[1]), _empty()]

    def find(self, keys: Column) -> Column:
        """A row for each key, or -1."""
        found = _found(self._runs[0], keys)
        newer = _found(self._runs[1], keys)
        return np.where(newer >= 0, newer, found)


_Run = tuple[Column, Column]


def _empty() -> _Run:
    return np.empty(0, np.uint64), np.empty(0, np.int32)


def _merged(older: _Run, newer: _Run) -> _Run:
    keys = np.concatenate([older[0], newer[0]])
    rows = np.concatenate([older[1], newer[1]])
    order = np.argsort(keys, kind="stable")
    return keys[order], rows[order]


def _found(run: _Run, keys: Column) -> Column:
    held, rows = run
    if not len(held):
        return np.full(len(keys), -1, np.int32)
    # The last of equal keys is the newest: sorting is stable.
    at = np.searchsorted(held, keys, side="right") - 1
    hit = (at >= 0) & (held[at] == keys)
    return np.where(hit, rows[at], np.int32(-1))
