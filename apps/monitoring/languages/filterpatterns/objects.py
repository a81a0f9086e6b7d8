"""JSON patterns: `{ $.a[0] = "x" && ($.n >= 3 || $.s != prefix*) }`.

Source: "Using filter patterns to match terms in JSON log events", CloudWatch Logs
User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from lark import Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from apps.monitoring.languages.filterpatterns.comparisons import (
    Fits,
    Written,
    comparison,
    number_of,
)
from apps.monitoring.languages.filterpatterns.errors import PatternError
from apps.monitoring.languages.filterpatterns.expressions import MOST_EXPRESSIONS
from apps.monitoring.languages.filterpatterns.grammar import OBJECT, explained

Condition = Callable[[Any], bool]
Step = str | int | None
"""A member's name, an index, or None for every element."""

_STEP = re.compile(
    r"\.?\[(?:(?P<index>\d+)|(?P<all>\*)|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|'(?P<single>[^']*)')\]|\.(?P<name>[^\s.\[\]]+)"
)
_MISSING = object()
_TESTS: Mapping[str, Any] = {
    "IS NULL": None,
    "IS TRUE": True,
    "IS FALSE": False,
    "NOT EXISTS": _MISSING,
}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    condition: Condition
    selectors: Mapping[str, tuple[Step, ...]]

    def matches(self, message: str) -> bool:
        document = _document(message)
        return document is not _MISSING and self.condition(document)

    def extract(self, message: str) -> Mapping[str, str]:
        """The values of the properties that the pattern names, as text."""
        document = _document(message)
        found = {
            name: next(_values(document, steps), None)
            for name, steps in self.selectors.items()
        }
        texts = {name: _text(value) for name, value in found.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def necessary(self) -> tuple[str, ...]:
        """Nothing: a name may be written with escapes in the JSON of a line."""
        return ()


def parse(source: str) -> ObjectPattern:
    """Raises PatternError."""
    _check(source)
    try:
        tree = OBJECT.parse(source)
    except UnexpectedInput as error:
        raise explained(source, error) from error
    builder = _Builder()
    try:
        condition: Condition = builder.transform(tree)
    except VisitError as error:
        raise error.orig_exc from error
    return ObjectPattern(condition, builder.selectors)


def _check(source: str) -> None:
    if source.count("(") > _DEEPEST:
        raise PatternError(
            "There are more than 50 parentheses",
            source.find("("),
            "use several patterns",
        )


class _Builder(Transformer[Token, Condition]):
    """Turns the tree into functions; conditions are called for every line."""

    def __init__(self) -> None:
        super().__init__()
        self.selectors: dict[str, tuple[Step, ...]] = {}
        self._expressions = 0

    def start(self, parts: list[Condition]) -> Condition:
        return parts[0]

    def any_of(self, parts: list[Condition]) -> Condition:
        if len(parts) == 1:
            return parts[0]
        return lambda document: any(part(document) for part in parts)

    def all_of(self, parts: list[Condition]) -> Condition:
        if len(parts) == 1:
            return parts[0]
        return lambda document: all(part(document) for part in parts)

    def compares(self, parts: list[Token]) -> Condition:
        selector, operator, value = parts
        written = Written(str(value), value.start_pos or 0)
        self._expressions += written.is_expression
        if self._expressions > MOST_EXPRESSIONS:
            raise PatternError(
                "There are more than two regular expressions",
                written.position,
                "use two at most",
            )
        return _compares(self._steps(selector), comparison(str(operator), written))

    def tests(self, parts: list[Token]) -> Condition:
        steps = self._steps(parts[0])
        wanted = _TESTS[" ".join(parts[1].upper().split())]
        return lambda document: next(_values(document, steps), _MISSING) is wanted

    def _steps(self, selector: Token) -> tuple[Step, ...]:
        steps = tuple(_step(match) for match in _STEP.finditer(selector, 1))
        self.selectors[str(selector)] = steps
        return steps


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["all"] is not None:
        return None
    if match["double"] is not None:
        return re.sub(r"\\(.)", r"\1", match["double"])
    return match["name"] if match["single"] is None else match["single"]


def _compares(steps: tuple[Step, ...], fits: Fits) -> Condition:
    def holds(document: Any) -> bool:
        for value in _values(document, steps):
            text = _text(value)
            if text is not None and fits(text, _number(value)):
                return True
        return False

    return holds


def _values(node: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    """What the steps lead to; nothing where the document has none."""
    for at, step in enumerate(steps):
        if isinstance(step, str) and isinstance(node, dict):
            node = node.get(step, _MISSING)
        elif step is None and isinstance(node, list):
            for item in node:
                yield from _values(item, steps[at + 1 :])
            return
        elif isinstance(step, int) and isinstance(node, list) and step < len(node):
            node = node[step]
        else:
            return
    if node is not _MISSING:
        yield node


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return orjson.dumps(value).decode()
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return number_of(value) if isinstance(value, str) else None


def _document(message: str) -> Any:
    if not message.lstrip().startswith(("{", "[")):
        return _MISSING
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return _MISSING
