"""How much text a query may hold at once, so that none takes the machine's memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.logs.insights.values import Value

MOST_LETTERS = 256 << 20


class TooLarge(Exception):
    """The query would hold more text than the sandbox gives it."""


@dataclass(slots=True)
class Kept:
    """Letters of the rows, groups and keys that a query holds."""

    letters: int = 0

    def add(self, letters: int) -> None:
        """Raises TooLarge. Fewer than none where something is let go."""
        self.letters += letters
        if self.letters > MOST_LETTERS:
            raise TooLarge


def letters_of(values: Iterable[Value]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))
