"""Space-delimited patterns: `[ip, user, ..., status = 4*, size > 1000]`.

Source: "Using metric filters to extract values from space-delimited log events",
CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.logs.filterpatterns.comparisons import (
    OPERATOR,
    VALUE,
    Comparison,
    comparison,
    number_of,
)
from sandbox.logs.filterpatterns.errors import InvalidPattern

_WORD = re.compile(r'\[[^\]]*\]|"(?:[^"\\]|\\.)*"|\S+')
_REST = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_COLUMN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[^,"%])*')
_NAME = r"[A-Za-z_][\w\-.]*|\d+"
_CONDITION = re.compile(
    rf"\s*(?P<name>{_NAME})?\s*(?P<operator>{OPERATOR})\s*(?P<value>{VALUE})\s*"
)
_ELLIPSIS = "..."

Conditions = tuple[tuple[Comparison, ...], ...]
"""Any of these, each of which is all of its comparisons."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    conditions: Conditions = ()

    def accepts(self, word: str) -> bool:
        number = number_of(word)
        return not self.conditions or any(
            all(one.holds(word, number) for one in together)
            for together in self.conditions
        )


@dataclass(frozen=True, slots=True)
class ColumnPattern:
    """Columns before and after the ellipsis, which stands for any number of them."""

    before: tuple[Column, ...]
    after: tuple[Column, ...]
    has_ellipsis: bool

    def matches(self, message: str) -> bool:
        return self._assigned(words_of(message)) is not None

    def extract(self, message: str, name: str) -> str | None:
        """The word of the column `$name`, or of the column by number: `$3`."""
        return self.extracted(message).get(name)

    def extracted(self, message: str) -> dict[str, str]:
        words = words_of(message)
        assigned = self._assigned(words)
        if assigned is None:
            return {}
        return {f"${assigned.get(at) or at + 1}": word for at, word in enumerate(words)}

    def _assigned(self, words: list[str]) -> dict[int, str] | None:
        """Names by position, or None where the words do not fit the columns."""
        fewest = len(self.before) + len(self.after)
        if len(words) < fewest:
            return None
        if len(words) > fewest and not self._takes_more():
            return None
        ahead = len(words) - len(self.after)
        places = [*enumerate(self.before), *enumerate(self.after, ahead)]
        if not all(column.accepts(words[at]) for at, column in places):
            return None
        return {at: column.name for at, column in places}

    def _takes_more(self) -> bool:
        """A last column without a condition stands for the rest of the line: "include
        a blank indicator after you specify the order of your terms"."""
        return self.has_ellipsis or not self.before or not self.before[-1].conditions


def words_of(message: str) -> list[str]:
    """Characters between brackets and double quotation marks are single fields."""
    return [
        word[1:-1] if len(word) > 1 and word[0] + word[-1] in {"[]", '""'} else word
        for word in _split_into_words(message)
    ]


def _split_into_words(message: str) -> list[str]:
    """Behind the last `]` no bracket closes: looking for it there, again and again,
    would take the square of the line's length."""
    end = message.rfind("]")
    if message.find("[", end + 1) < 0:
        return _WORD.findall(message)
    found, at = [], 0
    while match := (_WORD if at < end else _REST).search(message, at):
        found.append(match[0])
        at = match.end()
    return found


def parse_columns(source: str) -> ColumnPattern:
    """Parse the inside of the brackets."""
    written = [text.strip() for text in _split(source)]
    if written.count(_ELLIPSIS) > 1:
        raise InvalidPattern("A pattern has one ellipsis at most")
    if _ELLIPSIS not in written:
        columns = () if written == [""] else tuple(map(_column, written))
        return ColumnPattern(columns, (), has_ellipsis=False)
    at = written.index(_ELLIPSIS)
    before, after = map(_column, written[:at]), map(_column, written[at + 1 :])
    return ColumnPattern(tuple(before), tuple(after), has_ellipsis=True)


def _split(source: str) -> list[str]:
    found, at = [], 0
    while True:
        match = _COLUMN.match(source, at)
        end = match.end() if match else at
        found.append(source[at:end])
        if end >= len(source):
            return found
        if source[end] != ",":
            raise InvalidPattern(f"Cannot be read: {source[end:]}")
        at = end + 1


def _column(written: str) -> Column:
    if re.fullmatch(rf"(?:{_NAME})?", written):
        return Column(written)
    first = _CONDITION.match(written)
    if first is None:
        raise InvalidPattern(f"Cannot be read: {written}")
    name = first["name"] or ""
    any_of = [
        tuple(_comparison(part, name) for part in _parts(either, "&&"))
        for either in _parts(written, "||")
    ]
    return Column(name, tuple(any_of))


def _parts(written: str, symbol: str) -> list[str]:
    quoted = r'"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%'
    masked = re.sub(quoted, lambda match: "_" * len(match[0]), written)
    found, at = [], 0
    for end in [*(m.start() for m in re.finditer(re.escape(symbol), masked)), None]:
        found.append(written[at:end])
        at = (end or 0) + len(symbol)
    return found


def _comparison(written: str, name: str) -> Comparison:
    match = _CONDITION.fullmatch(written)
    # AWS's own example writes `w1=ERROR || W1=WARNING`.
    if match is None or (match["name"] or name).lower() != name.lower():
        raise InvalidPattern(f"Cannot be read: {written.strip()}")
    return comparison(match["operator"], match["value"])
