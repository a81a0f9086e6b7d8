"""Wildcard patterns as regular expressions, for fields and for running words.

Regular expressions here run as automata over a dictionary of terms: no capture, no
back-reference, time linear in the text. User text only ever enters escaped.
"""

import re

from apps.search.documents import TIME_MARK
from apps.search.syntax import Mark, Pattern

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_ANY_TEXT, _ONE_CHARACTER = "(?s:.*)", "(?s:.)"
_ASKS_NOTHING: tuple[Pattern, ...] = ((), (Mark.ANY_TEXT,))


def value_pattern(pattern: Pattern) -> str:
    """Matches a whole value, letter case ignored."""
    body = "".join(_piece(part) for part in pattern)
    return f"{TIME_MARK}?(?i:{body})"


def prefix_pattern(beginning: str) -> str:
    """Matches values that begin so, letter case ignored."""
    return value_pattern((beginning, Mark.ANY_TEXT))


def words_pattern(words: list[str]) -> str:
    """Matches values that contain these words in a row, letter case ignored."""
    running = "[^0-9A-Za-z]+".join(map(re.escape, words))
    # Beyond ASCII all counts as letters: their real classes outgrow an automaton.
    outside = "[^0-9A-Za-z\\x{80}-\\x{10FFFF}]"
    before, after = f"(?:{_ANY_TEXT}{outside})?", f"(?:{outside}{_ANY_TEXT})?"
    return f"{TIME_MARK}?{before}(?i:{running}){after}"


def word_patterns(pattern: Pattern) -> list[str]:
    """A pattern over running text as one regular expression per word, in order."""
    return ["".join(map(_piece, word)) for word in patterns_of_words(pattern)]


def patterns_of_words(pattern: Pattern) -> list[Pattern]:
    """A pattern over running text as one lower-case pattern per word, in order.

    `*shop-logs*` is a word that ends in shop, then one that begins with logs. A
    star alone at either end asks for nothing and is left out.
    """
    found: list[Pattern] = [()]
    for part in pattern:
        if isinstance(part, Mark):
            found[-1] += (part,)
        else:
            _append_words(found, part.lower())
    while len(found) > 1 and found[-1] in _ASKS_NOTHING:
        found.pop()
    while len(found) > 1 and found[0] in _ASKS_NOTHING:
        found.pop(0)
    return [word for word in found if word]


def _append_words(found: list[Pattern], text: str) -> None:
    end = 0
    for word in _WORD.finditer(text):
        if word.start() > end:
            found.append(())
        found[-1] += (word.group(),)
        end = word.end()
    if end < len(text):
        found.append(())


def _piece(part: str | Mark) -> str:
    if part is Mark.ANY_TEXT:
        return _ANY_TEXT
    return _ONE_CHARACTER if part is Mark.ONE_CHARACTER else re.escape(part)
