"""The language of SelectResourceConfig, read into a tree.

SELECT property, ... | * | COUNT(*) | AVG/MAX/MIN/SUM/COUNT(property)
[WHERE condition] [GROUP BY property, ...] [ORDER BY property [ASC | DESC], ...]

Source: AWS Config Developer Guide, "Querying the current configuration state of AWS
resources": components of a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Literal: TypeAlias = str | float | bool
Path: TypeAlias = tuple[str, ...]
_One = TypeVar("_One")

AGGREGATES = frozenset({"AVG", "COUNT", "MAX", "MIN", "SUM"})
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
    |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<operator><=|>=|<>|!=|=|<|>|\(|\)|,|\*)
    |(?P<word>[A-Za-z_][\w:/-]*(?:\.[\w:/-]+)*)
    )""",
    re.VERBOSE,
)
_COMPARISONS: Mapping[str, str] = {
    "=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
}  # fmt: skip
_KEYWORDS = frozenset(
    {"SELECT", "WHERE", "GROUP", "ORDER", "BY", "AND", "OR", "NOT", "IN", "LIKE",
     "BETWEEN", "ASC", "DESC"}
)  # fmt: skip


class QueryError(ValueError):
    """The expression is not of the language."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A column: a property, or an aggregate over one (`()` is `*`)."""

    path: Path
    aggregate: str = ""

    @property
    def name(self) -> str:
        path = ".".join(self.path) or "*"
        return f"{self.aggregate}({path})" if self.aggregate else path


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of = != < > <= >= LIKE; LIKE's value may end in `%`."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Within:
    path: Path
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Between:
    path: Path
    low: Literal
    high: Literal


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    conditions: tuple[Condition, ...]


Condition: TypeAlias = "Comparison | Within | Between | Not | All | Any"


@dataclass(frozen=True, slots=True)
class Ordering:
    column: Selected
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    selected: tuple[Selected, ...]
    where: Condition | None
    grouped: tuple[Path, ...]
    ordered: tuple[Ordering, ...]

    @property
    def is_aggregated(self) -> bool:
        return bool(self.grouped) or any(one.aggregate for one in self.selected)


def parse(expression: str) -> Query:
    return _Parser(_tokens(expression)).query()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    @property
    def is_name(self) -> bool:
        return self.kind == "word" and self.text.upper() not in _KEYWORDS


_END = _Token("end", "")


def _tokens(expression: str) -> list[_Token]:
    found, at = [], 0
    stripped = expression.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise QueryError(f"unexpected {stripped[at : at + 20]!r}")
        found.append(_Token(str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        self._expect("SELECT")
        selected = self._listed(self._selected)
        where = self._either() if self._took("WHERE") else None
        grouped: list[Path] = []
        if self._took("GROUP"):
            self._expect("BY")
            grouped = self._listed(self._path)
        ordered: list[Ordering] = []
        if self._took("ORDER"):
            self._expect("BY")
            ordered = self._listed(self._ordering)
        if self._next is not _END:
            raise QueryError(f"unexpected {self._next.text!r}")
        _check_groups(selected, grouped)
        return Query(tuple(selected), where, tuple(grouped), tuple(ordered))

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _advance(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        is_there = self._next.is_word(word)
        self._at += is_there
        return is_there

    def _took_sign(self, sign: str) -> bool:
        is_there = self._next == _Token("operator", sign)
        self._at += is_there
        return is_there

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise QueryError(f"expected {word} at {self._next.text!r}")

    def _expect_sign(self, sign: str) -> None:
        if not self._took_sign(sign):
            raise QueryError(f"expected {sign} at {self._next.text!r}")

    def _listed(self, one: Callable[[], _One]) -> list[_One]:
        found = [one()]
        while self._took_sign(","):
            found.append(one())
        return found

    def _path(self) -> Path:
        token = self._advance()
        if not token.is_name:
            raise QueryError(f"expected a property at {token.text!r}")
        return tuple(token.text.split("."))

    def _selected(self) -> Selected:
        if self._took_sign("*"):
            return Selected(())
        path = self._path()
        name = path[0].upper()
        if name not in AGGREGATES or not self._took_sign("("):
            return Selected(path)
        inner = () if name == "COUNT" and self._took_sign("*") else self._path()
        self._expect_sign(")")
        return Selected(inner, name)

    def _ordering(self) -> Ordering:
        column = self._selected()
        is_descending = self._took("DESC")
        if not is_descending:
            self._took("ASC")
        return Ordering(column, is_descending)

    def _either(self) -> Condition:
        found = [self._both()]
        while self._took("OR"):
            found.append(self._both())
        return found[0] if len(found) == 1 else Any(tuple(found))

    def _both(self) -> Condition:
        found = [self._one()]
        while self._took("AND"):
            found.append(self._one())
        return found[0] if len(found) == 1 else All(tuple(found))

    def _one(self) -> Condition:
        if self._took("NOT"):
            return Not(self._one())
        if self._took_sign("("):
            inner = self._either()
            self._expect_sign(")")
            return inner
        path = self._path()
        if self._took("NOT"):
            return Not(self._compared(path))
        return self._compared(path)

    def _compared(self, path: Path) -> Condition:
        token = self._advance()
        if token.kind == "operator" and token.text in _COMPARISONS:
            return Comparison(path, _COMPARISONS[token.text], self._value())
        if token.is_word("LIKE"):
            return Comparison(path, "LIKE", self._prefix())
        if token.is_word("IN"):
            self._expect_sign("(")
            values = self._listed(self._value)
            self._expect_sign(")")
            return Within(path, tuple(values))
        if token.is_word("BETWEEN"):
            low = self._value()
            self._expect("AND")
            return Between(path, low, self._value())
        raise QueryError(f"expected a comparison at {token.text!r}")

    def _value(self) -> Literal:
        token = self._advance()
        if token.kind == "string":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return float(token.text)
        if token.is_word("TRUE", "FALSE"):
            return token.text.upper() == "TRUE"
        raise QueryError(f"expected a value at {token.text!r}")

    def _prefix(self) -> str:
        """Only a `%` at the end stands for anything."""
        value = self._value()
        if not isinstance(value, str) or "%" in value[:-1]:
            raise QueryError("LIKE takes text with a % at its end")
        return value


def _check_groups(selected: list[Selected], grouped: list[Path]) -> None:
    """A property beside an aggregate has to be one of those grouped by."""
    has_aggregate = bool(grouped) or any(one.aggregate for one in selected)
    for one in selected:
        if has_aggregate and not one.aggregate and one.path not in grouped:
            raise QueryError(f"{one.name} must be in GROUP BY")
