"""Filter expressions, read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lark import Token, UnexpectedInput
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from apps.tracing.traces.filters.grammar import GRAMMAR, explained
from apps.tracing.traces.filters.syntax import (
    ANNOTATION,
    BOOLEANS,
    GROUPS,
    KEYWORDS,
    NUMBERS,
    TEXTS,
    AllOf,
    AnyOf,
    CauseFilter,
    CauseNames,
    CausePaths,
    Condition,
    EdgeFilter,
    FilterError,
    Node,
    NodeName,
    Not,
    ServiceFilter,
    Value,
)

LONGEST = 4_000
_DEEPEST = 50
_ID_PARTS = ("name", "type", "account.id")
_EQUALITY = frozenset(("=", "!="))
_ORDER = _EQUALITY | {"<", "<=", ">", ">="}
_IN_TEXT = frozenset(("CONTAINS", "BEGINSWITH", "ENDSWITH"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def read(expression: str) -> Node:
    """An expression to search by: no keyword is unknown. Raises FilterError."""
    found = parse(expression)
    for condition in _conditions(found):
        keyword = condition.keyword
        if keyword not in KEYWORDS and not keyword.startswith(ANNOTATION):
            raise FilterError(
                f"X-Ray has no keyword {keyword[:60]!r}",
                condition.position,
                _near(keyword),
            )
    return found


def _conditions(node: Node | None) -> Iterator[Condition]:
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from _conditions(part)
    elif isinstance(node, Not):
        yield from _conditions(node.part)
    elif isinstance(node, ServiceFilter | EdgeFilter | CauseFilter):
        yield from _conditions(node.inner)


def parse(expression: str) -> Node:
    """The expression as a tree, whatever its keywords; the guide's own examples have
    a placeholder for one. Raises FilterError."""
    _check_size(expression)
    try:
        found = _Reader().transform(GRAMMAR.parse(expression))
    except UnexpectedInput as error:
        raise explained(expression, error) from error
    except VisitError as error:
        if isinstance(error.orig_exc, FilterError):
            raise error.orig_exc from None
        raise
    return found  # type: ignore[no-any-return]  # lark tells nothing of its results


def _check_size(expression: str) -> None:
    if len(expression) > LONGEST:
        raise FilterError(
            "The expression is too long", LONGEST, f"at most {LONGEST:,} characters"
        )
    depth = 0
    for at, sign in enumerate(expression):
        depth += (sign in "({[") - (sign in ")}]")
        if depth > _DEEPEST:
            raise FilterError(
                "The expression is nested too deeply",
                at,
                f"at most {_DEEPEST} levels",
            )


class _Kind(NamedTuple):
    """What keywords of a kind are compared with, and how that is said."""

    keywords: frozenset[str]
    operators: frozenset[str]
    takes: Callable[[Value], bool]
    said: str


_KINDS = (
    _Kind(
        BOOLEANS, _EQUALITY, lambda value: isinstance(value, bool), "= or !=, and true "
        "or false",
    ),
    _Kind(
        NUMBERS,
        _ORDER,
        lambda value: isinstance(value, float),
        "= != < <= > or >=, and a number",
    ),
    _Kind(
        TEXTS | GROUPS,
        _EQUALITY | _IN_TEXT,
        lambda value: isinstance(value, str),
        "= != CONTAINS BEGINSWITH or ENDSWITH, and a text in quotation marks",
    ),
)  # fmt: skip


class _Keyword(NamedTuple):
    name: str
    position: int


class _Comparison(NamedTuple):
    operator: str
    value: Value
    position: int


class _Reader(Transformer_NonRecursive[Token, Any]):
    """Makes our tree of lark's, and checks what the grammar cannot."""

    def start(self, parts: list[Any]) -> Node:
        return parts[0]  # type: ignore[no-any-return]

    def any_of(self, parts: list[Any]) -> Node:
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, parts: list[Any]) -> Node:
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def negated(self, parts: list[Any]) -> Node:
        return parts[0].part if isinstance(parts[0], Not) else Not(parts[0])

    def plain(self, parts: list[Token]) -> _Keyword:
        word, at = str(parts[0]), parts[0].start_pos or 0
        if word.lower().startswith(ANNOTATION):
            # Of all words only the keys of annotations have a letter case.
            return _Keyword(ANNOTATION + word[len(ANNOTATION) :], at)
        return _Keyword(word.lower(), at)

    def bracketed(self, parts: list[Token]) -> _Keyword:
        return _Keyword(ANNOTATION + str(_plain(parts[0])), parts[0].start_pos or 0)

    def comparison(self, parts: list[Token]) -> _Comparison:
        operator, value = parts
        return _Comparison(
            str(operator).upper(), _plain(value), operator.start_pos or 0
        )

    def condition(self, parts: list[Any]) -> Node:
        keyword: _Keyword = parts[0]
        compared: _Comparison | None = parts[1]
        if compared is None:
            return Condition(keyword.name, position=keyword.position)
        _check_comparison(keyword.name, compared)
        return Condition(
            keyword.name, compared.operator, compared.value, keyword.position
        )

    def named(self, parts: list[Token]) -> NodeName:
        return NodeName(str(_plain(parts[0])))

    def id_part(self, parts: list[Token]) -> tuple[Token, str]:
        return parts[0], str(_plain(parts[1]))

    def id(self, parts: list[tuple[Token, str]]) -> NodeName:
        found: dict[str, str] = {}
        for word, value in parts:
            name = str(word).lower()
            if name not in _ID_PARTS or name in found:
                raise FilterError(
                    f"id() does not take {str(word)[:60]!r} here",
                    word.start_pos or 0,
                    "name, type and account.id, each at most once",
                )
            found[name] = value
        return NodeName(*(found.get(name) for name in _ID_PARTS))

    def service(self, parts: list[Any]) -> Node:
        return ServiceFilter(parts[0] or NodeName(), parts[1])

    def by_id(self, parts: list[Any]) -> Node:
        return ServiceFilter(parts[0], parts[1])

    def edge(self, parts: list[Any]) -> Node:
        return EdgeFilter(*parts)

    def cause(self, parts: list[Any]) -> Node:
        _, kind, part = str(parts[0]).lower().split(".")
        if (kind, part) == ("responsetime", "exception"):
            raise FilterError(
                "What was slow has no exceptions",
                parts[0].start_pos or 0,
                "rootcause.responsetime.service or .entity",
            )
        return CauseFilter(kind, part, parts[1])

    def array(self, parts: list[Any]) -> list[Any]:
        return [_json(part) for part in parts if part is not None]

    def member(self, parts: list[Any]) -> tuple[str, Any]:
        return str(_plain(parts[0])), _json(parts[1])

    def object(self, parts: list[Any]) -> dict[str, Any]:
        return dict(part for part in parts if part is not None)

    def paths(self, parts: list[Any]) -> Node:
        operator, found = parts
        if operator is None:
            return CausePaths()
        at = operator.start_pos or 0
        return CausePaths(str(operator), _cause_paths(found, at))


def _near(word: str) -> str:
    near = difflib.get_close_matches(word.lower(), KEYWORDS, 3, 0.5)
    names = ", ".join(near) or "fault, duration, http.url, user, annotation.KEY"
    return f"a keyword such as {names}"


def _plain(token: Token) -> Value:
    """What a token stands for."""
    if token.type == "TEXT":
        return _ESCAPED.sub(r"\1", token[1:-1])
    if token.type == "NUMBER":
        return float(token)
    return token.lower() == "true" if token.type == "TRUTH" else str(token)


def _json(part: Any) -> Any:
    return _plain(part) if isinstance(part, Token) else part


def _check_comparison(keyword: str, compared: _Comparison) -> None:
    for kind in _KINDS:
        if keyword not in kind.keywords:
            continue
        if compared.operator not in kind.operators or not kind.takes(compared.value):
            raise FilterError(
                f"{keyword} cannot be compared so", compared.position, kind.said
            )
        return
    if compared.operator in _IN_TEXT and not isinstance(compared.value, str):
        raise FilterError(
            f"{compared.operator} needs a text",
            compared.position,
            "a text in quotation marks",
        )


def _cause_paths(found: Any, position: int) -> tuple[CauseNames, ...]:
    try:
        return tuple(
            tuple(
                (
                    str(service["Name"]),
                    tuple(str(entity["Name"]) for entity in service["EntityPath"]),
                )
                for service in cause["Services"]
            )
            for cause in _list(found)
        )
    except (KeyError, TypeError):
        raise FilterError(
            "That is no list of root causes",
            position,
            '#[{"Services": [{"Name": ..., "EntityPath": [{"Name": ...}]}]}]',
        ) from None


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise TypeError
    return found
