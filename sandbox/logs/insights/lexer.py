"""The words of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.logs.insights.syntax import QueryError

_STRING = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
_WORD = re.compile(
    rf"""(?xs)
    (?P<space>\s+|\#[^\n]*)
  | (?P<url>[a-z]+://[^\s|),\]]+)
  | (?P<period>\d+\s*(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?
        |quarters?|years?|msec|sec|mins?|hr|qtr|mo|yr|ms|s|m|h|d|w|q|y)\b)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[@A-Za-z_$][\w.@$]*)
  | (?P<quoted>`[^`]*`)
  | (?P<string>{_STRING})
  | (?P<symbol>=~|!=|<=|>=|[|,()\[\]+*/%^=<>-])
"""
)
_MOST_DIGITS = 300
_REGEX = re.compile(r"/(?:[^/\\]|\\.)*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        return self.kind in {"name", "symbol"} and self.text.lower() in words


def tokens_of(source: str) -> list[Token]:
    """Raises QueryError. The last token is of kind `end`."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        token = _token(source, at, found)
        at = token.end
        if token.kind != "space":
            found.append(token)
    found.append(Token("end", "", len(source)))
    return found


def _token(source: str, at: int, before: list[Token]) -> Token:
    if source[at] == "/" and _awaits_regex(before):
        match = _REGEX.match(source, at)
        if match is not None:
            return Token("regex", match[0], at)
    match = _WORD.match(source, at)
    if match is None or match.lastgroup is None:
        raise QueryError(f"unexpected symbol found {source[at]}", at, at + 1)
    if match.lastgroup in {"number", "period"} and len(match[0]) > _MOST_DIGITS:
        raise QueryError("number is too long", at, match.end())
    return Token(match.lastgroup, match[0], at)


def _awaits_regex(before: list[Token]) -> bool:
    """A slash divides, except after `like`, `=~` and what is parsed."""
    if before and before[-1].is_word("like", "=~", "parse"):
        return True
    return len(before) > 1 and before[-2].is_word("parse")
