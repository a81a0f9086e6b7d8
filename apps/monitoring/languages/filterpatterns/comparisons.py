"""What a value is compared with in `{...}` and `[...]` patterns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.monitoring.languages.filterpatterns import expressions
from apps.monitoring.languages.filterpatterns.errors import PatternError

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_ORDERINGS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

Fits = Callable[[str, float | None], bool]
"""Whether a value fits: its text, and its number where it has one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it stands in the pattern, and where."""

    text: str
    position: int

    @property
    def is_expression(self) -> bool:
        return self.text.startswith("%")


def comparison(symbol: str, value: Written) -> Fits:
    """Raises PatternError where the operator cannot take the value."""
    if symbol in _ORDERINGS:
        return _ordering(_ORDERINGS[symbol], symbol, value)
    equal = _equality(value)
    if symbol == "=":
        return equal
    return lambda text, number: not equal(text, number)


def _ordering(
    holds: Callable[[float, float], bool], symbol: str, value: Written
) -> Fits:
    wanted = number_of(value.text)
    if wanted is None:
        raise PatternError(
            f"{symbol} compares numbers, and {value.text} is none",
            value.position,
            "write a number such as 400, -1.5 or 1e-3",
        )
    return lambda text, number: number is not None and holds(number, wanted)


def _equality(value: Written) -> Fits:
    if value.is_expression:
        found = expressions.compiled(value.text[1:-1], value.position + 1).search
        return lambda text, number: found(text) is not None
    if value.text.startswith('"'):
        return _glob(unquoted(value.text))
    wanted, glob = number_of(value.text), _glob(value.text)
    if wanted is None:
        return glob
    return lambda text, number: (
        wanted == number if number is not None else glob(text, None)
    )


def _glob(pattern: str) -> Fits:
    """Text with `*` for anything, compared in linear time."""
    parts = pattern.split("*")
    if len(parts) == 1:
        return lambda text, number: text == pattern
    return lambda text, number: _fits(parts, text)


def _fits(parts: list[str], text: str) -> bool:
    first, last = parts[0], parts[-1]
    if not text.startswith(first):
        return False
    at = len(first)
    for part in parts[1:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)


def unquoted(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)


def number_of(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None
