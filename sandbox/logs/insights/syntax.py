"""What a query means, as its parser says it."""

from __future__ import annotations

from dataclasses import dataclass

import regex


class QueryError(ValueError):
    """The query is none; where in its text, as AWS's queryCompileError says it."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float | int


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Period:
    """`5m`: an amount of time, of months or of years."""

    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function; `text` is how the query writes it, which names its column."""

    name: str
    arguments: tuple[Expression, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    inside: Expression


@dataclass(frozen=True, slots=True)
class Like:
    """Contains a text or fits a regular expression."""

    left: Expression
    wanted: Expression | regex.Pattern[str]


@dataclass(frozen=True, slots=True)
class In:
    left: Expression
    options: tuple[Expression, ...]


Expression = Literal | Field | Period | Call | Binary | Not | Like | In


def depth_of(expression: Expression) -> int:
    """How many expressions lie inside one another."""
    depth, level = 0, [expression]
    while level:
        level = [inside for one in level for inside in _inside(one)]
        depth += 1
    return depth


def _inside(expression: Expression) -> tuple[Expression, ...]:
    found: tuple[Expression, ...] = ()
    match expression:
        case Call():
            found = expression.arguments
        case Binary():
            found = (expression.left, expression.right)
        case Not():
            found = (expression.inside,)
        case Like(left, regex.Pattern()):
            found = (left,)
        case Like(left, wanted):
            found = (left, wanted)
        case In():
            found = (expression.left, *expression.options)
    return found


@dataclass(frozen=True, slots=True)
class Column:
    """An expression and the name its values go by."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Display:
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """Takes the named groups out of a field."""

    field: Expression
    pattern: regex.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    columns: tuple[Column, ...]
    by: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    expression: Expression
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    most: int


@dataclass(frozen=True, slots=True)
class Dedup:
    columns: tuple[Column, ...]


Command = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup
Query = tuple[Command, ...]
