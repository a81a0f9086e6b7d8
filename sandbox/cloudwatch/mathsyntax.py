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
MOST_NESTED = 50
"""How deep parts may be in parts: the sandbox's own bound, AWS tells none."""

_WORDS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR"}
# From what binds least to what binds most.
_LEVELS = ({"OR"}, {"AND"}, {"<", ">", "<=", ">=", "==", "!="}, {"+", "-"}, {"*", "/"})
_BINDING = {sign: at for at, level in enumerate(_LEVELS) for sign in level}


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
        self._nested = 0

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

    def level(self, least: int) -> Node:
        """Operators of one level and all that bind more."""
        left = self._unary()
        while (binding := self._binding()) >= least:
            operator = self._take().value
            left = Operation(operator, left, self.level(binding + 1))
        return left

    def _binding(self) -> int:
        token = self._next
        return _BINDING.get(token.value, -1) if token.kind == "sign" else -1

    def _unary(self) -> Node:
        """What operators stand between; all that nests passes here."""
        if self._nested > MOST_NESTED:
            raise MathError(f"Nested too deeply at position {self._next.position}")
        self._nested += 1
        node = self._signed()
        self._nested -= 1
        return node

    def _signed(self) -> Node:
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


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes right below a node, from left to right."""
    if isinstance(node, Apply):
        return node.arguments
    if isinstance(node, Array):
        return node.items
    if isinstance(node, Negate):
        return (node.operand,)
    if isinstance(node, Operation):
        return (node.left, node.right)
    return ()


def in_order(root: Node) -> list[Node]:
    """All nodes, each after its parts. Long sums are deep trees: no recursion."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += parts(node)
    return found[::-1]


def names_in(root: Node) -> list[Name]:
    """The ids and words an expression uses."""
    return [node for node in in_order(root) if isinstance(node, Name)]
