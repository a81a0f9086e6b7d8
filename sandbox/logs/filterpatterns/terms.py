"""Unstructured patterns: `ERROR -"not this" ?either ?or %regex%`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.logs.filterpatterns.comparisons import unquoted
from sandbox.logs.filterpatterns.errors import InvalidPattern
from sandbox.logs.filterpatterns.expressions import (
    MOST_EXPRESSIONS,
    Expression,
    expression,
)

_TERM = re.compile(
    r"\s*(?P<sign>[-?]?)"
    r'(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<regex>%(?:[^%\\]|\\.)*%)'
    r"|(?P<bare>[^\s\"%{}\[\]()|&,;?-][^\s\"%{}\[\]()|&,;?]*))(?=\s|$)"
)

Term = str | Expression


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms an event contains all of, any of, and none of."""

    required: tuple[Term, ...]
    optional: tuple[Term, ...]
    excluded: tuple[Term, ...]

    def matches(self, message: str) -> bool:
        # Plain loops: this runs for every event that a search looks at.
        for term in self.required:
            if not _is_in(term, message):
                return False
        for term in self.excluded:
            if _is_in(term, message):
                return False
        if self.optional and not self.required and not self.excluded:
            return any(_is_in(term, message) for term in self.optional)
        # "If you combine ? with other filter patterns, the ? is ignored."
        return True

    def extract(self, message: str, name: str) -> str | None:
        return None

    def extracted(self, message: str) -> dict[str, str]:
        return {}


def _is_in(term: Term, message: str) -> bool:
    if isinstance(term, str):
        return term in message
    return term.matches(message)


def parse_terms(source: str) -> Terms:
    found: dict[str, list[Term]] = {"": [], "?": [], "-": []}
    at, end = 0, len(source.rstrip())
    while at < end:
        match = _TERM.match(source, at)
        if match is None:
            raise InvalidPattern(
                f"Invalid character(s) in term '{source[at:].strip()}'"
            )
        term = _term(match)
        # `" "` is AWS's way of writing a pattern that matches everything.
        if not isinstance(term, str) or term.strip():
            found[match["sign"]].append(term)
        at = match.end()
    everything = [*found[""], *found["?"], *found["-"]]
    if sum(isinstance(term, Expression) for term in everything) > MOST_EXPRESSIONS:
        raise InvalidPattern("A pattern has two regular expressions at most")
    return Terms(tuple(found[""]), tuple(found["?"]), tuple(found["-"]))


def _term(match: re.Match[str]) -> Term:
    if match["regex"] is not None:
        return expression(match["regex"][1:-1])
    if match["quoted"] is not None:
        return unquoted(match["quoted"])
    return match["bare"]
