"""Filter patterns: what FilterLogEvents, metric filters and subscriptions match by."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from sandbox.logs.filterpatterns.columns import parse_columns
from sandbox.logs.filterpatterns.errors import InvalidPattern
from sandbox.logs.filterpatterns.expressions import (
    MOST_EXPRESSIONS,
    TooExpensive,
    allowing,
)
from sandbox.logs.filterpatterns.objects import parse_object
from sandbox.logs.filterpatterns.terms import parse_terms

__all__ = [
    "FilterPattern",
    "InvalidPattern",
    "TooExpensive",
    "allowing",
    "expressions_in",
    "parse_pattern",
]


class FilterPattern(Protocol):
    def matches(self, message: str) -> bool:
        """Raises TooExpensive where regular expressions take too long."""
        ...

    def extract(self, message: str, name: str) -> str | None:
        """The value of `$.member` or `$column` in a message that matches."""
        ...

    def extracted(self, message: str) -> dict[str, str]:
        """All values the pattern names, as TestMetricFilter answers them."""
        ...


@lru_cache(maxsize=512)
def parse_pattern(source: str) -> FilterPattern:
    """Raises InvalidPattern."""
    text = source.strip()
    if text.startswith("{") and text.endswith("}"):
        _check_quota(text)
        return parse_object(text[1:-1])
    if text.startswith("[") and text.endswith("]"):
        _check_quota(text)
        return parse_columns(text[1:-1])
    return parse_terms(text)


def expressions_in(source: str) -> int:
    """How many regular expressions a pattern has."""
    return source.replace(r"\%", "").count("%") // 2


def _check_quota(text: str) -> None:
    if expressions_in(text) > MOST_EXPRESSIONS:
        raise InvalidPattern("A pattern has two regular expressions at most")
