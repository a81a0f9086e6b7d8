"""Reads metric math into a tree.

Source: Using metric math, CloudWatch user guide: operators and their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class MathError(Exception):
    """What is wrong with an expression, in AWS's words where they are known."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """A function with its arguments."""

    function: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Negate:
    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    left: Node
    right: Node


Node = Number | Text | Name | Array | Apply | Negate | Operation

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
    r"|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/^<>()\[\],]))"
)
_WORDS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR"}
# From what binds least to what binds most.
_LEVELS = (
    frozenset({"OR"}),
    frozenset({"AND"}),
    frozenset({"<", ">", "<=", ">=", "==", "!="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise MathError(f"Unexpected character '{text[at]}' at position {at}")
        kind = str(match.lastgroup)
        value = match[kind]
        if value in _WORDS:
            kind, value = "sign", _WORDS[value]
        yield _Token(kind, value, match.start(match.lastgroup or 0))
        at = match.end()
    yield _Token("end", "", end)


def parse(text: str) -> Node:
    """The tree of an expression. Raises MathError with the position of a fault."""
    parser = _Parser(list(_tokens(text)))
    node = parser.level(0)
    parser.expect("end", "")
    return node


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _accept(self, sign: str) -> bool:
        if self._next.kind == "sign" and self._next.value == sign:
            self._at += 1
            return True
        return False

    def expect(self, kind: str, value: str) -> None:
        token = self._next
        if token.kind != kind or (value and token.value != value):
            raise _unexpected(token)
        self._at += 1

    def level(self, depth: int) -> Node:
        """Operators of one level and all that bind more."""
        if depth == len(_LEVELS):
            return self._unary()
        left = self.level(depth + 1)
        while self._next.kind == "sign" and self._next.value in _LEVELS[depth]:
            operator = self._take().value
            left = Operation(operator, left, self.level(depth + 1))
        return left

    def _unary(self) -> Node:
        if self._accept("-"):
            return Negate(self._unary())
        base = self._atom()
        if self._accept("^"):
            return Operation("^", base, self._unary())
        return base

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return Number(float(token.value))
        if token.kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", token.value[1:-1]))
        if token.kind == "name":
            return self._named(token)
        if token.kind == "sign" and token.value == "(":
            inner = self.level(0)
            self.expect("sign", ")")
            return inner
        if token.kind == "sign" and token.value == "[":
            return Array(self._list("]"))
        raise _unexpected(token)

    def _named(self, token: _Token) -> Node:
        if self._accept("("):
            return Apply(token.value, self._list(")"), token.position)
        return Name(token.value, token.position)

    def _list(self, closing: str) -> tuple[Node, ...]:
        if self._accept(closing):
            return ()
        items = [self.level(0)]
        while self._accept(","):
            items.append(self.level(0))
        self.expect("sign", closing)
        return tuple(items)


def _unexpected(token: _Token) -> MathError:
    if token.kind == "end":
        return MathError(f"Unexpected end of expression at position {token.position}")
    return MathError(f"Unexpected token '{token.value}' at position {token.position}")


def names_in(node: Node) -> Iterator[Name]:
    """The ids and words an expression uses."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Negate):
        yield from names_in(node.operand)
    elif isinstance(node, Operation):
        yield from names_in(node.left)
        yield from names_in(node.right)
    elif isinstance(node, Array | Apply):
        for item in node.items if isinstance(node, Array) else node.arguments:
            yield from names_in(item)
