"""Documents in columns: what a scan hands out, many at once.

A column of few different values keeps each once and a small number for every row, so
that whoever computes with it does so once for each value. Numbers are arrays; texts
that hardly repeat lie end to end in one piece of memory, which is searched as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Value = str | float | int | bool | None

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_MOST_DIGITS = 300  # longer ones are no doubles
ABSENT = -1


class Column(Protocol):
    """Values of one field, a row each."""

    def __len__(self) -> int: ...

    def take(self, rows: Ints) -> Column:
        """The rows of these numbers, in this order."""

    def coded(self) -> tuple[Ints, Sequence[Value]]:
        """A code for each row, -1 where there is no value, and the values."""

    def numbers(self) -> Floats:
        """Values as numbers; NaN where there is none, or where it is no number."""


def number(value: Value) -> float:
    """NaN for what is no number."""
    if isinstance(value, str):
        if len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(value):
            return float(value)
        return np.nan
    return np.nan if value is None else float(value)


@dataclass
class Coded:
    """A code for every row: the place of its value, or -1."""

    codes: Ints
    values: Sequence[Value]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Ints) -> Coded:
        return Coded(self.codes[rows], self.values)

    def coded(self) -> tuple[Ints, Sequence[Value]]:
        return self.codes, self.values

    def numbers(self) -> Floats:
        # Behind the last value stands what -1 points to.
        table = np.array([*map(number, self.values), np.nan])
        return table[self.codes]


@dataclass
class Numbers:
    """A number for every row, NaN for none. `is_time`: milliseconds since 1970."""

    array: Floats
    is_time: bool = False

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Ints) -> Numbers:
        return Numbers(self.array[rows], self.is_time)

    def coded(self) -> tuple[Ints, Sequence[Value]]:
        values, codes = np.unique(self.array, return_inverse=True)
        known = len(values) - int(np.isnan(values[-1:]).any())
        codes = codes.astype(np.int64)
        codes[codes >= known] = ABSENT
        return codes, [_plain(value) for value in values[:known].tolist()]

    def numbers(self) -> Floats:
        return self.array


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value


@dataclass
class Texts:
    """Texts end to end in `blob`, a line feed between each two.

    `starts` and `ends` are places in bytes; an end of -1 says that there is none.
    """

    blob: bytes
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, rows: Ints) -> Texts:
        return Texts(self.blob, self.starts[rows], self.ends[rows])

    def pieces(self) -> list[bytes]:
        blob = self.blob
        places = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [blob[start:end] if end >= 0 else b"" for start, end in places]

    def strings(self) -> list[str]:
        return [piece.decode("utf-8", "replace") for piece in self.pieces()]

    def coded(self) -> tuple[Ints, Sequence[Value]]:
        codes = np.arange(len(self), dtype=np.int64)
        codes[self.ends < 0] = ABSENT
        return codes, self.strings()

    def numbers(self) -> Floats:
        return np.array([number(text) for text in self.strings()], dtype=np.float64)

    def containing(self, text: str) -> Mask:
        """Which rows contain a text, letter by letter."""
        wanted = text.encode()
        if b"\n" in wanted or not self._is_in_order():
            return np.array([wanted in piece for piece in self.pieces()], dtype=bool)
        # The line feed between texts keeps a match from reaching into the next.
        places = re.finditer(re.escape(wanted), self.blob)
        found = np.fromiter((place.start() for place in places), dtype=np.int64)
        rows = np.searchsorted(self.starts, found, "right") - 1
        inside = (rows >= 0) & (found + len(wanted) <= self.ends[rows])
        mask = np.zeros(len(self), dtype=bool)
        mask[rows[inside]] = True
        return mask

    def _is_in_order(self) -> bool:
        covered = int((self.ends - self.starts).sum())
        is_sorted = bool((np.diff(self.starts) > 0).all())
        return is_sorted and covered * 4 >= len(self.blob) and len(self) > 0


def texts(values: Iterable[str | None]) -> Texts:
    pieces = [None if v is None else v.encode("utf-8", "replace") for v in values]
    lengths = np.array([len(piece or b"") for piece in pieces], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths + 1)[:-1])).astype(np.int64)
    starts = starts[: len(pieces)]
    ends = starts + lengths
    ends[[piece is None for piece in pieces]] = ABSENT
    return Texts(b"\n".join(piece or b"" for piece in pieces), starts, ends)


def coded(values: Iterable[Value]) -> Coded:
    """A column of any values, each different one kept once."""
    known: dict[tuple[type, Value], int] = {}
    codes = [
        ABSENT if value is None else known.setdefault((type(value), value), len(known))
        for value in values
    ]
    return Coded(np.array(codes, dtype=np.int64), [value for _, value in known])


def absent(rows: int) -> Coded:
    return Coded(np.full(rows, ABSENT, dtype=np.int64), [])


def constant(value: Value, rows: int) -> Coded:
    return Coded(np.zeros(rows, dtype=np.int64), [value])


def together(columns: Sequence[Column]) -> tuple[Ints, list[tuple[Value, ...]]]:
    """A code for each row's combination of values, and the combinations there are.

    Combinations are numbered in no order that means anything.
    """
    parts = [column.coded() for column in columns]
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for own, values in parts:
        _, codes = np.unique(codes * (len(values) + 1) + own, return_inverse=True)
    _, first = np.unique(codes, return_index=True)
    chosen = [
        [values[code] if code >= 0 else None for code in own[first].tolist()]
        for own, values in parts
    ]
    return codes, list(zip(*chosen, strict=True))


def appended(columns: Sequence[Column]) -> Column:
    """The rows of columns one after another."""
    if len(columns) == 1:
        return columns[0]
    if all(isinstance(column, Numbers) for column in columns):
        is_time = all(getattr(column, "is_time", False) for column in columns)
        return Numbers(np.concatenate([c.numbers() for c in columns]), is_time)
    known: dict[tuple[type, Value], int] = {}
    codes = []
    for column in columns:
        own, values = column.coded()
        table = [known.setdefault((type(one), one), len(known)) for one in values]
        codes.append(np.array([*table, ABSENT], dtype=np.int64)[own])
    return Coded(np.concatenate(codes), [value for _, value in known])


@dataclass
class Block:
    """Some documents of a scan, in columns.

    `times` are milliseconds since 1970. `ids` are their documents' own. `column`
    gives a field by its path, None where no document of the block has it; elements
    of a list have paths of their own: `items.0.name`. `scanned` counts what was
    looked at to make the block, `bytes` their size.
    """

    times: Ints
    ids: Column
    accounts: Coded
    regions: Coded
    column: Callable[[str], Column | None]
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.times)

    def take(self, rows: Ints) -> Block:
        whole = self.column

        def part(path: str) -> Column | None:
            column = whole(path)
            return None if column is None else column.take(rows)

        share = self.bytes * len(rows) // max(1, len(self))
        return Block(
            self.times[rows],
            self.ids.take(rows),
            self.accounts.take(rows),
            self.regions.take(rows),
            part,
            share,
        )

    @cached_property
    def newest_ms(self) -> int:
        return int(self.times.max()) if len(self.times) else 0


@dataclass(frozen=True, slots=True)
class Row:
    """A document before it is put into columns; `fields` by path."""

    id: str
    time_ms: int
    account: str
    region: str
    fields: Mapping[str, Value]
    bytes: int


# As many as Logs Insights discovers in one event.
MOST_FIELDS = 200


def flattened(record: Mapping[str, Any]) -> dict[str, Value]:
    """Values by path, at most 200, lists by number; null is no value."""
    found: dict[str, Value] = {}
    waiting: list[tuple[str, Any]] = [*record.items()][::-1]
    while waiting and len(found) < MOST_FIELDS:
        path, value = waiting.pop()
        if isinstance(value, dict):
            children = [(f"{path}.{key}", child) for key, child in value.items()]
            waiting += reversed(children)
        elif isinstance(value, list):
            children = [(f"{path}.{at}", child) for at, child in enumerate(value)]
            waiting += reversed(children)
        elif value is not None:
            found[path] = value
    return found


def block_of(rows: Sequence[Row], long_text: str = "") -> Block:
    """Rows in columns. `long_text`: the path of texts that hardly repeat."""
    paths = dict.fromkeys(path for row in rows for path in row.fields)
    columns = {path: _column(rows, path, long_text) for path in paths}
    return Block(
        np.array([row.time_ms for row in rows], dtype=np.int64),
        coded(row.id for row in rows),
        coded(row.account for row in rows),
        coded(row.region for row in rows),
        columns.get,
        sum(row.bytes for row in rows),
    )


def _column(rows: Sequence[Row], path: str, long_text: str) -> Column:
    values = [row.fields.get(path) for row in rows]
    if path == long_text:
        return texts(None if value is None else str(value) for value in values)
    if all(type(value) in _NUMERIC and _is_exact(value) for value in values):
        return Numbers(np.array(values, dtype=np.float64))
    return coded(values)


_NUMERIC = {int, float, type(None)}
_EXACT = 2**53


def _is_exact(value: Value) -> bool:
    """Whether a double holds the number as it is: ids of many digits stay whole."""
    return type(value) is not int or -_EXACT <= value <= _EXACT
