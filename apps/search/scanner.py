"""Prepares query text for Luqum, which knows Lucene but not AWS.

An ARN, an IPv6 address or a path typed without quotes is full of characters that
mean something else to Lucene. The scanner walks the text once, checks quotes,
brackets and parentheses where their position is still known, and escapes what is
meant literally. Luqum then decides the structure.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from apps.search.syntax import QuerySyntaxError

MAX_LENGTH = 4_000
MAX_DEPTH = 50

_FIELD = re.compile(r"(?:[^\W\d]|[@$]|\\.)(?:[\w.@$\-]|\\.)*", re.DOTALL)
_FIELD_WITH_WILDCARD = re.compile(r"[\w.@$\-]*\*[\w.@$\-*]*:(?!\*)")
OPERATORS = frozenset(("AND", "OR", "NOT"))
_FOREIGN_OPERATORS = {"&&": "AND", "||": "OR", "!": "NOT"}
_COMPARISON = re.compile(r"[<>]=?")
_RANGE_ENDS = re.compile(r"\s+TO\s+")
_SPECIAL = frozenset(':/()[]{}^~"<>')
_A_CLAUSE = 'a word, "a phrase", field:value or ('


@dataclass(slots=True)
class Prepared:
    """Query text for Luqum, and the way back to the positions of the original."""

    text: str
    _inserted: list[int] = field(default_factory=list)

    def original(self, position: int) -> int:
        """The position in the user's text for one in the prepared text."""
        return position - bisect_right(self._inserted, position - 1)


def prepare(text: str) -> Prepared:
    """Escape what is meant literally in `text`.

    Raises QuerySyntaxError for unbalanced quotes, brackets and parentheses, for
    a field without a value, and for text beyond 4,000 characters.
    """
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError(
            "The query is too long", MAX_LENGTH, f"at most {MAX_LENGTH:,} characters"
        )
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.written = 0
        self.inserted: list[int] = []
        self.open: list[int] = []

    def scan(self) -> Prepared:
        while self.at < len(self.text):
            self._step(self.text[self.at])
        if self.open:
            raise QuerySyntaxError(
                "This parenthesis is never closed", self.open[-1], "a matching )"
            )
        return Prepared("".join(self.out), self.inserted)

    def _step(self, character: str) -> None:
        if character.isspace():
            self._copy(1)
        elif character == '"':
            self._phrase()
        elif character in "()":
            self._parenthesis(character)
        elif character in "[{":
            raise QuerySyntaxError(
                "A range has no field", self.at, "field:[from TO to]"
            )
        elif character in "+-" and self._starts_clause(self.at + 1):
            self._copy(1)
        else:
            self._word()

    def _starts_clause(self, at: int) -> bool:
        return at < len(self.text) and not self.text[at].isspace()

    def _copy(self, length: int) -> None:
        self.out.append(self.text[self.at : self.at + length])
        self.written += length
        self.at += length

    def _escape(self) -> None:
        self.inserted.append(self.written)
        self.out.append("\\" + self.text[self.at])
        self.written += 2
        self.at += 1

    def _phrase(self) -> None:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != '"':
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise QuerySyntaxError(
                "This quotation mark is never closed", self.at, 'a closing "'
            )
        self._copy(end + 1 - self.at)

    def _parenthesis(self, character: str) -> None:
        if character == "(":
            self.open.append(self.at)
            if len(self.open) > MAX_DEPTH:
                raise QuerySyntaxError(
                    "The query is nested too deeply",
                    self.at,
                    f"at most {MAX_DEPTH} parentheses inside each other",
                )
        elif not self.open:
            raise QuerySyntaxError(
                "This parenthesis closes nothing", self.at, _A_CLAUSE
            )
        else:
            self.open.pop()
        self._copy(1)

    def _word(self) -> None:
        name = self._field_name()
        if name is None:
            if _FIELD_WITH_WILDCARD.match(self.text, self.at):
                raise QuerySyntaxError(
                    "A field name has no wildcards", self.at, "a whole field name"
                )
            self._literal()
            return
        self._copy(len(name) + 1)
        self._field_value(name)

    def _field_name(self) -> str | None:
        """The field that a word starts with, unless the word is a value itself."""
        match = _FIELD.match(self.text, self.at)
        if match is None or self.text[match.end() : match.end() + 1] != ":":
            return None
        is_bare_arn = match.group() == "arn" and self.text.startswith(
            ":aws", match.end()
        )
        is_ipv6 = self.text.startswith("::", match.end())
        return None if is_bare_arn or is_ipv6 else match.group()

    def _field_value(self, name: str) -> None:
        comparison = _COMPARISON.match(self.text, self.at)
        if comparison:
            self._copy(len(comparison.group()))
        following = self.text[self.at : self.at + 1]
        if not following or following.isspace() or following == ")":
            raise QuerySyntaxError(
                f"The field {name} has no value",
                self.at,
                "a value right after the colon",
            )
        if following == '"':
            self._phrase()
        elif following in "[{" and not comparison:
            self._range(name)
        elif following != "(" or comparison:
            self._literal()

    def _range(self, name: str) -> None:
        start = self.at
        end = self._range_end(start)
        ends = _RANGE_ENDS.search(self.text, start + 1, end)
        if ends is None or not start + 1 < ends.start() < ends.end() < end:
            raise QuerySyntaxError(
                f"The range of {name} needs two ends", start, "[from TO to]"
            )
        self._copy(1)
        self._range_bound(ends.start())
        self._copy(ends.end() - ends.start())
        self._range_bound(end)
        self._copy(1)

    def _range_end(self, start: int) -> int:
        quoted = False
        for at in range(start + 1, len(self.text)):
            if self.text[at] == '"' and self.text[at - 1] != "\\":
                quoted = not quoted
            elif self.text[at] in "]}" and not quoted:
                return at
        raise QuerySyntaxError("This range is never closed", start, "a closing ] or }")

    def _range_bound(self, end: int) -> None:
        while self.at < end and self.text[self.at].isspace():
            self._copy(1)
        if self.text[self.at] == '"':
            self._phrase()
        self._escaped_until(end)

    def _literal(self) -> None:
        end = self.at
        while end < len(self.text) and not self._ends_word(end):
            end += 2 if self.text[end] == "\\" else 1
        word = self.text[self.at : end]
        if (
            _COMPARISON.match(word) and self.text[self.open[-1] - 1] == ":"
            if self.open
            else False
        ):
            raise QuerySyntaxError(
                "A comparison stands inside a list of values",
                self.at,
                "n:>5 AND n:<9 instead of n:(>5 AND <9)",
            )
        if word in _FOREIGN_OPERATORS:
            raise QuerySyntaxError(
                f"{word} is not an operator", self.at, _FOREIGN_OPERATORS[word]
            )
        if word in OPERATORS:
            self._copy(len(word))
        else:
            self._escaped_until(min(end, len(self.text)))

    def _ends_word(self, at: int) -> bool:
        return self.text[at].isspace() or self.text[at] in "()"

    def _escaped_until(self, end: int) -> None:
        first = self.at
        while self.at < end:
            character = self.text[self.at]
            is_sign = character in "+-" and self.at == first
            if character == "\\" and self.at + 1 < len(self.text):
                self._copy(2)
            elif is_sign or character == "\\" or character in _SPECIAL:
                self._escape()
            else:
                self._copy(1)
