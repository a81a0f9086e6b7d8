"""A pattern as a query of our language that finds every line it stands for."""

from apps.monitoring.logs.masking import MARK, MORE, Tokens
from apps.search.explorestate import exact_clause
from apps.search.kinds import Kind
from apps.search.language import escaped_field

# Longer patterns are cut: a wildcard may have so many letters and not many more.
_MOST_LETTERS = 300


def clause(kind: Kind, tokens: Tokens) -> str:
    """A clause on the message: letters as they are, a star where tokens vary.

    Every line of the pattern matches. A line whose varying part has blanks may match
    too, and letter case does not count.
    """
    typed = _wildcard(tokens)
    if "*" not in typed and "?" not in typed:
        return exact_clause(kind, kind.message_field, " ".join(tokens))
    return f"{escaped_field(kind.message_field)}:{''.join(typed)}"


def _wildcard(tokens: Tokens) -> list[str]:
    """Each letter as it must be typed, and stars where anything may stand."""
    # Members of a JSON body were taken apart at places where it has no blank.
    seam = "*" if tokens[0].startswith("{") else "\\ "
    parts = _parts(tokens[0])
    for token in tokens[1:]:
        parts += ["*"] if token == MORE else [seam, *_parts(token)]
    letters = 0
    written: list[str] = []
    for part in parts:
        letters += part != "*"
        if letters > _MOST_LETTERS:
            written.append("*")
            break
        if part != "*" or written[-1:] != ["*"]:
            written.append(part)
    return written


def _parts(token: str) -> list[str]:
    """The letters of a token, each as it must be typed, and its stars."""
    literals = token.split(MARK)
    parts: list[str] = []
    for at, literal in enumerate(literals):
        parts += ["*"] if at else []
        parts += [_typed(letter) for letter in literal]
    return parts


def _typed(letter: str) -> str:
    if not letter.isprintable() or letter.isspace():
        return "?"
    # Escaped even where it need not be: a word of an operator stays a word.
    return letter if letter.isalnum() or letter == "_" else f"\\{letter}"
