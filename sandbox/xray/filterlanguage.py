"""Filter expressions, parsed.

Source: "Using filter expressions" in the X-Ray developer guide, and its examples:
words in any case, conditions side by side mean AND, braces narrow a service, an edge
or a root cause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.xray.filtertokens import Kind, Token, invalid, tokens_of

_COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}
_TEXT_OPERATORS = {"contains", "beginswith", "endswith"}
_DEEPEST = 50
_ID_PARTS = {"name", "type", "account.id"}

BOOLEANS = frozenset(
    {"ok", "error", "throttle", "fault", "partial", "inferred", "first", "last"}
    | {"remote", "root"}
)
NUMBERS = frozenset({"responsetime", "duration", "http.status", "index", "coverage"})
TEXTS = frozenset(
    {"http.url", "http.method", "http.useragent", "http.clientip", "user", "name"}
    | {"type", "message", "availabilityzone", "instance.id", "resource.arn"}
    | {"group.name", "group.arn"}
)
ROOT_CAUSES = frozenset(
    {
        f"rootcause.{kind}.{what}"
        for kind in ("fault", "error", "responsetime")
        for what in ("service", "entity", "exception")
    }
    - {"rootcause.responsetime.exception"}
)
JSON_KEYWORDS = frozenset({"json", "rootcause.json"})
ANNOTATION = "annotation."


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """A keyword compared with a value; without an operator, whether it is set."""

    keyword: str
    operator: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Name:
    """A node by name, type and account; what is None may be anything."""

    name: str | None = None
    type: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    service: Name
    inner: Node | None = None


@dataclass(frozen=True, slots=True)
class EdgeFilter:
    source: Name
    target: Name
    inner: Node | None = None


@dataclass(frozen=True, slots=True)
class CauseFilter:
    """`keyword` is such as `rootcause.fault.service`."""

    keyword: str
    inner: Node | None = None


Node = Every | Either | Not | Condition | ServiceFilter | EdgeFilter | CauseFilter


def parse(expression: str) -> Node:
    """The expression as a tree. Raises InvalidRequestException saying what is wrong."""
    parser = _Parser(tokens_of(expression))
    found = parser.either()
    parser.expect_end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind is not Kind.END
        return token

    def _is(self, *words: str) -> bool:
        token = self._next
        is_plain = token.kind in {Kind.WORD, Kind.SIGN}
        return is_plain and str(token.value).lower() in words

    def _accept(self, *words: str) -> bool:
        found = self._is(*words)
        if found:
            self._take()
        return found

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._unexpected(f"{sign!r}")

    def _unexpected(self, wanted: str) -> Exception:
        token = self._next
        shown = repr(token.value) if token.kind is not Kind.END else "the end"
        return invalid(f"expected {wanted} at position {token.at}, but found {shown}.")

    def expect_end(self) -> None:
        if self._next.kind is not Kind.END:
            raise self._unexpected("the end")

    def either(self) -> Node:
        parts = [self._every()]
        while self._accept("or", "||"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Node:
        parts = [self._one()]
        while self._accept("and", "&&") or self._begins_another():
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _begins_another(self) -> bool:
        if self._next.kind is Kind.WORD:
            return not self._is("or")
        return self._is("!", "(")

    def _one(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise invalid(f"it is nested deeper than {_DEEPEST} levels.")
        found = self._one_of_any_kind()
        self._depth -= 1
        return found

    def _one_of_any_kind(self) -> Node:
        if self._accept("!", "not"):
            return Not(self._one())
        if self._accept("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._next.kind is not Kind.WORD or self._is("and", "or"):
            raise self._unexpected("a keyword")
        return self._term()

    def _term(self) -> Node:
        word = str(self._take().value)
        keyword = word.lower()
        if keyword == "annotation" and self._is("["):
            return self._condition(ANNOTATION + self._bracketed())
        if keyword.startswith(ANNOTATION):
            # Keys of annotations are the only words whose case matters.
            return self._condition(ANNOTATION + word[len(ANNOTATION) :])
        if keyword in ROOT_CAUSES:
            return CauseFilter(keyword, self._braces())
        if self._is("("):
            return self._function(keyword)
        return self._condition(keyword)

    def _bracketed(self) -> str:
        self._expect("[")
        token = self._take()
        if token.kind not in {Kind.WORD, Kind.TEXT}:
            raise invalid(f"an annotation's key is missing at position {token.at}.")
        self._expect("]")
        return str(token.value)

    def _function(self, keyword: str) -> Node:
        if keyword == "service":
            self._expect("(")
            service = Name() if self._is(")") else self._name()
            self._expect(")")
            return ServiceFilter(service, self._braces())
        if keyword == "edge":
            self._expect("(")
            source = self._name()
            self._expect(",")
            target = self._name()
            self._expect(")")
            return EdgeFilter(source, target, self._braces())
        if keyword == "id":
            return ServiceFilter(self._id(), self._braces())
        raise invalid(f"there is no function {keyword}().")

    def _name(self) -> Name:
        if self._next.kind is Kind.TEXT:
            return Name(str(self._take().value))
        if self._accept("id"):
            return self._id()
        raise self._unexpected("the name of a service")

    def _id(self) -> Name:
        parts: dict[str, str] = {}
        self._expect("(")
        while not parts or self._accept(","):
            part = str(self._take().value).lower()
            if part not in _ID_PARTS or part in parts:
                raise invalid("id() takes a name, a type and an account.id.")
            self._expect(":")
            if self._next.kind is not Kind.TEXT:
                raise self._unexpected("text in quotation marks")
            parts[part] = str(self._take().value)
        self._expect(")")
        return Name(parts.get("name"), parts.get("type"), parts.get("account.id"))

    def _braces(self) -> Node | None:
        if not self._accept("{"):
            return None
        inner = self.either()
        self._expect("}")
        return inner

    def _condition(self, keyword: str) -> Node:
        if self._is(*_COMPARISONS, *_TEXT_OPERATORS):
            operator = str(self._take().value).lower()
            return Condition(keyword, operator, self._value(keyword, operator))
        return Condition(keyword)

    def _value(self, keyword: str, operator: str) -> Any:
        token = self._take()
        value = token.value
        if token.kind is Kind.WORD and str(value).lower() in {"true", "false"}:
            value = str(value).lower() == "true"
        elif token.kind in {Kind.SIGN, Kind.END}:
            raise invalid(f"{keyword} {operator} lacks a value.")
        _check_type(keyword, operator, value)
        return value


class _Type(NamedTuple):
    """What a kind of keyword is compared with, and how that is said."""

    keywords: frozenset[str]
    operators: set[str]
    takes: Callable[[Any], bool]
    said: str


_EQUALITY = {"=", "!="}
_TYPES = (
    _Type(
        JSON_KEYWORDS,
        _EQUALITY,
        lambda value: _are_causes(value),
        "by = with #[...], names of services",
    ),
    _Type(
        BOOLEANS,
        _EQUALITY,
        lambda value: isinstance(value, bool),
        "by = or != with true or false",
    ),
    _Type(
        NUMBERS, _COMPARISONS, lambda value: isinstance(value, float), "with a number"
    ),
    _Type(
        TEXTS,
        _EQUALITY | _TEXT_OPERATORS,
        lambda value: isinstance(value, str),
        "with text in quotation marks",
    ),
)


def _check_type(keyword: str, operator: str, value: Any) -> None:
    """Raises where the operator or the value is not for such a keyword."""
    for kind in _TYPES:
        if keyword not in kind.keywords:
            continue
        if operator not in kind.operators or not kind.takes(value):
            raise invalid(f"{keyword} is compared {kind.said}.")
        return
    if operator in _TEXT_OPERATORS and not isinstance(value, str):
        raise invalid(f"{operator.upper()} needs text in quotation marks.")


def _are_causes(value: Any) -> bool:
    """Whether the JSON names services and the entities of each."""
    return _are_objects(value, "Services") and all(
        _are_objects(cause["Services"], "Name", "EntityPath")
        and all(_are_objects(s["EntityPath"], "Name") for s in cause["Services"])
        for cause in value
    )


def _are_objects(value: Any, *members: str) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() >= set(members) for item in value
    )


def unknown_keywords(node: Node | None) -> set[str]:
    """The keywords of an expression that X-Ray has none of."""
    if isinstance(node, Every | Either):
        return {word for part in node.parts for word in unknown_keywords(part)}
    if isinstance(node, Not):
        return unknown_keywords(node.part)
    if isinstance(node, ServiceFilter | EdgeFilter | CauseFilter):
        return unknown_keywords(node.inner)
    if node is None or node.keyword.startswith(ANNOTATION):
        return set()
    known = node.keyword in BOOLEANS | NUMBERS | TEXTS | JSON_KEYWORDS
    return set() if known else {node.keyword}
