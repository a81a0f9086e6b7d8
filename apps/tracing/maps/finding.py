"""The language of `find` and `hide`: which nodes and edges a text means. Pure.

    checkout                     name holds it; * stands for anything
    type:lambda kind:database    fields by what they hold; = asks for the whole
    calls > 100 errors >= 1%     numbers: calls a minute, shares, p50 p95 p99 mean
    is:failing or is:silent      health, and what nodes are
    edge.p95 > 500ms             the same of edges; edge.from, edge.to, is:async

Words beside each other must all hold; `or`, `not` and parentheses as usual.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.looks import Shape, look_of
from apps.tracing.maps.servicemap import CLIENT, Figures, MapEdge, MapNode

MOST_CHARACTERS = 500
_MAX_DEPTH = 40
_GRAMMAR = r"""
start: either
?either: both (_OR both)* -> any_of
?both: negated (_AND? negated)* -> all_of
?negated: _NOT negated -> negation
        | "(" either ")"
        | FIELD COMPARES _value -> compared
        | TEXT -> word
        | QUOTED -> word
        | FIELD -> word
_value: TEXT | QUOTED | FIELD
_OR.3: /or\b|\|\|?/i
_AND.3: /and\b|&&?/i
_NOT.3: /not\b|!(?!=)|-(?=[\w(])/i
COMPARES.2: /!=|<=|>=|=|<|>|:/
FIELD.1: /(edge\.)?[a-z]+[0-9]*(?=\s*(!=|<=|>=|=|<|>|:(?!:)))/i
QUOTED: /"[^"]*"|'[^']*'/
TEXT: /[^\s"'()=<>!|&]+/
%ignore /\s+/
"""
_PARSER = Lark(
    _GRAMMAR, parser="lalr", maybe_placeholders=False, propagate_positions=True
)
Node: TypeAlias = Tree[Token]
_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    ":": operator.eq,
    "!=": operator.ne,
}
_NUMBER = re.compile(
    r"(\d+(?:\.\d*)?|\.\d+)\s*(%|us|ms|s|min|/min|/h|/s|k)?", re.IGNORECASE
)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "min": 60_000.0}
_RATES = {"/min": 1.0, "/h": 1 / 60, "/s": 60.0, "k": 1_000.0}
_SHARES = {
    "errors": lambda figures: figures.errors,
    "faults": lambda figures: figures.faults,
    "throttles": lambda figures: figures.throttles,
    "failures": lambda figures: figures.failures,
}  # type: Mapping[str, Callable[[Figures], int]]
_LATENCIES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_TEXTS = ("name", "type", "account", "kind")
_EDGE_TEXTS = ("from", "to")
NUMBERS = ("calls", *_SHARES, *_LATENCIES, "mean")
IS = (*Health, "root", "client", "silent", "async")
FIELDS = (*_TEXTS, *NUMBERS, "is", "edge.from", "edge.to")


class FindError(ValueError):
    """What is wrong with an expression, and at which character, from 0."""

    def __init__(self, problem: str, position: int, expected: str) -> None:
        super().__init__(f"{problem} at character {position + 1}: {expected}.")
        self.problem = problem
        self.position = position
        self.expected = expected


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a node or an edge has for the language to ask about."""

    is_edge: bool
    texts: Mapping[str, str]
    marks: frozenset[str]
    figures: Figures
    minutes: float

    def number(self, name: str) -> float | None:
        """None where there is nothing to measure: no comparison holds for it."""
        figures = self.figures
        if name == "calls":
            return figures.calls / self.minutes
        if name in _SHARES:
            count = _SHARES[name](figures)
            return 100 * count / figures.calls if figures.calls else None
        if name == "mean":
            return figures.mean_ms
        return figures.percentile_ms(_LATENCIES[name])


Test: TypeAlias = Callable[[_Subject], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """An expression that could be read; `seconds` of the window make rates of calls."""

    text: str
    _test: Test
    _asks_nodes: bool
    _asks_edges: bool

    def node(self, node: MapNode, seconds: float) -> bool:
        return self._asks_nodes and self._test(_node(node, seconds))

    def edge(self, edge: MapEdge, seconds: float) -> bool:
        return self._asks_edges and self._test(_edge(edge, seconds))


def parse(text: str) -> Found:
    """Raises FindError, which says where and what was expected."""
    if len(text) > MOST_CHARACTERS:
        raise FindError(
            "This is too long", MOST_CHARACTERS, f"at most {MOST_CHARACTERS} characters"
        )
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        at = _position(error, text)
        said = text[at : at + 1]
        problem = f"{said!r} cannot stand" if said else "Something is missing"
        raise FindError(problem, at, "expected a name or field:value") from None
    terms = list(_terms(tree))
    test = _compiled(tree.children[0], 0)
    are_edges = [_is_of_edges(one) for one in terms]
    return Found(text, test, not all(are_edges), any(are_edges))


def _terms(tree: Node) -> Iterator[Node]:
    yield from tree.find_pred(lambda one: one.data in ("compared", "word"))


def _is_of_edges(term: Node) -> bool:
    if term.data == "word":
        return False
    field, _, value = map(str, term.children)
    is_async = field.lower() == "is" and value.lower() == "async"
    return field.lower().startswith("edge.") or is_async


def _compiled(node: Tree[Token] | Token, depth: int) -> Test:
    assert isinstance(node, Tree)  # noqa: S101 - the grammar has no bare tokens
    if depth > _MAX_DEPTH:
        _fail("This is nested too deeply", node, "fewer parentheses")
    if node.data == "word":
        return _worded(_unquoted(node.children[0]))
    if node.data == "compared":
        return _compared(node)
    parts = [_compiled(one, depth + 1) for one in node.children]
    if node.data == "negation":
        (inner,) = parts
        return lambda subject: not inner(subject)
    combine = any if node.data == "any_of" else all
    return lambda subject: combine(part(subject) for part in parts)


def _compared(node: Node) -> Test:
    field, sign, value = node.children
    name, is_edge = str(field).lower(), False
    if name.startswith("edge."):
        name, is_edge = name.removeprefix("edge."), True
    if name in NUMBERS:
        test = _measured(name, str(sign), value)
    elif name == "is" and not is_edge:
        return _marked(str(sign), value)
    elif name in (_EDGE_TEXTS if is_edge else _TEXTS):
        test = _texted(name, str(sign), value)
    else:
        _fail(f"There is no field {field}", field, "use one of " + ", ".join(FIELDS))
    return lambda subject: subject.is_edge is is_edge and test(subject)


def _measured(name: str, sign: str, value: Tree[Token] | Token) -> Test:
    found = _NUMBER.fullmatch(_unquoted(value))
    unit = (found[2] or "").lower() if found else ""
    fits = {"calls": _RATES, **{key: {"%": 1.0} for key in _SHARES}}.get(name, _UNITS)
    if found is None or (unit and unit not in fits):
        example = "100" if name == "calls" else "250ms"
        example = "1%" if name in _SHARES else example
        _fail(f"{value} is no number for {name}", value, f"write {name} > {example}")
    than, compare = float(found[1]) * fits.get(unit, 1.0), _ORDERED[sign]

    def test(subject: _Subject) -> bool:
        measured = subject.number(name)
        return measured is not None and compare(measured, than)

    return test


def _marked(sign: str, value: Tree[Token] | Token) -> Test:
    mark = _unquoted(value).lower()
    mark = {"healthy": "good"}.get(mark, mark)
    if mark not in IS or sign not in (":", "=", "!="):
        _fail(f"Nothing is {value}", value, "use is: with " + ", ".join(IS))
    wants_edges = mark == "async"
    wanted = sign != "!="
    return lambda subject: (
        subject.is_edge is wants_edges and (mark in subject.marks) is wanted
    )


def _texted(name: str, sign: str, value: Tree[Token] | Token) -> Test:
    if sign not in (":", "=", "!="):
        _fail(f"{name} is no number", value, f"write {name}:text")
    text = _unquoted(value)
    holds = _pattern(text, is_whole=sign != ":")
    wanted = sign != "!="
    return lambda subject: (
        (holds.search(subject.texts.get(name, "")) is not None) is wanted
    )


def _worded(text: str) -> Test:
    holds = _pattern(text, is_whole=False)
    return lambda subject: (
        not subject.is_edge and holds.search(subject.texts["name"]) is not None
    )


def _pattern(text: str, *, is_whole: bool) -> re.Pattern[str]:
    pattern = re.escape(text).replace(r"\*", ".*")
    has_ends = is_whole or "*" in text
    return re.compile(
        f"^{pattern}$" if has_ends else pattern, re.IGNORECASE | re.DOTALL
    )


def _unquoted(value: Tree[Token] | Token) -> str:
    text = str(value)
    return text[1:-1] if text[:1] in "\"'" and len(text) > 1 else text


def _node(node: MapNode, seconds: float) -> _Subject:
    look = look_of(node.key.type)
    marks = {str(health_of(node.figures))}
    marks |= {"root"} if node.is_root else set()
    marks |= {"client"} if node.key.type == CLIENT else set()
    marks |= set() if node.sends_spans else {"silent"}
    kind = "lambda" if look.shape is Shape.FUNCTION else str(look.shape)
    texts = {
        "name": node.key.name,
        "type": f"{node.key.type} {look.caption}",
        "account": node.key.account,
        "kind": kind,
    }
    return _Subject(
        is_edge=False,
        texts=texts,
        marks=frozenset(marks),
        figures=node.figures,
        minutes=seconds / 60,
    )


def _edge(edge: MapEdge, seconds: float) -> _Subject:
    texts = {"name": "", "from": edge.source.name, "to": edge.target.name}
    marks = {str(health_of(edge.figures))} | ({"async"} if edge.is_async else set())
    return _Subject(
        is_edge=True,
        texts=texts,
        marks=frozenset(marks),
        figures=edge.figures,
        minutes=seconds / 60,
    )


def _position(error: UnexpectedInput, text: str) -> int:
    is_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    at = len(text) if is_end else error.pos_in_stream
    return len(text) if at is None or at < 0 else min(at, len(text))


def _fail(problem: str, node: Tree[Token] | Token, expected: str) -> NoReturn:
    begins = node.start_pos if isinstance(node, Token) else node.meta.start_pos
    raise FindError(problem, int(begins or 0), expected)
