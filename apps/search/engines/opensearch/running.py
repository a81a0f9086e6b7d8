"""Running text as OpenSearch is to see it: lower-case words between spaces.

Text is cut into words here and not by an analyzer of the cluster, so that a word is
the same in every engine, and a build of OpenSearch without analyzers will do.
"""

import re
from collections.abc import Iterable

from apps.search.engines.base import LONGEST_WORD, word_too_long

_BETWEEN_WORDS = re.compile(r"[^\w\n]+|_+")
_TOO_LONG = re.compile(rf"[^\s]{{{LONGEST_WORD + 1},}}")


def running_words(texts: Iterable[str]) -> list[str]:
    """Each text as its words, joined by spaces; words of over 255 letters left out."""
    joined = "\n".join(text.replace("\n", " ") for text in texts)
    spaced = _BETWEEN_WORDS.sub(" ", joined.lower())
    # What stands for it keeps its neighbours apart, as it did.
    return _TOO_LONG.sub("\x01", spaced).split("\n")


def words_of(text: str) -> list[str]:
    """The words of a query. Raises QueryTooBroad where one is longer than what is
    indexed."""
    words = _BETWEEN_WORDS.sub(" ", text.replace("\n", " ").lower()).split()
    if any(len(word) > LONGEST_WORD for word in words):
        raise word_too_long()
    return words
