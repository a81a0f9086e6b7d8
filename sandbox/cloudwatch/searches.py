"""SEARCH expressions: which metrics they find.

Source: CloudWatch search expression syntax, CloudWatch user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sandbox.cloudwatch.mathsyntax import MOST_NESTED, MathError
from sandbox.cloudwatch.store import MetricKey

Match = Callable[[MetricKey], bool]

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*")
_PART = re.compile(r'\s*(?:"([^"]*)"\s*|([^,"\s][^,"]*))(?:,|$)')
_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()=]|[^\s()="]+)')
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OPERATORS = frozenset({"AND", "OR", "NOT", "(", ")", "="})


@dataclass(frozen=True, slots=True)
class Search:
    """Metrics of a namespace with exactly these dimensions, that match the terms."""

    namespace: str | None
    dimensions: frozenset[str]
    match: Match

    def finds(self, key: MetricKey) -> bool:
        if self.namespace is not None:
            names = {name for name, _ in key.dimensions}
            if key.namespace != self.namespace or names != self.dimensions:
                return False
        return self.match(key)


@lru_cache(maxsize=256)
def parse(text: str) -> Search:
    """Read a search expression. Raises MathError for what is none."""
    schema = _SCHEMA.match(text)
    names: list[str] = []
    if schema is None and text.lstrip().startswith("{"):
        raise MathError("Invalid syntax in SEARCH: '}' is missing")
    if schema is not None:
        found = _PART.findall(schema[1])
        names = [(quoted or plain.strip()) for quoted, plain in found]
        text = text[schema.end() :]
    terms = _Terms(_WORD.findall(text))
    return Search(names[0] if names else None, frozenset(names[1:]), terms.whole())


class _Terms:
    """Terms side by side must all match; OR and NOT say otherwise."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._at = 0
        self._nested = 0

    def _next(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def whole(self) -> Match:
        if not self._words:
            return lambda key: True
        match = self._either(None)
        if self._next() is not None:
            raise MathError(f"Invalid syntax in SEARCH near '{self._next()}'")
        return match

    def _either(self, field: str | None) -> Match:
        matches = [self._all(field)]
        while self._next() == "OR":
            self._at += 1
            matches.append(self._all(field))
        return lambda key: any(match(key) for match in matches)

    def _all(self, field: str | None) -> Match:
        matches = [self._not(field)]
        while self._next() not in {None, "OR", ")"}:
            if self._next() == "AND":
                self._at += 1
            matches.append(self._not(field))
        return lambda key: all(match(key) for match in matches)

    def _not(self, field: str | None) -> Match:
        """One term; all that nests passes here."""
        if self._nested > MOST_NESTED:
            raise MathError("Invalid syntax in SEARCH: nested too deeply")
        self._nested += 1
        match = self._perhaps_not(field)
        self._nested -= 1
        return match

    def _perhaps_not(self, field: str | None) -> Match:
        if self._next() == "NOT":
            self._at += 1
            inner = self._not(field)
            return lambda key: not inner(key)
        return self._term(field)

    def _term(self, field: str | None) -> Match:
        word = self._next()
        if word is None:
            raise MathError("Invalid syntax in SEARCH: unexpected end")
        self._at += 1
        if word == "(":
            inner = self._either(field)
            if self._next() != ")":
                raise MathError("Invalid syntax in SEARCH: ')' is missing")
            self._at += 1
            return inner
        if word in _OPERATORS:
            raise MathError(f"Invalid syntax in SEARCH near '{word}'")
        if self._next() == "=":
            self._at += 1
            if self._next() == "NOT":
                raise MathError("Invalid syntax in SEARCH near 'NOT'")
            return self._not(word.strip('"'))
        return _matching(word, field)


def _texts(key: MetricKey, field: str | None) -> list[str]:
    """What a term is looked for in: everything, or one property of the metric."""
    if field is None:
        pairs = [text for pair in key.dimensions for text in pair]
        return [key.namespace, key.name, *pairs]
    if field in {"MetricName", "Namespace"}:
        return [key.name if field == "MetricName" else key.namespace]
    return [value for name, value in key.dimensions if name == field]


def _matching(word: str, field: str | None) -> Match:
    if word.startswith('"'):
        exact = re.sub(r"\\(.)", r"\1", word[1:-1])
        return lambda key: exact in _texts(key, field)
    wanted = _tokens(word)
    return lambda key: any(_has(_tokens(text), wanted) for text in _texts(key, field))


@lru_cache(maxsize=4_096)
def _tokens(text: str) -> tuple[str, ...]:
    """AWS splits names at signs, digits and capitals, and minds no case."""
    return tuple(token.lower() for token in _TOKEN.findall(text)) or (text.lower(),)


def _has(tokens: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    rows = range(len(tokens) - size + 1)
    joined = "".join(wanted)
    return any(tuple(tokens[at : at + size]) == tuple(wanted) for at in rows) or (
        joined in tokens or "".join(tokens) == joined
    )
