"""CloudWatch Logs filter patterns, the whole grammar, compiled for many lines.

`compile(pattern)` gives a matcher: `.matches(message)`, `.extract(message)` for the
`$fields` that metric filters use, and `.necessary()`: texts that every line which
matches contains, so that a search may look for these first.
"""

from collections.abc import Mapping
from typing import Protocol

from apps.monitoring.languages.filterpatterns import columns, objects, terms
from apps.monitoring.languages.filterpatterns.errors import PatternError

MOST_CHARACTERS = 1_024


class Matcher(Protocol):
    """A compiled pattern."""

    def matches(self, message: str) -> bool: ...

    def extract(self, message: str) -> Mapping[str, str]: ...

    def necessary(self) -> tuple[str, ...]: ...


def compile(pattern: str) -> Matcher:  # noqa: A001 # as re.compile and re2.compile
    """Raises PatternError, which says where and what to write instead."""
    if len(pattern) > MOST_CHARACTERS:
        raise PatternError(
            f"The pattern has more than {MOST_CHARACTERS:,} characters",
            MOST_CHARACTERS,
            "shorten it",
        )
    beginning = pattern.lstrip()[:1]
    if beginning == "{":
        return objects.parse(pattern)
    if beginning == "[":
        return columns.parse(pattern)
    return terms.parse(pattern)


__all__ = ["MOST_CHARACTERS", "Matcher", "PatternError", "compile"]
