"""A pattern as a query of our language that finds every line it stands for."""

import re
from collections.abc import Iterator

from apps.monitoring.logs.masking import MARK, MORE, Tokens
from apps.search.kinds import Kind
from apps.search.language import EXISTS, escaped_field, quoted

# What does not fit into a filter at the top of a page tells patterns apart no more.
_MOST_PHRASES, _MOST_WORDS = 12, 60
_LONGEST_WORD = 255
_WORD = re.compile(r"[0-9A-Za-z]+")
# Letters beyond ASCII are cut into words by rules of each engine: they could be all.
_ANYTHING = re.compile(r"[^\x00-\x7f]+")


def clause(kind: Kind, tokens: Tokens) -> str:
    """A clause on the message: the phrases between what varies, all of them.

    Every line of the pattern matches. A line with the same phrases in another order,
    or more between them, matches too; letter case does not count.
    """
    text = " ".join(MARK if token == MORE else token for token in tokens)
    field = escaped_field(kind.text_field)
    phrases = list(dict.fromkeys(_phrases(_ANYTHING.sub(MARK, text))))
    if not phrases:
        return f"{EXISTS}:{field}"
    named = [f"{field}:{quoted(phrase)}" for phrase in phrases[:_MOST_PHRASES]]
    return named[0] if len(named) == 1 else f"({' AND '.join(named)})"


def _phrases(text: str) -> Iterator[str]:
    """Runs of whole words. A word that touches what varies may be part of a longer
    one, and is left out."""
    runs = text.split(MARK)
    left = _MOST_WORDS
    for at, run in enumerate(runs):
        found = list(_WORD.finditer(run))
        if found and at > 0 and found[0].start() == 0:
            del found[0]
        if found and at < len(runs) - 1 and found[-1].end() == len(run):
            del found[-1]
        words = [word.group() for word in found][:left]
        left -= len(words)
        if words and max(map(len, words)) <= _LONGEST_WORD:
            yield " ".join(words)
