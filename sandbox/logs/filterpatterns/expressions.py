"""Regular expressions of filter patterns: AWS's subset, and no more.

Source: "Supported regular expressions (regex) syntax", CloudWatch Logs User Guide.
Without groups no quantifier can stand inside another, so the worst a pattern can do is
a power of the message's length; a limit of time ends that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import regex

from sandbox.logs.filterpatterns.errors import InvalidPattern

SECONDS_PER_MESSAGE = 0.25
MOST_EXPRESSIONS = 2
"""Of a pattern. Source: PutMetricFilter, "quota of two regular expressions"."""

_ATOM = r"""(?:
    \\x[0-9A-Fa-f]{2}
  | \\[dDwWsS]
  | \\[!-/:-@\[-`{-~]
  | \[\^?\]?(?:
        \\x[0-9A-Fa-f]{2} | \\[dDwWsS] | \\[!-/:-@\[-`{-~]
      | [A-Za-z0-9:_\#=@/;,.$?*+|{}^-]
    )+\]
  | [A-Za-z0-9:_\#=@/;,.-]
)"""
_ALLOWED = regex.compile(
    rf"(?x) (?: [\^$|] | {_ATOM} (?: [*+?] | \{{\d{{1,3}}(?:,\d{{0,3}})?\}} )? )+"
)


class TooExpensive(Exception):
    """Regular expressions took longer than the sandbox gives them."""


@dataclass(slots=True)
class Allowance:
    """Until when expressions may run, and whether one had to be stopped."""

    until: float
    is_spent: bool = False

    def seconds(self) -> float:
        return min(SECONDS_PER_MESSAGE, self.until - time.monotonic())


_allowance: ContextVar[Allowance] = ContextVar("allowance")


@contextmanager
def allowing(seconds: float) -> Iterator[Allowance]:
    """In this block, expressions of this thread take no longer altogether."""
    allowance = Allowance(time.monotonic() + seconds)
    token = _allowance.set(allowance)
    try:
        yield allowance
    finally:
        _allowance.reset(token)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled `%...%`."""

    compiled: regex.Pattern[str]

    def matches(self, text: str) -> bool:
        allowance = _allowance.get(None) or Allowance(math.inf)
        seconds = allowance.seconds()
        try:
            if seconds > 0:
                return self.compiled.search(text, timeout=seconds) is not None
        except TimeoutError:
            pass  # refused below, as is what had no time left
        allowance.is_spent = True
        raise TooExpensive(self.compiled.pattern)


def expression(source: str) -> Expression:
    """Raises InvalidPattern for what AWS's subset does not have, such as groups."""
    if not _ALLOWED.fullmatch(source, timeout=SECONDS_PER_MESSAGE):
        raise InvalidPattern(f"Unsupported regular expression: %{source}%")
    try:
        return Expression(regex.compile(source, regex.ASCII))
    except regex.error as error:
        raise InvalidPattern(f"Invalid regular expression: {error}") from error
