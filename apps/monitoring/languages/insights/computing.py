"""The values of an expression for all rows of a frame at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import re2

from apps.monitoring.languages.insights import periods
from apps.monitoring.languages.insights.expressions import literal_of
from apps.monitoring.languages.insights.frames import Frame
from apps.monitoring.languages.insights.functions import FUNCTIONS
from apps.monitoring.languages.insights.syntax import (
    Binary,
    Call,
    Expression,
    In,
    Like,
    Literal,
    Name,
    Not,
    Period,
)
from apps.monitoring.languages.insights.values import order, text
from apps.search.engines.columns import (
    Coded,
    Column,
    Floats,
    Mask,
    Numbers,
    Texts,
    Value,
    absent,
    coded,
    constant,
    together,
)

_ARITHMETIC: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ON_NUMBERS: Mapping[str, Callable[[Floats, Floats], Mask]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def column_of(expression: Expression, frame: Frame) -> Column:
    if isinstance(expression, Name):
        return frame.get(expression.path)
    if isinstance(expression, Literal):
        return constant(expression.value, frame.rows)
    if isinstance(expression, Call):
        return _call(expression, frame)
    if isinstance(expression, Binary) and expression.operator in _ARITHMETIC:
        return _arithmetic(expression, frame)
    if isinstance(expression, Period):
        return constant(f"{expression.amount}{expression.unit}", frame.rows)
    return Numbers(mask_of(expression, frame).astype(np.float64))


def mask_of(expression: Expression, frame: Frame) -> Mask:
    """For which rows the expression holds."""
    if isinstance(expression, Not):
        return ~mask_of(expression.inner, frame)
    if isinstance(expression, Like):
        return _like(column_of(expression.left, frame), expression)
    if isinstance(expression, In):
        return _within(expression, frame)
    if isinstance(expression, Binary):
        if expression.operator in {"and", "or"}:
            return _joined(expression, frame)
        if expression.operator in _COMPARISONS:
            return _compared(expression, frame)
    numbers = column_of(expression, frame).numbers()
    return np.asarray((numbers != 0) & ~np.isnan(numbers))


def _joined(expression: Binary, frame: Frame) -> Mask:
    """The right side is computed only for rows that the left side leaves open."""
    left = mask_of(expression.left, frame)
    is_and = expression.operator == "and"
    open_rows = np.flatnonzero(left if is_and else ~left)
    if not len(open_rows):
        return left
    if len(open_rows) == frame.rows:
        return mask_of(expression.right, frame)
    found = left.copy()
    found[open_rows] = mask_of(expression.right, frame.take(open_rows))
    return found


def _arithmetic(expression: Binary, frame: Frame) -> Column:
    left = column_of(expression.left, frame).numbers()
    right = column_of(expression.right, frame).numbers()
    with np.errstate(all="ignore"):
        found = _ARITHMETIC[expression.operator](left, right)
    return Numbers(np.where(np.isfinite(found), found, np.nan))


def _compared(expression: Binary, frame: Frame) -> Mask:
    symbol = expression.operator
    left = column_of(expression.left, frame)
    right = column_of(expression.right, frame)
    if isinstance(left, Numbers) and _is_numeric(expression.right, right):
        one, other = left.numbers(), right.numbers()
        absent_one, absent_other = np.isnan(one), np.isnan(other)
        found = _ON_NUMBERS[symbol](one, other) & ~absent_one & ~absent_other
        return found | ((absent_one != absent_other) if symbol == "!=" else False)
    codes, pairs = together([left, right])
    holds = _COMPARISONS[symbol]
    table = [_holds(symbol, holds, *pair) for pair in pairs]
    return np.array(table, dtype=bool)[codes]


def _is_numeric(expression: Expression, column: Column) -> bool:
    if isinstance(expression, Literal):
        return not isinstance(expression.value, str)
    return isinstance(column, Numbers)


def _holds(
    symbol: str,
    holds: Callable[[int, int], bool],
    left: Value,
    right: Value,
) -> bool:
    if left is None or right is None:
        return symbol == "!=" and left is not right
    return holds(order(left, right), 0)


def _within(expression: In, frame: Frame) -> Mask:
    found = np.zeros(frame.rows, dtype=bool)
    for option in expression.options:
        found |= _compared(Binary("=", expression.left, option), frame)
    return found


def _like(column: Column, like: Like) -> Mask:
    wanted = literal_of(like.text) if like.is_regex else like.text
    if isinstance(column, Texts):
        if wanted is not None:
            return column.containing(wanted)
        search = re2.compile(like.text.encode()).search
        return np.array([search(piece) is not None for piece in column.pieces()], bool)
    codes, values = column.coded()
    if wanted is not None:
        table = [wanted in text(value) for value in values]
    else:
        find = re2.compile(like.text).search
        table = [find(text(value)) is not None for value in values]
    return np.array([*table, False], dtype=bool)[codes]


def _call(call: Call, frame: Frame) -> Column:
    made = frame.written(call.text)
    if made is not None:
        return made
    if call.name in _TIMELY:
        return _TIMELY[call.name](call, frame)
    if call.name not in FUNCTIONS:  # an aggregation that stats did not make
        return absent(frame.rows)
    if call.name == "ispresent":
        return _present(column_of(call.arguments[0], frame))
    columns = [column_of(argument, frame) for argument in call.arguments]
    return _each(FUNCTIONS[call.name][2], columns)


def _each(function: Callable[..., Value], columns: Sequence[Column]) -> Column:
    """The function called once for each combination of values."""
    codes, combinations = together(columns)
    found = coded(function(*values) for values in combinations)
    return Coded(found.codes[codes], found.values)


def _present(column: Column) -> Column:
    if isinstance(column, Numbers):
        return Numbers((~np.isnan(column.array)).astype(np.float64))
    if isinstance(column, Texts):
        return Numbers((column.ends >= 0).astype(np.float64))
    return Numbers((column.coded()[0] >= 0).astype(np.float64))


def _period(call: Call) -> Period | None:
    last = call.arguments[-1]
    return last if isinstance(last, Period) else None


def _floored(call: Call, frame: Frame) -> Column:
    times = Name("@timestamp") if call.name == "bin" else call.arguments[0]
    period = _period(call)
    if period is None:
        return absent(frame.rows)
    cut = periods.ceiled if call.name == "dateceil" else periods.floored
    return Numbers(cut(column_of(times, frame).numbers(), period), is_time=True)


def _as_time(call: Call, frame: Frame) -> Column:
    numbers = column_of(call.arguments[0], frame).numbers()
    return Numbers(numbers, is_time=call.name == "frommillis")


def _now(call: Call, frame: Frame) -> Column:
    """Seconds since 1970, as AWS has it."""
    return Numbers(np.full(frame.rows, float(frame.now_ms // 1_000)))


_TIMELY: Mapping[str, Callable[[Call, Frame], Column]] = {
    "bin": _floored,
    "datefloor": _floored,
    "dateceil": _floored,
    "frommillis": _as_time,
    "tomillis": _as_time,
    "now": _now,
}
