"""Reads the language of AWS Config's advanced queries.

SELECT property, ... | * | AVG COUNT MAX MIN SUM (property or *)
[WHERE condition] [GROUP BY property, ...] [ORDER BY property [ASC | DESC], ...]

Source: AWS Config developer guide, "Querying the current configuration state", with
its limits: no FROM, JOIN, AS, DISTINCT, HAVING, UNION or NULL; three letters before a
wildcard, which ends the text; three properties to group by, one where an aggregate
orders.
"""

from __future__ import annotations

import re
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import (
    UnexpectedCharacters,
    UnexpectedInput,
    UnexpectedToken,
    VisitError,
)

from apps.discovery.inventory.select.syntax import (
    AllOf,
    AnyOf,
    Between,
    Column,
    Compare,
    Condition,
    Literal,
    Not,
    OneOf,
    Order,
    Path,
    Query,
    SelectError,
)

MOST_LETTERS = 4_096
_MOST_GROUPS = 3
_LEAST_BEFORE_WILDCARD = 3
_DEEPEST = 100
_LAST_WORD = re.compile(r"(?<![\w.])([A-Za-z]+)\s*$")
# AWS Config developer guide: what SELECT * gives.
SCALARS = (
    "accountId", "awsRegion", "arn", "availabilityZone", "configurationItemCaptureTime",
    "resourceCreationTime", "resourceId", "resourceName", "resourceType", "version",
)  # fmt: skip
_NOT_THERE = frozenset(
    ("ALL", "AS", "DISTINCT", "FROM", "HAVING", "JOIN", "LIMIT", "NULL", "IS", "UNION")
)

_GRAMMAR = r"""
start: _SELECT columns [_WHERE condition] [_GROUP _BY paths] [_ORDER _BY orders]
columns: STAR -> everything
    | column ("," column)*
column: AGGREGATE "(" (STAR | path) ")" -> aggregate
    | path -> property
paths: path ("," path)*
orders: order ("," order)*
order: column [DIRECTION]
?condition: conjunction (_OR conjunction)* -> any_of
?conjunction: negation (_AND negation)* -> all_of
?negation: _NOT negation -> negated
    | "(" condition ")"
    | comparison
comparison: path OPERATOR literal -> compare
    | path _NOT _IN "(" literal ("," literal)* ")" -> not_one_of
    | path _IN "(" literal ("," literal)* ")" -> one_of
    | path _NOT _LIKE literal -> not_like
    | path _LIKE literal -> like
    | path _NOT _BETWEEN literal _AND literal -> not_between
    | path _BETWEEN literal _AND literal -> between
literal: STRING -> text
    | NUMBER -> number
    | TRUTH -> truth
path: PATH
_SELECT.3: /select(?![\w.:\/-])/i
_WHERE.3: /where(?![\w.:\/-])/i
_GROUP.3: /group(?![\w.:\/-])/i
_ORDER.3: /order(?![\w.:\/-])/i
_BY.3: /by(?![\w.:\/-])/i
_AND.3: /and(?![\w.:\/-])/i
_OR.3: /or(?![\w.:\/-])/i
_NOT.3: /not(?![\w.:\/-])/i
_IN.3: /in(?![\w.:\/-])/i
_LIKE.3: /like(?![\w.:\/-])/i
_BETWEEN.3: /between(?![\w.:\/-])/i
DIRECTION.3: /(asc|desc)(?![\w.:\/-])/i
AGGREGATE.3: /(avg|count|max|min|sum)(?=\s*\()/i
TRUTH.3: /(true|false)(?![\w.:\/-])/i
NUMBER.2: /-?\d+(\.\d+)?(?![\w.])/
STRING: /'(?:[^']|'')*'/ | /"(?:[^"]|"")*"/
OPERATOR: "<=" | ">=" | "<>" | "!=" | "=" | "<" | ">"
STAR: "*"
PATH: /[A-Za-z_][\w:\/@-]*(\.[\w:\/@-]+)*/
%ignore /\s+/
"""
_LARK = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True)
_WORDS = {
    "_SELECT": "SELECT", "_WHERE": "WHERE", "_GROUP": "GROUP BY", "_ORDER": "ORDER BY",
    "_BY": "BY", "_AND": "AND", "_OR": "OR", "_NOT": "NOT", "_IN": "IN",
    "_LIKE": "LIKE", "_BETWEEN": "BETWEEN", "DIRECTION": "ASC or DESC",
    "AGGREGATE": "COUNT, SUM, AVG, MIN or MAX", "TRUTH": "true or false",
    "NUMBER": "a number", "STRING": "a text in quotes", "OPERATOR": "a comparison",
    "STAR": "*", "PATH": "a property", "COMMA": "a comma", "LPAR": "(", "RPAR": ")",
    "$END": "the end",
}  # fmt: skip


def read(text: str) -> Query:
    """Raises SelectError."""
    if len(text) > MOST_LETTERS:
        raise SelectError(
            f"A query has at most {MOST_LETTERS:,} letters.", MOST_LETTERS
        )
    if _depth(text) > _DEEPEST:
        raise SelectError(f"Parentheses are nested deeper than {_DEEPEST}.")
    try:
        tree = _LARK.parse(text)
    except UnexpectedInput as error:
        raise _problem(error, text) from error
    try:
        query: Query = _Reader(text).transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, SelectError):
            raise error.orig_exc from error
        raise
    return _checked(query)


def _depth(text: str) -> int:
    deepest = now = 0
    for letter in text:
        now += (letter == "(") - (letter == ")")
        deepest = max(deepest, now)
    return deepest


def _problem(error: UnexpectedInput, text: str) -> SelectError:
    found_at: Any = error.pos_in_stream  # lark says None of it
    position: int = found_at if isinstance(found_at, int) else -1
    if position < 0 or (isinstance(error, UnexpectedToken) and not str(error.token)):
        position = len(text.rstrip())
    before = _LAST_WORD.search(text[:position])
    if before and before[1].upper() in _NOT_THERE:
        said = f"{before[1].upper()} is not part of this language."
        return SelectError(said, before.start(1))
    word = text[position:].split(maxsplit=1)
    found = word[0].rstrip(",()") if word else ""
    if found.upper() in _NOT_THERE:
        return SelectError(f"{found.upper()} is not part of this language.", position)
    expected = _expected(error)
    if not found:
        return SelectError(f"The query ends where {expected} is expected.", position)
    return SelectError(f"Here {expected} is expected, not {found[:40]!r}.", position)


def _expected(error: UnexpectedInput) -> str:
    names: set[str] = set()
    if isinstance(error, UnexpectedToken):
        names = set(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        names = set(error.allowed or ())
    words = sorted({_WORDS.get(name, name) for name in names if name in _WORDS})
    return ", ".join(words[:-1]) + " or " + words[-1] if words[1:] else "".join(words)


class _Reader(Transformer[Token, Any]):
    """Branches of the parse tree into ours."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(self, parts: list[Any]) -> Query:
        columns, where, groups, orders = parts
        return Query(columns, where, tuple(groups or ()), tuple(orders or ()))

    def everything(self, parts: list[Any]) -> tuple[Column, ...]:
        return tuple(Column((name,)) for name in SCALARS)

    def columns(self, parts: list[Column]) -> tuple[Column, ...]:
        return tuple(parts)

    def aggregate(self, parts: list[Any]) -> Column:
        name, of = parts
        function = str(name).upper()
        path = () if isinstance(of, Token) else of
        if not path and function != "COUNT":
            raise SelectError(f"{function} needs a property.", name.start_pos or 0)
        return Column(path, function)

    def property(self, parts: list[Any]) -> Column:
        return Column(parts[0])

    def path(self, parts: list[Token]) -> Path:
        if str(parts[0]).upper() in _NOT_THERE:
            said = f"{str(parts[0]).upper()} is not part of this language."
            raise SelectError(said, parts[0].start_pos or 0)
        return tuple(str(parts[0]).split("."))

    def paths(self, parts: list[Path]) -> list[Path]:
        return parts

    def orders(self, parts: list[Order]) -> list[Order]:
        return parts

    def order(self, parts: list[Any]) -> Order:
        column, direction = parts
        return Order(column, str(direction or "").upper() == "DESC")

    def any_of(self, parts: list[Condition]) -> Condition:
        return AnyOf(tuple(parts)) if parts[1:] else parts[0]

    def all_of(self, parts: list[Condition]) -> Condition:
        return AllOf(tuple(parts)) if parts[1:] else parts[0]

    def negated(self, parts: list[Condition]) -> Condition:
        return Not(parts[0])

    def compare(self, parts: list[Any]) -> Condition:
        path, operator, value = parts
        return Compare(path, "!=" if operator == "<>" else str(operator), value)

    def one_of(self, parts: list[Any]) -> Condition:
        return OneOf(parts[0], tuple(parts[1:]))

    def not_one_of(self, parts: list[Any]) -> Condition:
        return Not(self.one_of(parts))

    def between(self, parts: list[Any]) -> Condition:
        return Between(*parts)

    def not_between(self, parts: list[Any]) -> Condition:
        return Not(self.between(parts))

    def like(self, parts: list[Any]) -> Condition:
        path, value = parts
        _check_wildcard(value, self._text)
        return Compare(path, "LIKE", value)

    def not_like(self, parts: list[Any]) -> Condition:
        return Not(self.like(parts))

    def text(self, parts: list[Token]) -> Literal:
        quote = str(parts[0])[0]
        return str(parts[0])[1:-1].replace(quote * 2, quote)

    def number(self, parts: list[Token]) -> Literal:
        return float(parts[0])

    def truth(self, parts: list[Token]) -> Literal:
        return str(parts[0]).lower() == "true"


def _check_wildcard(value: Literal, text: str) -> None:
    at = max(0, text.find(repr(value)))
    if not isinstance(value, str):
        raise SelectError("LIKE needs a text in quotes.", at)
    stem = value.rstrip("%_")
    if "%" in stem:
        raise SelectError("A wildcard can only end the text.", at)
    if stem != value and len(stem) < _LEAST_BEFORE_WILDCARD:
        raise SelectError("At least three letters come before a wildcard.", at)


def _checked(query: Query) -> Query:
    """Raises SelectError for what the language does not allow."""
    if len(query.groups) > _MOST_GROUPS:
        raise SelectError("A query groups by three properties at most.")
    by_aggregate = any(one.column.aggregate for one in query.orders)
    if by_aggregate and len(query.groups) > 1:
        raise SelectError(
            "A query that is ordered by an aggregate groups by one property."
        )
    if not query.is_aggregated:
        if by_aggregate:
            raise SelectError("Nothing is aggregated that could be ordered by.")
        return query
    for column in query.columns:
        if not column.aggregate and column.path not in query.groups:
            raise SelectError(f"{column.name} stands beside an aggregate: group by it.")
    return query
