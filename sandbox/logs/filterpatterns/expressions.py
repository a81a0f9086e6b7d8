"""Regular expressions of filter patterns: AWS's subset, and no more.

Source: "Supported regular expressions (regex) syntax", CloudWatch Logs User Guide.
Without groups no quantifier can stand inside another, so the worst a pattern can do is
a power of the message's length; a limit of time per message ends that.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from sandbox.logs.filterpatterns.errors import InvalidPattern

SECONDS_PER_MESSAGE = 0.25

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
    """A regular expression took longer for one message than the sandbox gives it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled `%...%`."""

    compiled: regex.Pattern[str]

    def matches(self, text: str) -> bool:
        try:
            found = self.compiled.search(text, timeout=SECONDS_PER_MESSAGE)
        except TimeoutError as error:
            raise TooExpensive(self.compiled.pattern) from error
        return found is not None


def expression(source: str) -> Expression:
    """Raises InvalidPattern for what AWS's subset does not have, such as groups."""
    if not _ALLOWED.fullmatch(source, timeout=SECONDS_PER_MESSAGE):
        raise InvalidPattern(f"Unsupported regular expression: %{source}%")
    try:
        return Expression(regex.compile(source, regex.ASCII))
    except regex.error as error:
        raise InvalidPattern(f"Invalid regular expression: {error}") from error
