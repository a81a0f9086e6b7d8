"""What metric math computes with: scalars, series, and arrays of series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.cloudwatch.mathsyntax import MathError
from sandbox.cloudwatch.samples import Floats
from sandbox.cloudwatch.statistics import Indexes
from sandbox.cloudwatch.store import MetricKey


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A metric, and which of its statistics over which periods."""

    key: MetricKey
    period: int
    stat: str
    unit: str | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Points with whole periods between them, oldest first.

    `origin` is the metric they are of, where they are one metric's.
    """

    times: Indexes
    values: Floats
    period: int
    label: str = ""
    origin: MetricStat | None = None

    def with_values(self, values: Any, times: Indexes | None = None) -> Series:
        """The same series with other points, less those that are no number."""
        where = self.times if times is None else times
        found = np.asarray(values, np.float64)
        keep = np.isfinite(found)
        return replace(self, times=where[keep], values=found[keep], origin=None)

    def first(self, count: int, step: int) -> Series:
        """The oldest points where `step` is 1, the newest where it is -1."""
        rows = slice(count) if step > 0 else slice(len(self.times) - count, None)
        return replace(self, times=self.times[rows], values=self.values[rows])


SeriesList = list[Series]
Value = float | Series | SeriesList | str

_KINDS = ((str, "String"), (Series, "TimeSeries"), (list, "TimeSeries[]"))


MOST_COMPUTED = 10_000_000
"""How many points the expressions of a request may compute: the sandbox's bound."""


def kind_of(value: Value) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "Scalar"


def unsupported(what: str, *values: Value) -> MathError:
    kinds = ", ".join(kind_of(value) for value in values)
    return MathError(f"Unsupported operand type(s) for {what}: '[{kinds}]'")


def _power(left: Any, right: Any) -> Any:
    return np.power(np.asarray(left, np.float64), right)


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": _power,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "AND": np.logical_and,
    "OR": np.logical_or,
}


def operate(operator: str, left: Value, right: Value) -> Value:
    """Two values by an operator: two series meet where both have a point."""
    if isinstance(left, str) or isinstance(right, str):
        raise unsupported(operator, left, right)
    if isinstance(left, list) and isinstance(right, list):
        raise unsupported(operator, left, right)
    if isinstance(left, list):
        return [_series(operate(operator, each, right)) for each in left]
    if isinstance(right, list):
        return [_series(operate(operator, left, each)) for each in right]
    with np.errstate(all="ignore"):
        return _operate_plain(OPERATORS[operator], left, right)


def _operate_plain(
    function: Callable[[Any, Any], Any], left: float | Series, right: float | Series
) -> Value:
    if isinstance(left, Series) and isinstance(right, Series):
        times, ours, theirs = np.intersect1d(
            left.times, right.times, assume_unique=True, return_indices=True
        )
        found = function(left.values[ours], right.values[theirs])
        return left.with_values(found, times)
    if isinstance(left, Series):
        return left.with_values(function(left.values, right))
    if isinstance(right, Series):
        return right.with_values(function(left, right.values))
    return float(function(left, right))


def _series(value: Value) -> Series:
    if not isinstance(value, Series):
        raise unsupported("an array", value)
    return value


def each(function: Callable[[Series], Series], value: Value, what: str) -> Value:
    """A function of a series, of a series or of each in an array."""
    if isinstance(value, Series):
        return function(value)
    if isinstance(value, list):
        return [function(one) for one in value]
    raise unsupported(what, value)


def stacked(series: Sequence[Series]) -> tuple[Indexes, NDArray[np.float64]]:
    """All times any of them has, and a row of values each, NaN where it has none."""
    times = np.unique(np.concatenate([one.times for one in series]))
    if len(series) * len(times) > MOST_COMPUTED:
        raise MathError("The expression computes too many datapoints")
    rows = np.full((len(series), len(times)), np.nan)
    for row, one in zip(rows, series, strict=True):
        row[np.searchsorted(times, one.times)] = one.values
    return times, rows
