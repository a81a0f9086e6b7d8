r"""The `*` of event patterns: any letters or none; `\*` and `\\` are themselves.

Source: EventBridge User Guide, comparison operators, wildcard matching.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.events.problems import BadPattern

STAR = None
Tokens = tuple[str | None, ...]
"""Letters, and None for a star."""

# EventBridge does not publish its limit. This one lets single stars before repeated
# parts through and refuses what EventBridge is known to refuse.
_MOST_STATES = 10


def parse(text: str) -> Tokens:
    """Raises BadPattern for two stars in a row, a wrong escape or too many ways."""
    tokens: list[str | None] = []
    at = 0
    while at < len(text):
        letter: str | None = text[at]
        if letter == "\\":
            at += 1
            letter = text[at : at + 1]
            if letter not in {"*", "\\"}:
                raise BadPattern(f"Invalid escape character at pos {at - 1}")
        elif letter == "*":
            letter = STAR
            if tokens and tokens[-1] is STAR:
                raise BadPattern(f"Consecutive wildcard characters at pos {at - 1}")
        tokens.append(letter)
        at += 1
    _check_simple(tuple(tokens))
    return tuple(tokens)


def fits(tokens: Tokens) -> Callable[[str], bool]:
    """Whether a text is of the pattern. Takes time in proportion to the text: each
    piece between stars is looked for behind the one before, and found for good."""
    first, *others = _pieces(tokens)

    def test(text: str) -> bool:
        if not others:
            return text == first
        last = others[-1]
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in others[:-1]:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return text.endswith(last)

    return test


def _pieces(tokens: Tokens) -> list[str]:
    """The texts between the stars."""
    pieces = [""]
    for token in tokens:
        if token is STAR:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _check_simple(tokens: Tokens) -> None:
    """Walk the pattern along itself, where most of its ways are open at a time."""
    states = _with_stars({0}, tokens)
    for letter in tokens:
        if letter is STAR:
            continue
        states = _with_stars(_after(states, letter, tokens), tokens)
        if len(states) > _MOST_STATES:
            raise BadPattern(
                "Rule is too complex - try using fewer wildcard characters or fewer "
                "repeating character sequences after a wildcard character"
            )


def _after(states: set[int], letter: str, tokens: Tokens) -> set[int]:
    moved = set()
    for state in states:
        if state < len(tokens) and tokens[state] is STAR:
            moved.add(state)
        elif state < len(tokens) and tokens[state] == letter:
            moved.add(state + 1)
    return moved


def _with_stars(states: set[int], tokens: Tokens) -> set[int]:
    past = {s + 1 for s in states if s < len(tokens) and tokens[s] is STAR}
    return states | past
