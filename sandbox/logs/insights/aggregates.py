"""Aggregations of `stats`: each takes the values of a group one by one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from sandbox.logs.insights.values import Value, number, order, text

_LONG = 64


class Aggregate(Protocol):
    def add(self, value: Value, timestamp: int) -> None: ...
    def result(self) -> Value: ...


class Count:
    """Of all rows, or of those that have the field."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value, timestamp: int) -> None:
        self._count += value is not None

    def result(self) -> Value:
        return self._count


class CountDistinct:
    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def add(self, value: Value, timestamp: int) -> None:
        found = text(value)
        if found is not None:
            self._seen.add(_short(found))

    def result(self) -> Value:
        return len(self._seen)


def _short(value: str) -> bytes:
    """The value, or what stands for a long one."""
    encoded = value.encode(errors="surrogatepass")
    is_long = len(encoded) > _LONG
    return hashlib.blake2b(encoded).digest() if is_long else encoded


class Numbers:
    """Sum, average or deviation, kept as moments (Welford) so that memory is flat."""

    def __init__(self, finish: Callable[[Numbers], Value]) -> None:
        self._finish = finish
        self.count = 0
        self.total: float = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, value: Value, timestamp: int) -> None:
        found = number(value)
        if found is None:
            return
        self.count += 1
        self.total += found
        away = found - self._mean
        self._mean += away / self.count
        self._squares += away * (found - self._mean)

    @property
    def deviation(self) -> float:
        return math.sqrt(self._squares / self.count)

    def result(self) -> Value:
        return self._finish(self) if self.count else None


class Percentile:
    """By nearest rank, of all values."""

    def __init__(self, percent: float) -> None:
        self._percent = min(percent, 100)
        self._values: list[float] = []

    def add(self, value: Value, timestamp: int) -> None:
        found = number(value)
        if found is not None:
            self._values.append(found)

    def result(self) -> Value:
        if not self._values:
            return None
        rank = math.ceil(self._percent / 100 * len(self._values))
        return sorted(self._values)[min(max(rank, 1), len(self._values)) - 1]


class Best:
    """The value that comes first (-1) or last (1) in the order of values."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._best: Value = None

    def add(self, value: Value, timestamp: int) -> None:
        if value is None:
            return
        if self._best is None or order(value, self._best) == self._sign:
            self._best = value

    def result(self) -> Value:
        return self._best


class ByTime:
    """The value of the earliest (-1) or latest (1) event."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._best: tuple[int, Value] | None = None

    def add(self, value: Value, timestamp: int) -> None:
        if value is None:
            return
        rank = timestamp * self._sign
        if self._best is None or rank > self._best[0]:
            self._best = (rank, value)

    def result(self) -> Value:
        return self._best[1] if self._best else None


_MAKE: Mapping[str, Callable[[], Aggregate]] = {
    "count": Count,
    "count_distinct": CountDistinct,
    "sum": lambda: Numbers(lambda seen: seen.total),
    "avg": lambda: Numbers(lambda seen: seen.total / seen.count),
    "stddev": lambda: Numbers(lambda seen: seen.deviation),
    "min": lambda: Best(-1),
    "max": lambda: Best(1),
    "sortsfirst": lambda: Best(-1),
    "sortslast": lambda: Best(1),
    "earliest": lambda: ByTime(-1),
    "latest": lambda: ByTime(1),
    "median": lambda: Percentile(50),
}
_PERCENTILES = ("pct", "percentile")
AGGREGATES: Mapping[str, Collection[int]] = {
    **dict.fromkeys(_MAKE, (1,)),
    **dict.fromkeys(_PERCENTILES, (2,)),
    "count": (0, 1),
}


def aggregate(name: str, percent: Value = None) -> Aggregate:
    if name in _PERCENTILES:
        return Percentile(number(percent) or 0)
    return _MAKE[name]()
