"""Parses queries.

Source: "CloudWatch Logs Insights language query syntax", CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import regex

from sandbox.logs.insights import functions
from sandbox.logs.insights.aggregates import AGGREGATES
from sandbox.logs.insights.expressions import ExpressionParser
from sandbox.logs.insights.lexer import Token
from sandbox.logs.insights.syntax import (
    Column,
    Command,
    Dedup,
    Display,
    Field,
    Fields,
    Filter,
    Limit,
    Literal,
    Parse,
    Query,
    QueryError,
    Sort,
    SortKey,
    Stats,
)

MOST_ROWS = 100_000
_MOST_COMMANDS = 100


def parse_query(source: str) -> Query:
    """Raises QueryError with the place in the text."""
    return _Parser(source).query()


class _Parser(ExpressionParser):
    def __init__(self, source: str) -> None:
        super().__init__(source, {**functions.ARITIES, **AGGREGATES})
        self._commands: Mapping[str, Callable[[], Command]] = {
            "fields": lambda: Fields(self._columns()),
            "display": lambda: Display(self._columns()),
            "filter": lambda: Filter(self.expression()),
            "filterindex": lambda: Filter(self.expression()),
            "parse": self._parse,
            "stats": self._stats,
            "sort": self._sort,
            "order": self._sort,
            "limit": self._limit,
            "head": self._limit,
            "dedup": lambda: Dedup(self._columns()),
        }

    def query(self) -> Query:
        found = [self._command()]
        while self.take("|"):
            if len(found) >= _MOST_COMMANDS:
                raise self.unexpected()
            if not self.at_end():
                found.append(self._command())
        if not self.at_end():
            raise self.unexpected()
        return tuple(found)

    def _command(self) -> Command:
        self.take("|")
        token = self.next()
        parse = self._commands.get(token.text.lower())
        if token.kind != "name" or parse is None:
            raise QueryError(
                f"unexpected symbol found {token.text or 'end of query'}",
                token.start,
                token.end,
            )
        if token.is_word("order"):
            self.need("by")
        return parse()

    def _columns(self) -> tuple[Column, ...]:
        found = [self._column()]
        while self.take(","):
            found.append(self._column())
        return tuple(found)

    def _column(self) -> Column:
        start = self.peek().start
        expression = self.expression()
        name = self.text_since(start)
        if isinstance(expression, Field):
            name = expression.name
        if self.take("as"):
            name = self.name()
        return Column(expression, name)

    def _stats(self) -> Stats:
        columns = self._columns()
        by = self._columns() if self.take("by") else ()
        return Stats(columns, by)

    def _sort(self) -> Sort:
        self.take("by")
        found = [self._sort_key()]
        while self.take(","):
            found.append(self._sort_key())
        return Sort(tuple(found))

    def _sort_key(self) -> SortKey:
        start = self.peek().start
        expression = self.expression()
        if not isinstance(expression, Field):
            # `sort count(*) desc` sorts by the column of that name.
            expression = self.by_text(expression, self.text_since(start))
        is_descending = bool(self.take("desc"))
        if not is_descending:
            self.take("asc")
        return SortKey(expression, is_descending)

    def _limit(self) -> Limit:
        token = self.next()
        if not token.text.isdigit() or not 0 < int(token.text) <= MOST_ROWS:
            raise QueryError(
                f"limit needs a number up to {MOST_ROWS}", token.start, token.end
            )
        return Limit(int(token.text))

    def _parse(self) -> Parse:
        field: Field | Literal = Field("@message")
        if self.peek().kind not in {"string", "regex"}:
            field = Field(self.name())
        token = self.next()
        if token.kind == "regex":
            return self._parse_by_regex(field, token)
        if token.kind != "string":
            raise QueryError("parse needs a pattern", token.start, token.end)
        pattern, wanted = _glob(self.string(token))
        self.need("as")
        names = self._names()
        if len(names) != wanted:
            raise QueryError(
                f"{wanted} wildcards need as many names", token.start, token.end
            )
        return Parse(field, pattern, names)

    def _parse_by_regex(self, field: Field | Literal, token: Token) -> Parse:
        pattern = self.compiled(token)
        if self.take("as"):
            names = self._names()
        else:
            by_number = {number: name for name, number in pattern.groupindex.items()}
            names = tuple(by_number.get(at + 1, "") for at in range(pattern.groups))
        if not names or len(names) != pattern.groups:
            raise QueryError(
                "each part to extract is a named group", token.start, token.end
            )
        return Parse(field, pattern, names)

    def _names(self) -> tuple[str, ...]:
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        return tuple(found)


def _glob(text: str) -> tuple[regex.Pattern[str], int]:
    """A glob as an expression, and how many wildcards it has."""
    parts = [re.escape(part) for part in text.split("*")]
    *middle, last = parts
    start = r"\A" if not parts[0] else ""
    if len(parts) > 1 and not last:
        source = start + "(.*?)".join(middle) + "(.*)"
    else:
        source = start + "(.*?)".join(parts)
    return regex.compile(source, regex.DOTALL), len(parts) - 1
