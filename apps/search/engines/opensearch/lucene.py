"""Patterns as Lucene's regular expressions, which always match a whole term.

They have no flag to ignore letter case inside one: classes of letters do it, so that
the path in front of a value keeps its case.
"""

import re

from apps.search.syntax import Mark, Pattern

_SPECIAL = re.compile(r"([^\w\x00]|_)", re.ASCII)
_PIECES = {Mark.ANY_TEXT: ".*", Mark.ONE_CHARACTER: "."}


def escaped(text: str) -> str:
    """Matches the text itself."""
    return "".join(
        f"\\{letter}" if letter.isascii() and _SPECIAL.match(letter) else letter
        for letter in text
    )


def any_case(text: str) -> str:
    """Matches the text, letter case ignored."""
    return "".join(map(_any_case, text))


def exact_pattern(pattern: Pattern) -> str:
    """Matches what fits the pattern, letter by letter."""
    return "".join(
        _PIECES[part] if isinstance(part, Mark) else escaped(part) for part in pattern
    )


def any_case_pattern(pattern: Pattern) -> str:
    """Matches what fits the pattern, letter case ignored."""
    return "".join(
        _PIECES[part] if isinstance(part, Mark) else any_case(part) for part in pattern
    )


def _any_case(letter: str) -> str:
    forms = {letter, letter.lower(), letter.upper()}
    single = sorted(form for form in forms if len(form) == 1)
    return f"[{''.join(single)}]" if len(single) > 1 else escaped(letter)
