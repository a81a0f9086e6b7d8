"""Unstructured patterns: `ERROR -"not this" ?either ?or %regex%`.

Source: "Using filter patterns to match terms in log events", CloudWatch Logs User
Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.monitoring.languages.filterpatterns import expressions
from apps.monitoring.languages.filterpatterns.comparisons import unquoted
from apps.monitoring.languages.filterpatterns.errors import PatternError

_TERM = re.compile(
    r"(?P<sign>[-?]?)"
    r'(?:(?P<quoted>"(?:[^"\\]|\\.)*")|%(?P<regex>(?:[^%\\]|\\.)*)%'
    r"|(?P<bare>[^\s\"%{}\[\]()|&,;?-][^\s\"%{}\[\]()|&,;?]*))(?=\s|$)",
    re.DOTALL,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """A text that a line contains, or a regular expression that it matches."""

    text: str
    is_in: Callable[[str], bool]
    is_expression: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of which a line contains all, any and none."""

    required: tuple[Term, ...]
    optional: tuple[Term, ...]
    excluded: tuple[Term, ...]

    def matches(self, message: str) -> bool:
        # Plain loops: this runs for every line that a search looks at.
        for term in self.required:
            if not term.is_in(message):
                return False
        for term in self.excluded:
            if term.is_in(message):
                return False
        # "If you combine ? with other filter patterns, the ? is ignored."
        if self.optional and not self.required and not self.excluded:
            return any(term.is_in(message) for term in self.optional)
        return True

    def extract(self, message: str) -> Mapping[str, str]:
        return {}

    def necessary(self) -> tuple[str, ...]:
        return tuple(term.text for term in self.required if not term.is_expression)


def parse(source: str) -> Terms:
    found: dict[str, list[Term]] = {"": [], "?": [], "-": []}
    at, end = 0, len(source.rstrip())
    while at < end:
        at += len(_SPACE.match(source, at)[0])  # type: ignore[index] # may be empty
        match = _TERM.match(source, at)
        if match is None:
            raise _unreadable(source, at)
        term = _term(match)
        # `" "` is AWS's way of writing a pattern that matches everything.
        if term.is_expression or term.text.strip():
            found[match["sign"]].append(term)
        at = match.end()
    _check_number([*found[""], *found["?"], *found["-"]], len(source))
    return Terms(tuple(found[""]), tuple(found["?"]), tuple(found["-"]))


def _check_number(terms: list[Term], end: int) -> None:
    if sum(term.is_expression for term in terms) > expressions.MOST_EXPRESSIONS:
        raise PatternError(
            "There are more than two regular expressions", end, "use two at most"
        )


def _term(match: re.Match[str]) -> Term:
    if match["regex"] is not None:
        search = expressions.compiled(match["regex"], match.start("regex")).search
        return Term(
            match["regex"], lambda text: search(text) is not None, is_expression=True
        )
    text = unquoted(match["quoted"]) if match["quoted"] else match["bare"]
    return Term(text, lambda message: text in message)


def _unreadable(source: str, at: int) -> PatternError:
    word = source[at:].split(maxsplit=1)[0]
    start = at + (word[:1] in "-?")
    for mark, name in (('"', "quotation mark"), ("%", "percent sign")):
        if source.startswith(mark, start) and source.count(mark, start) == 1:
            return PatternError(
                f"The {name} is not closed", start, f"write another {mark} at its end"
            )
    return PatternError(
        f"The term {word} has signs other than letters, digits and underscores",
        at,
        f'put it in double quotation marks: "{word.strip("-?")}"',
    )
