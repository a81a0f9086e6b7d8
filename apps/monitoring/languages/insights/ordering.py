"""`sort` and `dedup`: commands that hold rows until they have seen all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apps.monitoring.languages.insights.computing import column_of
from apps.monitoring.languages.insights.frames import Frame, joined, kept_whole
from apps.monitoring.languages.insights.stages import MOST_HELD, Computing
from apps.monitoring.languages.insights.syntax import Name, Named, SortKey
from apps.monitoring.languages.insights.values import text
from apps.search.engines.columns import Column, Floats, Ints, Numbers, together


class Sorting:
    """`sort`, and `limit` behind it: the first `most` rows in order.

    `fields`: what of the lines themselves is asked for behind this command.
    """

    def __init__(
        self, keys: Sequence[SortKey], most: int | None, fields: Sequence[str]
    ) -> None:
        self._keys, self._fields = keys, fields
        self._is_limited = most is not None
        self._most = MOST_HELD if most is None else most
        self._held: list[Frame] = []
        self._waiting = 0
        self.cut = ""

    @property
    def oldest_needed_ms(self) -> float:
        """Rows before this time would be left out, where newest come first."""
        is_newest = self._keys == (NEWEST,)
        kept = self._held[0] if len(self._held) == 1 else None
        if not is_newest or kept is None or kept.rows < self._most:
            return -np.inf
        return float(kept.get("@timestamp").numbers().min())

    def take(self, frame: Frame) -> Frame | None:
        frame = self._first(frame)
        self._held.append(kept_whole(frame, [*self._fields, *self._key_names()]))
        self._waiting += frame.rows
        if self._waiting > self._most or self._most <= _FEW:
            self._shrink()
        return None

    def _shrink(self) -> None:
        whole = joined(self._held)
        if whole.rows > self._most and not self._is_limited:
            self.cut = f"Only the first {self._most:,} rows in order are used."
        kept = self._first(whole)
        self._held, self._waiting = [kept], kept.rows // 2

    def _key_names(self) -> list[str]:
        return [
            key.expression.path
            for key in self._keys
            if isinstance(key.expression, Name)
        ]

    def _first(self, frame: Frame) -> Frame:
        if not self._keys:
            return frame.take(np.arange(min(frame.rows, self._most)))
        return frame.take(ordered(frame, self._keys)[: self._most])

    def finish(self) -> Frame | None:
        return self._first(joined(self._held)) if self._held else None


_FEW = 10_000
NEWEST = SortKey(Name("@timestamp"), is_descending=True)


def ordered(frame: Frame, keys: Sequence[SortKey]) -> Ints:
    """Numbers of rows in order. Numbers come before texts; rows without a value
    come last; ties keep the order that they came in."""
    arrays: list[Floats] = []
    for key in reversed(keys):
        arrays += _ranks(column_of(key.expression, frame), key.is_descending)
    return np.lexsort(arrays) if arrays else np.arange(frame.rows)


def _ranks(column: Column, is_descending: bool) -> list[Floats]:  # noqa: FBT001 # of a key
    numbers = column.numbers()
    sign = -1 if is_descending else 1
    absent_rows = np.isnan(numbers)
    if isinstance(column, Numbers) or not absent_rows.any():
        return [sign * numbers, absent_rows.astype(np.float64)]
    codes, values = column.coded()
    words = sorted({text(value) for value in values})
    place = {word: float(at) for at, word in enumerate(words)}
    table = np.array([*(place[text(value)] for value in values), np.nan])[codes]
    worded = absent_rows & ~np.isnan(table)
    kind = np.where(worded, 1.0 * sign, 0.0)
    first = np.where(absent_rows & ~worded, 2.0, kind)
    return [sign * np.where(worded, table, numbers), first]


class Deduplicating:
    """Of rows with the same values the first in order; rows without one all stay."""

    def __init__(
        self, columns: Sequence[Named], fields: Sequence[str], *, is_ordered: bool
    ) -> None:
        self._columns = columns
        self._fields = [*fields, "@timestamp"]
        self._is_ordered = is_ordered
        self._held: Frame | None = None
        self.cut = ""

    def take(self, frame: Frame) -> Frame | None:
        fresh = kept_whole(Computing(self._columns).take(frame) or frame, self._names())
        whole = fresh if self._held is None else joined([self._held, fresh])
        if not self._is_ordered:
            whole = whole.take(ordered(whole, [NEWEST]))
        self._held = whole.take(self._first(whole)[:MOST_HELD])
        if self._held.rows == MOST_HELD:
            self.cut = f"Only {MOST_HELD:,} different rows are kept."
        return None

    def _names(self) -> list[str]:
        plain_names = [
            one.expression.path
            for one in self._columns
            if isinstance(one.expression, Name)
        ]
        return [*self._fields, *plain_names]

    def _first(self, frame: Frame) -> Ints:
        columns = [frame.get(one.name) for one in self._columns]
        codes, combinations = together(columns)
        _, first = np.unique(codes, return_index=True)
        is_whole = np.array([None not in one for one in combinations])[codes]
        kept = np.isin(np.arange(frame.rows), first) | ~is_whole
        return np.flatnonzero(kept)

    def finish(self) -> Frame | None:
        return self._held
