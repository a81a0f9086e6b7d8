"""Aggregations, fed block by block: exact, whatever the number of blocks.

Every `add` gets a group number for each row; groups are numbered as they appear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from apps.monitoring.languages.insights.values import order
from apps.search.engines.columns import (
    Column,
    Floats,
    Ints,
    Numbers,
    Texts,
    Value,
    coded,
)


class Aggregate(Protocol):
    def add(self, groups: Ints, column: Column, times: Floats) -> None: ...

    def result(self, groups: int) -> Column: ...


def _grown(array: Floats, groups: Ints, fill: float = 0.0) -> Floats:
    size = int(groups.max(initial=-1)) + 1
    if size <= len(array):
        return array
    return np.concatenate((array, np.full(size - len(array), fill)))


class Count:
    """Rows, or rows that have a value."""

    def __init__(self) -> None:
        self._counts: Floats = np.zeros(0)

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        groups = groups[_present(column)]
        self._counts = _grown(self._counts, groups)
        self._counts += np.bincount(groups, minlength=len(self._counts))

    def result(self, groups: int) -> Column:
        missing = np.zeros(groups - len(self._counts))
        return Numbers(np.concatenate((self._counts, missing)))


def _present(column: Column) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if isinstance(column, Numbers):
        return ~np.isnan(column.array)
    if isinstance(column, Texts):
        return np.asarray(column.ends >= 0)
    return np.asarray(column.coded()[0] >= 0)


class Moments:
    """Number, mean and squared distances of numbers; merges as Chan's method does."""

    def __init__(self, tell: Callable[[Floats, Floats, Floats], Floats]) -> None:
        self._tell = tell
        self._counts: Floats = np.zeros(0)
        self._sums: Floats = np.zeros(0)
        self._squares: Floats = np.zeros(0)

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        numbers = column.numbers()
        known = ~np.isnan(numbers)
        groups, numbers = groups[known], numbers[known]
        self._counts = _grown(self._counts, groups)
        self._sums = _grown(self._sums, groups)
        self._squares = _grown(self._squares, groups)
        size = len(self._counts)
        counts = np.bincount(groups, minlength=size)
        sums = np.bincount(groups, numbers, size)
        with np.errstate(all="ignore"):
            distances = (numbers - (sums / counts)[groups]) ** 2
            apart = self._sums / self._counts - sums / counts
            between = apart**2 * self._counts * counts / (self._counts + counts)
        self._squares += np.bincount(groups, distances, size)
        self._squares += np.nan_to_num(between)
        self._counts += counts
        self._sums += sums

    def result(self, groups: int) -> Column:
        arrays = [self._counts, self._sums, self._squares]
        wide = [np.concatenate((a, np.zeros(groups - len(a)))) for a in arrays]
        with np.errstate(all="ignore"):
            return Numbers(np.where(wide[0] > 0, self._tell(*wide), np.nan))


class Extreme:
    """The least (-1) or greatest (1): of numbers, else of texts."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._best: Floats = np.zeros(0)
        self._texts = Sorted(sign)
        self._has_texts = False
        self._is_time = True

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        numbers = column.numbers()
        known = ~np.isnan(numbers)
        self._is_time &= isinstance(column, Numbers) and column.is_time
        if not isinstance(column, Numbers):
            rows = np.flatnonzero(_present(column) & ~known)
            if len(rows):
                self._has_texts = True
                self._texts.add(groups[rows], column.take(rows), times)
        groups, numbers = groups[known], numbers[known]
        self._best = _grown(self._best, groups, -self._sign * np.inf)
        keep = np.maximum if self._sign > 0 else np.minimum
        keep.at(self._best, groups, numbers)

    def result(self, groups: int) -> Column:
        missing = np.full(groups - len(self._best), np.nan)
        found = np.concatenate((self._best, missing))
        numbers = Numbers(np.where(np.isfinite(found), found, np.nan), self._is_time)
        if not self._has_texts:
            return numbers
        return self._merged(numbers, groups)

    def _merged(self, numbers: Numbers, groups: int) -> Column:
        worded = self._texts.best
        found = [None if np.isnan(n) else float(n) for n in numbers.array.tolist()]
        return coded(
            worded.get(at) if value is None else value for at, value in enumerate(found)
        )


class Sorted:
    """The value that comes first (-1) or last (1) in the order of values."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self.best: dict[int, Value] = {}

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        for group, value in _distinct(groups, column):
            known = self.best.get(group)
            if known is None or order(value, known) * self._sign > 0:
                self.best[group] = value

    def result(self, groups: int) -> Column:
        return coded(self.best.get(group) for group in range(groups))


def _distinct(groups: Ints, column: Column) -> list[tuple[int, Value]]:
    """Each group with each of its values, once."""
    codes, values = column.coded()
    known = codes >= 0
    width = max(1, len(values))
    pairs = np.unique(groups[known] * width + codes[known])
    return [(pair // width, values[pair % width]) for pair in pairs.tolist()]


class Distinct:
    """How many different values."""

    def __init__(self) -> None:
        self._seen: dict[int, set[Value]] = {}

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        for group, value in _distinct(groups, column):
            self._seen.setdefault(group, set()).add(value)

    def result(self, groups: int) -> Column:
        counts = [len(self._seen.get(group, ())) for group in range(groups)]
        return Numbers(np.array(counts, dtype=np.float64))


class ByTime:
    """The value of the earliest (-1) or latest (1) row that has one."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._best: dict[int, tuple[float, Value]] = {}

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        codes, values = column.coded()
        rows = np.flatnonzero((codes >= 0) & ~np.isnan(times))
        rows = rows[np.lexsort((-self._sign * times[rows], groups[rows]))]
        found, first = np.unique(groups[rows], return_index=True)
        for group, row in zip(found.tolist(), rows[first].tolist(), strict=True):
            known = self._best.get(group)
            time = float(times[row])
            if known is None or (time - known[0]) * self._sign > 0:
                self._best[group] = (time, values[codes[row]])

    def result(self, groups: int) -> Column:
        return coded(self._best.get(group, (0, None))[1] for group in range(groups))


class Percentile:
    """The value at a share of all in their order (nearest rank)."""

    def __init__(self, percent: float) -> None:
        self._share = min(max(percent, 0.0), 100.0) / 100
        self._parts: list[tuple[Ints, Floats]] = []

    def add(self, groups: Ints, column: Column, times: Floats) -> None:
        numbers = column.numbers()
        known = ~np.isnan(numbers)
        self._parts.append((groups[known], numbers[known]))

    def result(self, groups: int) -> Column:
        found = np.full(groups, np.nan)
        if self._parts:
            numbers = np.concatenate([part for _, part in self._parts])
            owners = np.concatenate([part for part, _ in self._parts])
            numbers = numbers[np.lexsort((numbers, owners))]
            sizes = np.bincount(owners, minlength=groups)
            ranks = np.maximum(np.ceil(self._share * sizes), 1).astype(np.int64) - 1
            places = np.cumsum(sizes) - sizes + ranks
            found[sizes > 0] = numbers[places[sizes > 0]]
        return Numbers(found)


AGGREGATES: Mapping[str, Callable[[], Aggregate]] = {
    "count": Count,
    "count_distinct": Distinct,
    "sum": lambda: Moments(lambda counts, sums, squares: sums),
    "avg": lambda: Moments(lambda counts, sums, squares: sums / counts),
    "stddev": lambda: Moments(lambda counts, sums, squares: np.sqrt(squares / counts)),
    "min": lambda: Extreme(-1),
    "max": lambda: Extreme(1),
    "median": lambda: Percentile(50),
    "earliest": lambda: ByTime(-1),
    "latest": lambda: ByTime(1),
    "sortsfirst": lambda: Sorted(-1),
    "sortslast": lambda: Sorted(1),
}
