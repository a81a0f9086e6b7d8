"""Metric math: the text of an expression into numbers. Pure.

CloudWatch's rules: a value missing in any operand is missing in the answer, and so is
what has no number (x/0). Ids begin with a small letter, functions are capital.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import numpy as np
from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from apps.monitoring.charts.functions import (
    FUNCTIONS,
    OPERATORS,
    ArgumentError,
    Column,
    Columns,
    Term,
)

_GRAMMAR = r"""
start: either
?either: both | either OR both -> binary
?both: compared | both AND compared -> binary
?compared: sum | compared COMPARISON sum -> binary
?sum: product | sum ADD product -> binary
?product: signed | product MULTIPLY signed -> binary
?signed: power | "-" signed -> negative | "+" signed
?power: atom | atom POWER signed -> binary
?atom: NUMBER -> number
     | ID -> line
     | WORD -> word
     | STRING -> text
     | WORD "(" [either ("," either)*] ")" -> call
     | "[" either ("," either)* "]" -> columns
     | "(" either ")"
OR: "||" | "OR"
AND: "&&" | "AND"
COMPARISON: "<=" | ">=" | "==" | "!=" | "<" | ">"
ADD: "+" | "-"
MULTIPLY: "*" | "/" | "%"
POWER: "^"
NUMBER: /(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?/
ID: /[a-z][A-Za-z0-9_]*/
WORD: /[A-Z][A-Z0-9_]*/
STRING: /"[^"]*"|'[^']*'/
%ignore /\s+/
"""
_PARSER = Lark(
    _GRAMMAR, parser="lalr", maybe_placeholders=False, propagate_positions=True
)
_MAX_DEPTH = 60

Node: TypeAlias = Tree[Token] | Token


class ExpressionError(ValueError):
    """What is wrong with an expression, and at which character, from 0."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"{problem}, at character {position + 1}.")
        self.problem = problem
        self.position = position


@dataclass(frozen=True, slots=True)
class Lines:
    """What an expression can name: values by id, the metrics among them, and when.

    `metrics`: ids that METRICS() stands for. `times`: starts of periods in seconds.
    """

    values: Mapping[str, Column]
    metrics: tuple[str, ...]
    times: Column
    period_seconds: int


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that could be read."""

    text: str
    tree: Tree[Token]

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Raises ExpressionError."""
        try:
            tree = _PARSER.parse(text)
        except UnexpectedInput as error:
            at = _position(error, text)
            said = text[at : at + 1]
            what = f"{said!r} is not expected here" if said else "Something is missing"
            raise ExpressionError(what, at) from None
        return cls(text, tree)

    def names(self) -> frozenset[str]:
        """The ids of lines it is computed from, METRICS() apart."""
        found = self.tree.find_data("line")
        return frozenset(str(one.children[0]) for one in found)

    def needs_metrics(self) -> bool:
        return any(
            str(one.children[0]) == "METRICS" for one in self.tree.find_data("call")
        )

    def column(self, lines: Lines) -> Column:
        """A value for every time of `lines`, NaN where it is missing.

        Raises ExpressionError where ids or functions are unknown or misused.
        """
        root = self.tree.children[0]
        term = _Evaluation(lines).term(root, 0)
        if isinstance(term, str | Columns):
            what = "a word" if isinstance(term, str) else "several lines"
            raise ExpressionError(f"This is {what}; expected one line of numbers", 0)
        full = np.broadcast_to(np.asarray(term, np.float64), lines.times.shape)
        return np.where(np.isfinite(full), full, np.nan)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    lines: Lines

    def term(self, node: Node, depth: int) -> Term:
        assert isinstance(node, Tree)  # noqa: S101 - the grammar has no bare tokens
        if depth > _MAX_DEPTH:
            _fail("This is nested too deeply", node)
        run = getattr(self, f"_{node.data}")
        try:
            with np.errstate(all="ignore"):
                term: Term = run(node, depth + 1)
        except ArgumentError as error:
            _fail(str(error), node)
        return term

    def _number(self, node: Tree[Token], depth: int) -> Term:
        return float(str(node.children[0]))

    def _word(self, node: Tree[Token], depth: int) -> Term:
        word = str(node.children[0])
        if word not in ("REPEAT", "LINEAR"):
            _fail(f"{word} is neither a line nor a function with arguments", node)
        return word

    def _text(self, node: Tree[Token], depth: int) -> Term:
        return str(node.children[0])[1:-1]

    def _line(self, node: Tree[Token], depth: int) -> Term:
        name = str(node.children[0])
        if name not in self.lines.values:
            _fail(f"There is no line {name!r}", node)
        return self.lines.values[name]

    def _columns(self, node: Tree[Token], depth: int) -> Term:
        terms = [self.term(child, depth) for child in node.children]
        return Columns(tuple(self._column(term, node) for term in terms))

    def _negative(self, node: Tree[Token], depth: int) -> Term:
        return OPERATORS["*"](-1.0, self.term(node.children[0], depth))

    def _binary(self, node: Tree[Token], depth: int) -> Term:
        left, operator, right = node.children
        return OPERATORS[str(operator)](self.term(left, depth), self.term(right, depth))

    def _call(self, node: Tree[Token], depth: int) -> Term:
        name = str(node.children[0])
        terms = [self.term(child, depth) for child in node.children[1:]]
        if name == "METRICS":
            return self._metrics(terms)
        if name not in FUNCTIONS:
            known = ", ".join(sorted([*FUNCTIONS, "METRICS"]))
            _fail(f"There is no function {name}; there are {known}", node)
        return FUNCTIONS[name].run(terms, self.lines.times, self.lines.period_seconds)

    def _metrics(self, terms: list[Term]) -> Term:
        """All metrics of the chart, or those whose id holds a text."""
        wanted = str(terms[0]) if terms else ""
        ids = [one for one in self.lines.metrics if wanted in one]
        return Columns(tuple(self.lines.values[one] for one in ids))

    def _column(self, term: Term, node: Tree[Token]) -> Column:
        if isinstance(term, str | Columns):
            _fail("A list holds lines and numbers only", node)
        return np.broadcast_to(np.asarray(term, np.float64), self.lines.times.shape)


def _position(error: UnexpectedInput, text: str) -> int:
    """Where reading stopped: behind the text where something is missing."""
    is_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    at = len(text) if is_end else error.pos_in_stream
    return len(text) if at is None or at < 0 else min(at, len(text))


def _fail(problem: str, node: Tree[Token]) -> NoReturn:
    raise ExpressionError(problem, int(getattr(node.meta, "start_pos", 0)))
