"""Functions of metric math over columns of numbers; NaN is a missing value. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Column: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """Several lines, as METRICS() and [a, b] are."""

    all: tuple[Column, ...]


Number: TypeAlias = "Column | float"
Term: TypeAlias = "Column | float | Columns | str"
Elementwise: TypeAlias = Callable[[Column], Column]


class ArgumentError(ValueError):
    """A function was given what it cannot take."""


@dataclass(frozen=True, slots=True)
class Function:
    """`run` takes arguments, times of periods in seconds, and the period."""

    name: str
    least: int
    most: int
    body: Callable[[Sequence[Term], Column, int], Term]

    def run(self, terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
        if not self.least <= len(terms) <= self.most:
            several = (
                f"{self.least}"
                if self.least == self.most
                else f"{self.least} to {self.most}"
            )
            raise ArgumentError(f"{self.name} takes {several} arguments")
        return self.body(terms, times, period_seconds)


def _number(term: Term) -> Number:
    if isinstance(term, str):
        raise ArgumentError(f"{term!r} is no number")
    if isinstance(term, Columns):
        raise ArgumentError("expected one line, not several; try SUM(...)")
    return term


def _operator(compute: Callable[[Column, Column], npt.NDArray[np.generic]]) -> Operator:
    def apply(left: Term, right: Term) -> Term:
        if isinstance(left, Columns):
            return Columns(tuple(_paired(one, _number(right)) for one in left.all))
        if isinstance(right, Columns):
            return Columns(tuple(_paired(_number(left), one) for one in right.all))
        return _paired(_number(left), _number(right))

    def _paired(left: Number, right: Number) -> Column:
        first, second = np.asarray(left, np.float64), np.asarray(right, np.float64)
        with np.errstate(all="ignore"):
            answer = compute(first, second).astype(np.float64)
        is_known = ~(np.isnan(first) | np.isnan(second)) & np.isfinite(answer)
        return np.where(is_known, answer, np.nan)

    return apply


Operator: TypeAlias = Callable[[Term, Term], Term]

OPERATORS: Mapping[str, Operator] = {
    "+": _operator(np.add),
    "-": _operator(np.subtract),
    "*": _operator(np.multiply),
    "/": _operator(np.divide),
    "%": _operator(np.fmod),
    "^": _operator(np.power),
    "<": _operator(np.less),
    "<=": _operator(np.less_equal),
    ">": _operator(np.greater),
    ">=": _operator(np.greater_equal),
    "==": _operator(np.equal),
    "!=": _operator(np.not_equal),
    "&&": _operator(np.logical_and),
    "||": _operator(np.logical_or),
    "AND": _operator(np.logical_and),
    "OR": _operator(np.logical_or),
}


def _each(name: str, compute: Elementwise) -> Function:
    """A function of one line, or of every line of several."""

    def body(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
        (term,) = terms
        if isinstance(term, Columns):
            return Columns(tuple(map(compute, term.all)))
        return compute(np.asarray(_number(term), np.float64))

    return Function(name, 1, 1, body)


def _along(name: str, compute: Callable[[Column, Column], Column]) -> Function:
    """A function of values in the order of their times, passing over missing ones."""

    def one(column: Number, times: Column) -> Column:
        full = np.broadcast_to(np.asarray(column, np.float64), times.shape)
        answer = np.full(times.shape, np.nan)
        known = np.flatnonzero(~np.isnan(full))
        if known.size:
            answer[known] = compute(full[known], times[known])
        return answer

    def body(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
        (term,) = terms
        if isinstance(term, Columns):
            return Columns(tuple(one(column, times) for column in term.all))
        return one(_number(term), times)

    return Function(name, 1, 1, body)


def _before(values: Column) -> Column:
    """Each value less the one before; the first has none."""
    return np.diff(values, prepend=np.nan)


def _aggregate(
    name: str, compute: Callable[[npt.NDArray[np.float64]], Column]
) -> Function:
    """Over time for one line, which gives a number; across lines for several."""

    def body(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
        (term,) = terms
        columns = term.all if isinstance(term, Columns) else (_number(term),)
        stacked = np.array([np.atleast_1d(one) for one in columns], np.float64)
        if not isinstance(term, Columns):
            stacked = stacked.T
        if not stacked.size:
            return np.full(times.shape, np.nan)
        is_missing = np.isnan(stacked).all(axis=0)
        stacked[:, is_missing] = 0
        answer = np.where(is_missing, np.nan, compute(stacked))
        return answer if isinstance(term, Columns) else float(answer[0])

    return Function(name, 1, 1, body)


def _fill(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
    """Missing values as a number, as the last before (REPEAT), or between (LINEAR)."""
    first, how = terms
    columns = first.all if isinstance(first, Columns) else (_number(first),)
    shape = times.shape
    filled = [_filled(np.broadcast_to(one, shape), how, times) for one in columns]
    return Columns(tuple(filled)) if isinstance(first, Columns) else filled[0]


def _filled(column: Column, how: Term, times: Column) -> Column:
    if how == "REPEAT":
        return repeated(column)
    known = ~np.isnan(column)
    if isinstance(how, str):
        if not known.any():
            return column
        between = np.interp(times, times[known], column[known])
        first, last = times[known][0], times[known][-1]
        return np.where((times >= first) & (times <= last), between, np.nan)
    return np.where(known, column, _number(how))


def repeated(column: Column) -> Column:
    """Missing values as the last known before them."""
    places = np.where(np.isnan(column), -1, np.arange(column.size))
    last = np.maximum.accumulate(places) if column.size else places
    return np.where(last >= 0, column[last], np.nan)


def _if(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
    """IF(condition, then, otherwise); without `otherwise` it is missing then."""
    condition, then = _number(terms[0]), _number(terms[1])
    otherwise = _number(terms[2]) if len(terms) > 2 else np.nan  # noqa: PLR2004
    chosen = np.where(np.asarray(condition) != 0, then, otherwise)
    return np.where(np.isnan(condition), np.nan, chosen)


def _period(terms: Sequence[Term], times: Column, period_seconds: int) -> Term:
    return float(period_seconds)


_ALL = (
    _each("ABS", np.abs),
    _each("CEIL", np.ceil),
    _each("FLOOR", np.floor),
    _each("LOG", np.log),
    _each("LOG10", np.log10),
    _along("DIFF", lambda values, times: _before(values)),
    _along("DIFF_TIME", lambda values, times: _before(times)),
    _along("RATE", lambda values, times: _before(values) / _before(times)),
    _along("RUNNING_SUM", lambda values, times: np.cumsum(values)),
    _aggregate("SUM", lambda stacked: np.nansum(stacked, axis=0)),
    _aggregate("AVG", lambda stacked: np.nanmean(stacked, axis=0)),
    _aggregate("MIN", lambda stacked: np.nanmin(stacked, axis=0)),
    _aggregate("MAX", lambda stacked: np.nanmax(stacked, axis=0)),
    Function("FILL", 2, 2, _fill),
    Function("IF", 2, 3, _if),
    Function("PERIOD", 1, 1, _period),
)
FUNCTIONS: Mapping[str, Function] = {one.name: one for one in _ALL}
