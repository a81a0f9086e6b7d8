"""What a value is compared with in `{...}` and `[...]` patterns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.logs.filterpatterns.errors import InvalidPattern
from sandbox.logs.filterpatterns.expressions import Expression, expression

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_ORDERINGS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
VALUE = r'"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[\w.*:/@+\-\#$~?^]+'
"""How a value is written: quoted, as an expression, or bare."""
OPERATOR = r"!=|<=|>=|=|<|>"


@dataclass(frozen=True, slots=True)
class Text:
    """A word, perhaps with wildcards; `number` where it is also a number."""

    parts: tuple[str, ...]
    number: float | None = None

    def matches(self, text: str, number: float | None) -> bool:
        if self.number is not None and number is not None:
            return self.number == number
        return glob_matches(self.parts, text)


@dataclass(frozen=True, slots=True)
class Regex:
    expression: Expression

    @property
    def number(self) -> None:
        return None

    def matches(self, text: str, number: float | None) -> bool:
        return self.expression.matches(text)


Value = Text | Regex


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator value`, to be held against what an event has."""

    operator: str
    value: Value

    def holds(self, text: str, number: float | None) -> bool:
        if self.operator == "=":
            return self.value.matches(text, number)
        if self.operator == "!=":
            return not self.value.matches(text, number)
        wanted = self.value.number
        if wanted is None or number is None:
            return False
        return _ORDERINGS[self.operator](number, wanted)


def comparison(symbol: str, written: str) -> Comparison:
    """Raises InvalidPattern where the operator cannot take the value."""
    value = value_of(written)
    if symbol in _ORDERINGS and value.number is None:
        raise InvalidPattern(f"{symbol} needs a number, not {written}")
    return Comparison(symbol, value)


def value_of(written: str) -> Value:
    if written.startswith("%"):
        return Regex(expression(written[1:-1]))
    if written.startswith('"'):
        return Text(tuple(unquoted(written).split("*")))
    return Text(tuple(written.split("*")), number_of(written))


def unquoted(written: str) -> str:
    return re.sub(r"\\(.)", r"\1", written[1:-1])


def number_of(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def glob_matches(parts: tuple[str, ...], text: str) -> bool:
    """Whether text is the parts with anything between them; takes linear time."""
    first, *rest = parts
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    at, last = len(first), rest[-1]
    for part in rest[:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)
