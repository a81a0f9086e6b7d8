"""What silences and routes match: labels of notices, as Alertmanager matches them.

A label that is not there counts as empty. Regular expressions are RE2's and match the
whole value. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import re2

MOST_TEXT = 2_000
MOST_MATCHERS = 20
_MOST_PATTERN = 200
_OPERATORS = ("=", "!=", "=~", "!~")
_LABEL = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}"
_QUOTED = r'"(?:[^"\\\n]|\\["\\])*"'
_ONE = re.compile(
    rf'\s*({_LABEL})\s*(=~|!~|!=|=)\s*({_QUOTED}|[^",\n]*?)\s*(?:[,\n]|$)', re.ASCII
)


class MatcherInvalid(ValueError):
    """The text is no list of matchers; the message says where and what would be."""


@dataclass(frozen=True, slots=True)
class Matcher:
    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.operator}"{escaped}"'

    def matches(self, labels: Mapping[str, str]) -> bool:
        found = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (found == self.value) == (self.operator == "=")
        is_match = _pattern(self.value).fullmatch(found) is not None
        return is_match == (self.operator == "=~")


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(one.matches(labels) for one in matchers)


def parse(text: str) -> tuple[Matcher, ...]:
    """Matchers such as `severity="high", service=~"shop-.*"`, by commas or lines.

    Raises MatcherInvalid.
    """
    if len(text) > MOST_TEXT:
        raise MatcherInvalid(f"More than {MOST_TEXT:,} characters.")
    found, at, text = [], 0, text.replace("\r", "").strip().rstrip(",")
    while at < len(text):
        one = _ONE.match(text, at)
        if one is None:
            raise MatcherInvalid(
                f'At character {at + 1}: expected such as severity="high", '
                "with =, !=, =~ or !~."
            )
        label, operator, value = one.groups()
        found.append(checked(Matcher(label, operator, _unquoted(value))))
        at = one.end()
    if len(found) > MOST_MATCHERS:
        raise MatcherInvalid(f"More than {MOST_MATCHERS} conditions.")
    return tuple(found)


def checked(matcher: Matcher) -> Matcher:
    """Raises MatcherInvalid where its expression cannot be used."""
    if matcher.operator not in ("=~", "!~"):
        return matcher
    if len(matcher.value) > _MOST_PATTERN:
        raise MatcherInvalid(
            f"{matcher.label}: an expression has {_MOST_PATTERN} characters at most."
        )
    try:
        _pattern(matcher.value)
    except re2.error as error:
        raise MatcherInvalid(f"{matcher.label}: {error}") from error
    return matcher


def as_text(matchers: Iterable[Matcher]) -> str:
    return ", ".join(map(str, matchers))


def as_json(matchers: Iterable[Matcher]) -> list[list[str]]:
    return [[one.label, one.operator, one.value] for one in matchers]


def of_json(kept: Iterable[Iterable[str]]) -> tuple[Matcher, ...]:
    return tuple(Matcher(*one) for one in kept)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r'\\(["\\])', r"\1", value[1:-1])


@lru_cache(maxsize=1_000)
def _pattern(value: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(value, options)
