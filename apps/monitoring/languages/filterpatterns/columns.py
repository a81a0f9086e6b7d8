"""Space-delimited patterns: `[ip, user, ..., status = 4*, size > 1000]`.

Source: "Using filter patterns to match terms in space-delimited log events",
CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apps.monitoring.languages.filterpatterns.comparisons import (
    Fits,
    Written,
    comparison,
    number_of,
)
from apps.monitoring.languages.filterpatterns.errors import PatternError
from apps.monitoring.languages.filterpatterns.expressions import MOST_EXPRESSIONS

_WORD = re.compile(r'\[[^\]]*\]|"(?:[^"\\]|\\.)*"|\S+')
# Behind the last ] no bracket closes: looking for it again and again would take the
# square of the line's length.
_WORD_BEHIND = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_COLUMN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[^,"%])*')
_NAME = r"[A-Za-z_][\w\-.]*|\d+"
_VALUE = r'"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%|[\w.*:/@+\-#$~?^]+'
_TEST = re.compile(
    rf"\s*(?P<name>{_NAME})?\s*(?P<operator>!=|<=|>=|=|<|>)\s*(?P<value>{_VALUE})\s*"
)
_JOINT = re.compile(r"&&|\|\|")
_ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Column:
    """A named column; its word fits all conditions of one of the alternatives."""

    name: str
    alternatives: tuple[tuple[Fits, ...], ...] = ()

    def accepts(self, word: str) -> bool:
        number = number_of(word)
        return not self.alternatives or any(
            all(fits(word, number) for fits in together)
            for together in self.alternatives
        )


@dataclass(frozen=True, slots=True)
class ColumnPattern:
    """Columns before and after the ellipsis, which stands for any number of them."""

    before: tuple[Column, ...]
    after: tuple[Column, ...]
    has_ellipsis: bool

    def matches(self, message: str) -> bool:
        return self._names(words_of(message)) is not None

    def extract(self, message: str) -> Mapping[str, str]:
        """Words by `$name`, or by `$3` where the column has no name."""
        words = words_of(message)
        names = self._names(words)
        if names is None:
            return {}
        return {f"${names.get(at) or at + 1}": word for at, word in enumerate(words)}

    def necessary(self) -> tuple[str, ...]:
        return ()

    def _names(self, words: list[str]) -> dict[int, str] | None:
        """Names by position; None where the words do not fit the columns."""
        ahead = len(words) - len(self.after)
        surplus = ahead - len(self.before)
        if surplus < 0 or (surplus > 0 and not self._takes_more()):
            return None
        places = [*enumerate(self.before), *enumerate(self.after, ahead)]
        if not all(column.accepts(words[at]) for at, column in places):
            return None
        return {at: column.name for at, column in places}

    def _takes_more(self) -> bool:
        """A last column without a condition stands for the rest of the line."""
        return self.has_ellipsis or not self.before or not self.before[-1].alternatives


def words_of(message: str) -> list[str]:
    """What stands between brackets or double quotation marks is one word."""
    return [
        word[1:-1] if len(word) > 1 and word[0] + word[-1] in {"[]", '""'} else word
        for word in _words(message)
    ]


def _words(message: str) -> Iterator[str]:
    end, at = message.rfind("]"), 0
    while match := (_WORD if at < end else _WORD_BEHIND).search(message, at):
        yield match[0]
        at = match.end()


def parse(source: str) -> ColumnPattern:
    """Parse a pattern in brackets. Raises PatternError."""
    text = source.rstrip()
    if not text.endswith("]"):
        raise PatternError("The bracket is not closed", len(text), "write ] at the end")
    begin = source.index("[") + 1
    written = list(_split(text[:-1], begin))
    ellipses = [at for at, (part, _) in enumerate(written) if part == _ELLIPSIS]
    if len(ellipses) > 1:
        raise PatternError(
            "There is a second ellipsis", written[ellipses[1]][1], "use ... once"
        )
    if text.count("%") > 2 * MOST_EXPRESSIONS:
        raise PatternError(
            "There are more than two regular expressions",
            text.rfind("%"),
            "use two at most",
        )
    columns = [None if p == _ELLIPSIS else _column(p, at) for p, at in written]
    at = ellipses[0] if ellipses else len(columns)
    before = tuple(column for column in columns[:at] if column)
    after = tuple(column for column in columns[at + 1 :] if column)
    if [part for part, _ in written] == [""]:
        before = ()
    return ColumnPattern(before, after, bool(ellipses))


def _split(source: str, at: int) -> Iterator[tuple[str, int]]:
    """Columns with the position of their first letter."""
    while True:
        match = _COLUMN.match(source, at)
        end = match.end() if match else at
        part = source[at:end]
        yield part.strip(), at + len(part) - len(part.lstrip())
        if end >= len(source):
            return
        if source[end] != ",":
            raise PatternError(
                f"The {source[end]} is not closed", end, f"write another {source[end]}"
            )
        at = end + 1


def _column(written: str, position: int) -> Column:
    if re.fullmatch(rf"(?:{_NAME})?", written):
        return Column(written)
    first = _TEST.match(written)
    name = (first["name"] or "") if first else ""
    alternatives: list[list[Fits]] = [[]]
    for part, joint, at in _tests(written):
        if joint == "||":
            alternatives.append([])
        alternatives[-1].append(_test(part, name, position + at))
    return Column(name, tuple(map(tuple, alternatives)))


def _tests(written: str) -> Iterator[tuple[str, str, int]]:
    """Conditions with what joins each to the one before, and their positions."""
    quoted = r'"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)*%'
    masked = re.sub(quoted, lambda match: "_" * len(match[0]), written)
    at, joint = 0, ""
    for match in _JOINT.finditer(masked):
        yield written[at : match.start()], joint, at
        at, joint = match.end(), match[0]
    yield written[at:], joint, at


def _test(written: str, name: str, position: int) -> Fits:
    match = _TEST.fullmatch(written)
    # AWS's own example writes `w1=ERROR || W1=WARNING`.
    if match is None or (match["name"] or name).lower() != name.lower():
        raise PatternError(
            f"The column {written.strip()} cannot be read",
            position,
            'write a name, or a name with a condition: status = 4*, agent != "curl*"',
        )
    value = Written(match["value"], position + match.start("value"))
    return comparison(match["operator"], value)
