"""The syntax tree of a Logs Insights query."""

from __future__ import annotations

from dataclasses import dataclass


class QueryError(ValueError):
    """A query that cannot be answered here.

    `position` counts characters from 0; `cure` says what to do. `is_foreign`: AWS
    can answer it, and only AWS.
    """

    def __init__(
        self, message: str, position: int, cure: str, *, is_foreign: bool = False
    ) -> None:
        super().__init__(f"{message} at character {position + 1}: {cure}.")
        self.message = message
        self.position = position
        self.cure = cure
        self.is_foreign = is_foreign


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float | int


@dataclass(frozen=True, slots=True)
class Name:
    path: str


@dataclass(frozen=True, slots=True)
class Period:
    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of arguments; `text` is how it was written, without white space."""

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
    inner: Expression


@dataclass(frozen=True, slots=True)
class In:
    left: Expression
    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """Contains a text, or matches a regular expression in RE2's syntax."""

    left: Expression
    text: str
    is_regex: bool


Expression = Literal | Name | Period | Call | Binary | Not | In | Like


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of the column that it makes."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Display:
    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats:
    columns: tuple[Named, ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    expression: Expression
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    rows: int


@dataclass(frozen=True, slots=True)
class Parse:
    """Cuts pieces out of a text: by a glob with names for its stars, or by the named
    groups of a regular expression."""

    source: Expression
    pattern: str
    names: tuple[str, ...]
    is_regex: bool


@dataclass(frozen=True, slots=True)
class Dedup:
    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Unnest:
    path: str
    name: str


Command = Fields | Display | Filter | Stats | Sort | Limit | Parse | Dedup | Unnest
