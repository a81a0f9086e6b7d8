"""The functions of metric math.

Source: Using metric math, CloudWatch user guide: functions supported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sandbox.cloudwatch.bands import band
from sandbox.cloudwatch.mathsyntax import MathError
from sandbox.cloudwatch.mathtimes import PARTS, part_of_time
from sandbox.cloudwatch.mathvalues import (
    Series,
    SeriesList,
    Value,
    each,
    operate,
    stacked,
    unsupported,
)
from sandbox.cloudwatch.samples import Floats
from sandbox.cloudwatch.statistics import Indexes


class Surroundings(Protocol):
    """What functions may ask of the request they are in."""

    @property
    def times(self) -> Indexes:
        """Every period of the range."""
        ...

    @property
    def period(self) -> int: ...

    def metrics(self, part_of_id: str) -> SeriesList: ...

    def search(self, expression: str, stat: str, period: int) -> SeriesList: ...

    def history(self, series: Series) -> Series: ...


Function = Callable[[Surroundings, Sequence[Value]], Value]


@dataclass(frozen=True, slots=True)
class Signature:
    function: Function
    least: int
    most: int


def call(name: str, surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    """Carry out a function. Raises MathError where the arguments are not its own."""
    signature = FUNCTIONS[name]
    if not signature.least <= len(arguments) <= signature.most:
        raise MathError(f"Wrong number of arguments for function '{name}'")
    with np.errstate(all="ignore"):
        return signature.function(surroundings, arguments)


def _mapped(name: str, function: Callable[[Any], Any]) -> Signature:
    def work(_: Surroundings, arguments: Sequence[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, int | float):
            return float(function(value))
        return each(lambda one: one.with_values(function(one.values)), value, name)

    return Signature(work, 1, 1)


def _of_series(name: str, function: Callable[[Series], Series]) -> Signature:
    return Signature(lambda _, given: each(function, given[0], name), 1, 1)


def _reduced(name: str, function: Callable[..., Any]) -> Signature:
    """A scalar of one series, a series of an array of them."""

    def work(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, Series):
            return float(function(value.values)) if len(value.values) else float("nan")
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            raise unsupported(name, value)
        return _across(value, function, surroundings.period)

    return Signature(work, 1, 1)


def _across(series: SeriesList, function: Callable[..., Any], period: int) -> Series:
    if not series:
        return Series(np.empty(0, np.int64), np.empty(0), period)
    times, rows = stacked(series)
    found = [function(column[np.isfinite(column)]) for column in rows.T]
    return series[0].with_values(found, times)


def _rate(series: Series) -> Series:
    changes = np.diff(series.values) / np.diff(series.times)
    return series.with_values(changes, series.times[1:])


def _diff(series: Series) -> Series:
    return series.with_values(np.diff(series.values), series.times[1:])


def _diff_time(series: Series) -> Series:
    return series.with_values(np.diff(series.times), series.times[1:])


def _fill(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    how = arguments[1]
    if isinstance(how, list):
        raise unsupported("FILL", *arguments)
    return each(lambda one: _filled(one, how, surroundings), arguments[0], "FILL")


def _filled(series: Series, how: float | Series | str, where: Surroundings) -> Series:
    """Periods without a point get one: a value, the one before, or one between."""
    first = series.times[0] if len(series.times) else 0
    phase = first % series.period if len(series.times) else 0
    wanted = where.times[where.times % series.period == phase]
    times = np.union1d(wanted, series.times) if len(series.times) else where.times
    found = np.full(len(times), np.nan)
    found[np.searchsorted(times, series.times)] = series.values
    gaps = ~np.isfinite(found)
    if not gaps.any() or not len(times):
        return series
    found[gaps] = _gap_values(series, how, times[gaps])
    return series.with_values(found, times)


def _gap_values(series: Series, how: float | Series | str, gaps: Indexes) -> Floats:
    none = np.full(len(gaps), np.nan)
    if isinstance(how, int | float):
        return np.full(len(gaps), float(how))
    if not len(series.times):
        return none
    if how == "LINEAR":
        return np.interp(gaps, series.times, series.values, left=np.nan, right=np.nan)
    if how != "REPEAT":
        raise MathError("FILL takes a number, REPEAT or LINEAR")
    before = np.searchsorted(series.times, gaps) - 1
    return np.where(before >= 0, series.values[np.maximum(before, 0)], none)


def _if(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    condition, *branches = arguments
    if isinstance(condition, list | str) or any(
        isinstance(branch, list | str) for branch in branches
    ):
        raise unsupported("IF", *arguments)
    if not isinstance(condition, Series):
        if condition:
            return branches[0]
        empty = Series(np.empty(0, np.int64), np.empty(0), surroundings.period)
        return branches[1] if len(branches) > 1 else empty
    found = np.full(len(condition.times), np.nan)
    is_true = condition.values != 0
    for branch, where in zip(branches, (is_true, ~is_true), strict=False):
        found[where] = _values_at(branch, condition.times)[where]
    return condition.with_values(found)


def _values_at(value: Value, times: Indexes) -> Floats:
    """Of each time its value, NaN where there is none."""
    if not isinstance(value, Series):
        return np.full(len(times), value, np.float64)
    found = np.full(len(times), np.nan)
    _, ours, theirs = np.intersect1d(times, value.times, return_indices=True)
    found[ours] = value.values[theirs]
    return found


def _list(name: str, value: Value) -> SeriesList:
    if isinstance(value, Series):
        return [value]
    if not isinstance(value, list):
        raise unsupported(name, value)
    return value


def _number(name: str, value: Value) -> float:
    if not isinstance(value, int | float):
        raise unsupported(name, value)
    return value


def _whole(name: str, value: Value) -> int:
    number = _number(name, value)
    if not math.isfinite(number):
        raise MathError(f"{name} takes whole numbers")
    return int(number)


def _one_of(at: int, name: str) -> Signature:
    def work(_: Surroundings, arguments: Sequence[Value]) -> Value:
        series = _list(name, arguments[0])
        if not series:
            raise MathError(f"{name} of an empty array")
        return series[at]

    return Signature(work, 1, 1)


def _slice(_: Surroundings, arguments: Sequence[Value]) -> Value:
    bounds = [_whole("SLICE", bound) for bound in arguments[1:]]
    return _list("SLICE", arguments[0])[slice(bounds[0], *bounds[1:])]


_SORT_BY: Mapping[str, Callable[..., Any]] = {
    "AVG": np.mean,
    "MIN": np.min,
    "MAX": np.max,
    "SUM": np.sum,
}


def _sort(_: Surroundings, arguments: Sequence[Value]) -> Value:
    series, by, order = _list("SORT", arguments[0]), arguments[1], arguments[2]
    if str(by) not in _SORT_BY or str(order) not in {"ASC", "DESC"}:
        raise MathError("SORT takes AVG, MIN, MAX or SUM, and ASC or DESC")
    key = _SORT_BY[str(by)]
    full = [one for one in series if len(one.values)]
    ordered = sorted(
        full, key=lambda one: float(key(one.values)), reverse=str(order) == "DESC"
    )
    ordered += [one for one in series if not len(one.values)]
    most = _whole("SORT", arguments[3]) if len(arguments) > 3 else None  # noqa: PLR2004
    return ordered[:most]


def _time_series(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    value = _number("TIME_SERIES", arguments[0])
    times = surroundings.times
    series = Series(times, np.empty(0), surroundings.period)
    return series.with_values(np.full(len(times), float(value)))


def _metric_count(_: Surroundings, arguments: Sequence[Value]) -> Value:
    return float(len(_list("METRIC_COUNT", arguments[0])))


def _datapoint_count(_: Surroundings, arguments: Sequence[Value]) -> Value:
    series = _list("DATAPOINT_COUNT", arguments[0])
    return float(sum(len(one.times) for one in series))


def _period(_: Surroundings, arguments: Sequence[Value]) -> Value:
    if not isinstance(arguments[0], Series):
        raise unsupported("PERIOD", *arguments)
    return float(arguments[0].period)


def _remove_empty(_: Surroundings, arguments: Sequence[Value]) -> Value:
    return [one for one in _list("REMOVE_EMPTY", arguments[0]) if len(one.times)]


def _metrics(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    part = arguments[0] if arguments else ""
    if not isinstance(part, str):
        raise unsupported("METRICS", part)
    return surroundings.metrics(part)


def _search(surroundings: Surroundings, arguments: Sequence[Value]) -> Value:
    expression, stat = arguments[0], arguments[1]
    if not isinstance(expression, str) or not isinstance(stat, str):
        raise unsupported("SEARCH", *arguments)
    period = surroundings.period
    if len(arguments) > 2:  # noqa: PLR2004 - the third argument
        period = _whole("SEARCH", arguments[2])
    return surroundings.search(expression, stat, period)


def _anomaly_detection_band(
    surroundings: Surroundings, arguments: Sequence[Value]
) -> Value:
    series = arguments[0]
    if not isinstance(series, Series):
        raise unsupported("ANOMALY_DETECTION_BAND", *arguments)
    width = _number("ANOMALY_DETECTION_BAND", arguments[1]) if arguments[1:] else 2.0
    return band(surroundings.history(series), series, surroundings.times, width)


def _time_part(name: str) -> Signature:
    return _of_series(name, lambda one: one.with_values(part_of_time(name, one.times)))


def negated(value: Value) -> Value:
    return operate("*", -1.0, value)


FUNCTIONS: Mapping[str, Signature] = {
    "ABS": _mapped("ABS", np.abs),
    "CEIL": _mapped("CEIL", np.ceil),
    "FLOOR": _mapped("FLOOR", np.floor),
    "LOG": _mapped("LOG", np.log),
    "LOG10": _mapped("LOG10", np.log10),
    "AVG": _reduced("AVG", np.mean),
    "MAX": _reduced("MAX", np.max),
    "MIN": _reduced("MIN", np.min),
    "STDDEV": _reduced("STDDEV", np.std),
    "SUM": _reduced("SUM", np.sum),
    "DIFF": _of_series("DIFF", _diff),
    "DIFF_TIME": _of_series("DIFF_TIME", _diff_time),
    "RATE": _of_series("RATE", _rate),
    "RUNNING_SUM": _of_series(
        "RUNNING_SUM", lambda one: one.with_values(np.cumsum(one.values))
    ),
    "FIRST": _one_of(0, "FIRST"),
    "LAST": _one_of(-1, "LAST"),
    "ANOMALY_DETECTION_BAND": Signature(_anomaly_detection_band, 1, 2),
    "DATAPOINT_COUNT": Signature(_datapoint_count, 1, 1),
    "FILL": Signature(_fill, 2, 2),
    "IF": Signature(_if, 2, 3),
    "METRIC_COUNT": Signature(_metric_count, 1, 1),
    "METRICS": Signature(_metrics, 0, 1),
    "PERIOD": Signature(_period, 1, 1),
    "REMOVE_EMPTY": Signature(_remove_empty, 1, 1),
    "SEARCH": Signature(_search, 2, 3),
    "SLICE": Signature(_slice, 2, 3),
    "SORT": Signature(_sort, 3, 4),
    "TIME_SERIES": Signature(_time_series, 1, 1),
    **{name: _time_part(name) for name in PARTS},
}
WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", *_SORT_BY})
"""Names that stand for themselves."""
