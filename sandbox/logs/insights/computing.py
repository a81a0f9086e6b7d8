"""The value of an expression for a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sandbox.logs.insights import functions, periods
from sandbox.logs.insights.syntax import (
    Binary,
    Call,
    Expression,
    Field,
    In,
    Like,
    Literal,
    Not,
    Period,
)
from sandbox.logs.insights.values import Value, contains, number, order, text


class Row(Protocol):
    """A record, or a group of them."""

    @property
    def timestamp(self) -> int: ...
    @property
    def made(self) -> dict[str, Value]: ...
    def get(self, name: str) -> Value: ...


def is_true(value: Value) -> bool:
    return bool(number(value)) if not isinstance(value, bool) else value


def evaluate(expression: Expression, row: Row) -> Value:
    """Raises TimeoutError where a regular expression takes too long."""
    return _EVALUATE[type(expression)](expression, row)


def _call(expression: Call, row: Row) -> Value:
    if expression.name in {"bin", "datefloor", "dateceil"}:
        return _period(expression, row)
    if expression.name not in functions.FUNCTIONS:
        # An aggregation behind `stats` stands for the column it made.
        return row.get(expression.text)
    return functions.call(
        expression.name, [evaluate(one, row) for one in expression.arguments]
    )


def _period(expression: Call, row: Row) -> Value:
    period = expression.arguments[-1]
    at = Field("@timestamp") if expression.name == "bin" else expression.arguments[0]
    when = number(evaluate(at, row))
    if when is None or not isinstance(period, Period):
        return None
    cut = periods.ceil if expression.name == "dateceil" else periods.floor
    try:
        return cut(int(when), period)
    except (ArithmeticError, ValueError, OSError):  # beyond the years there are
        return None


_MOST_EXACT = 1 << 63
_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: float(a) ** b,
}
_COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def _binary(expression: Binary, row: Row) -> Value:
    operator = expression.operator
    left = evaluate(expression.left, row)
    if operator == "and":
        return is_true(left) and is_true(evaluate(expression.right, row))
    if operator == "or":
        return is_true(left) or is_true(evaluate(expression.right, row))
    right = evaluate(expression.right, row)
    if operator in _ARITHMETIC:
        return _computed(operator, number(left), number(right))
    if left is None or right is None:
        return operator == "!=" and left is not right
    return _COMPARISONS[operator](order(left, right))


def _computed(operator: str, left: float | None, right: float | None) -> Value:
    if left is None or right is None:
        return None
    try:
        return _tamed(_ARITHMETIC[operator](left, right))
    except (ZeroDivisionError, OverflowError):
        return None


def _tamed(found: complex) -> float | None:
    if isinstance(found, complex):
        return None
    # As doubles, numbers that are multiplied again and again do not take memory.
    return float(found) if abs(found) > _MOST_EXACT else found


def _like(expression: Like, row: Row) -> bool:
    whole = text(evaluate(expression.left, row))
    if whole is None:
        return False
    wanted = expression.wanted
    if isinstance(wanted, _EXPRESSIONS):
        part = text(evaluate(wanted, row))
        return part is not None and part in whole
    return contains(wanted, whole)


def _in(expression: In, row: Row) -> bool:
    value = evaluate(expression.left, row)
    options = (evaluate(one, row) for one in expression.options)
    return value is not None and any(order(value, one) == 0 for one in options)


_EXPRESSIONS = (Literal, Field, Period, Call, Binary, Not, Like, In)
_EVALUATE: Mapping[type, Callable[..., Value]] = {
    Literal: lambda expression, row: expression.value,
    Field: lambda expression, row: row.get(expression.name),
    Period: lambda expression, row: f"{expression.amount}{expression.unit}",
    Call: _call,
    Binary: _binary,
    Not: lambda expression, row: not is_true(evaluate(expression.inside, row)),
    Like: _like,
    In: _in,
}
