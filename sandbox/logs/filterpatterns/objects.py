"""JSON patterns: `{ $.a[0] = "x" && ($.n >= 3 || $.s != prefix*) }`.

Source: "Using metric filters to match terms and extract values from JSON log events",
CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.logs.filterpatterns.comparisons import (
    OPERATOR,
    VALUE,
    Comparison,
    comparison,
)
from sandbox.logs.filterpatterns.errors import InvalidPattern

_NAME = r"[^\s.\[\]=!<>()&|{}\"',%*]+"
_STEP = rf"\.{_NAME}|\.?\[(?:\d+|\*|\"(?:[^\"\\]|\\.)*\"|'[^']*')\]"
_TOKEN = re.compile(
    rf"\s*(?:(?P<selector>\$(?:{_STEP})+)|(?P<symbol>&&|\|\||[()])"
    rf"|(?P<test>(?i:IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS)\b)"
    rf"|(?P<operator>{OPERATOR})|(?P<value>{VALUE}))"
)
_DEEPEST = 50
_MISSING = object()
_TESTS = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False, "NOT EXISTS": _MISSING}

Step = str | int | None
"""A member's name, an index, or None for every element."""


@dataclass(frozen=True, slots=True)
class Selector:
    steps: tuple[Step, ...]

    def values(self, document: Any) -> Iterator[Any]:
        """What the selector points to; nothing where the document has none."""
        return _walk(document, self.steps)


def _walk(node: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield node
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(node, dict) and step in node:
            yield from _walk(node[step], rest)
    elif isinstance(node, list):
        if step is None:
            for item in node:
                yield from _walk(item, rest)
        elif step < len(node):
            yield from _walk(node[step], rest)


@dataclass(frozen=True, slots=True)
class Compares:
    selector: Selector
    comparison: Comparison

    def holds(self, document: Any) -> bool:
        return any(map(self._holds_for, self.selector.values(document)))

    def _holds_for(self, value: Any) -> bool:
        text = as_text(value)
        if text is None:
            return False
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return self.comparison.holds(text, float(value) if is_number else None)


@dataclass(frozen=True, slots=True)
class Is:
    """IS NULL, IS TRUE, IS FALSE and NOT EXISTS."""

    selector: Selector
    wanted: Any

    def holds(self, document: Any) -> bool:
        found = next(self.selector.values(document), _MISSING)
        return found is self.wanted


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]

    def holds(self, document: Any) -> bool:
        return all(part.holds(document) for part in self.parts)


@dataclass(frozen=True, slots=True)
class OneOf:
    parts: tuple[Condition, ...]

    def holds(self, document: Any) -> bool:
        return any(part.holds(document) for part in self.parts)


Condition = Compares | Is | All | OneOf


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    condition: Condition
    selectors: tuple[tuple[str, Selector], ...]

    def matches(self, message: str) -> bool:
        document = _document(message)
        return document is not _MISSING and self.condition.holds(document)

    def extract(self, message: str, name: str) -> str | None:
        """The value of `$.name` in the message."""
        found = next(selector(name).values(_document(message)), None)
        return as_text(found)

    def extracted(self, message: str) -> dict[str, str]:
        found = {name: self.extract(message, name) for name, _ in self.selectors}
        return {name: text for name, text in found.items() if text is not None}


def as_text(value: Any) -> str | None:
    """A value node as text; None for null, arrays and objects."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list) or value is _MISSING:
        return None
    return orjson.dumps(value).decode()


def _document(message: str) -> Any:
    if not message.lstrip().startswith("{"):
        return _MISSING
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return _MISSING


def selector(source: str) -> Selector:
    """Raises InvalidPattern for what is no `$.path`."""
    if not re.fullmatch(rf"\$(?:{_STEP})+", source):
        raise InvalidPattern(f"Invalid property selector: {source}")
    return Selector(tuple(map(_step, re.findall(_STEP, source))))


def _step(written: str) -> Step:
    inside = written.lstrip(".")
    if not inside.startswith("["):
        return inside
    inside = inside[1:-1]
    if inside == "*":
        return None
    if inside[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", inside[1:-1])
    return int(inside)


def parse_object(source: str) -> ObjectPattern:
    """Parse the inside of the braces."""
    parser = _Parser(_tokens(source))
    condition = parser.any_of(0)
    parser.end()
    names = dict.fromkeys(text for kind, text in parser.tokens if kind == "selector")
    return ObjectPattern(condition, tuple((name, selector(name)) for name in names))


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens, at, end = [], 0, len(source.rstrip())
    while at < end:
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise InvalidPattern(f"Cannot be read: {source[at:].strip()}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


class _Parser:
    """Parentheses bind first, then &&, then ||."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self._at = 0

    def any_of(self, depth: int) -> Condition:
        parts = [self._all_of(depth)]
        while self._take("symbol", "||"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else OneOf(tuple(parts))

    def _all_of(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("symbol", "&&"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise InvalidPattern("Too many parentheses")
        if self._take("symbol", "("):
            inside = self.any_of(depth + 1)
            self._need("symbol", ")")
            return inside
        path = selector(self._need("selector"))
        test = self._take("test")
        if test:
            return Is(path, _TESTS[" ".join(test.upper().split())])
        symbol = self._need("operator")
        return Compares(path, comparison(symbol, self._need("value")))

    def end(self) -> None:
        if self._at < len(self.tokens):
            raise InvalidPattern(f"Not expected: {self.tokens[self._at][1]}")

    def _take(self, kind: str, text: str = "") -> str:
        if self._at < len(self.tokens):
            found_kind, found = self.tokens[self._at]
            if found_kind == kind and text in {"", found}:
                self._at += 1
                return found
        return ""

    def _need(self, kind: str, text: str = "") -> str:
        taken = self._take(kind, text)
        if not taken:
            raise InvalidPattern(f"A {text or kind} is missing")
        return taken
