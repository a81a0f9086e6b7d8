"""Regular expressions between percent signs, in the alphabet that AWS allows.

Source: "Supported regular expressions syntax", CloudWatch Logs User Guide. Whatever
passes is run by RE2, so a match takes time linear in the length of the line.
"""

import re

import re2

from apps.monitoring.languages.filterpatterns.errors import PatternError

MOST_EXPRESSIONS = 2
_ALLOWED = re.compile(
    r"(?:[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|*+. '<>&!~\"]"
    r"|\\(?:x[0-9A-Fa-f]{2}|[^A-Za-z0-9]|[dDsSwW]))*"
)


def compiled(source: str, position: int) -> "re2._Regexp[str]":
    """`position`: where `source` begins in the pattern. Raises PatternError."""
    match = _ALLOWED.match(source)
    end = match.end() if match else 0
    if end < len(source):
        raise PatternError(
            f"{source[end]!r} is not allowed in a regular expression",
            position + end,
            "use letters, digits and ^ $ ? [ ] { } | * + . \\d \\D \\s \\S \\w \\W "
            "\\xhh, without parentheses; write other signs behind a backslash",
        )
    try:
        return re2.compile(source)
    except re2.error as error:
        raise PatternError(
            f"The regular expression is not valid ({error})",
            position,
            "check its brackets and repetitions",
        ) from error
