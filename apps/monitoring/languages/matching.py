"""Which lines of a column a filter pattern matches."""

import numpy as np

from apps.monitoring.languages.filterpatterns import Matcher
from apps.monitoring.languages.filterpatterns.objects import ObjectPattern
from apps.monitoring.languages.filterpatterns.terms import Term, Terms
from apps.search.engines.columns import Column, Mask, Texts


def matching(matcher: Matcher, lines: Column | None, rows: int) -> Mask:
    """A mask over the lines; `rows` is their number, also where there are none."""
    if lines is None:
        return np.zeros(rows, dtype=bool)
    if not isinstance(lines, Texts):
        codes, values = lines.coded()
        table = [value is not None and matcher.matches(str(value)) for value in values]
        return np.array([*table, False], dtype=bool)[codes]
    if isinstance(matcher, Terms) and _is_plain(matcher):
        return _terms(matcher, lines)
    return _line_by_line(matcher, lines)


def _is_plain(terms: Terms) -> bool:
    everything = (*terms.required, *terms.optional, *terms.excluded)
    return not any(term.is_expression for term in everything)


def _terms(terms: Terms, lines: Texts) -> Mask:
    """Terms that are texts are looked for in all lines at once."""
    mask = np.ones(len(lines), dtype=bool)
    for term in terms.required:
        mask &= lines.containing(term.text)
    for term in terms.excluded:
        mask &= ~lines.containing(term.text)
    if terms.optional and not terms.required and not terms.excluded:
        return _any(terms.optional, lines)
    return mask


def _any(terms: tuple[Term, ...], lines: Texts) -> Mask:
    mask = np.zeros(len(lines), dtype=bool)
    for term in terms:
        mask |= lines.containing(term.text)
    return mask


def _line_by_line(matcher: Matcher, lines: Texts) -> Mask:
    mask = np.ones(len(lines), dtype=bool)
    if isinstance(matcher, ObjectPattern):
        mask = _beginning_with(b"{ \t\r\n", lines)
    for text in matcher.necessary():
        mask &= lines.containing(text)
    rows = np.flatnonzero(mask)
    held = map(matcher.matches, lines.take(rows).strings())
    mask[rows] = np.fromiter(held, dtype=bool, count=len(rows))
    return mask


def _beginning_with(letters: bytes, lines: Texts) -> Mask:
    """What begins otherwise is no JSON."""
    if not lines.blob:
        return np.zeros(len(lines), dtype=bool)
    letters_of = np.frombuffer(lines.blob, dtype=np.uint8)
    first = letters_of[np.minimum(lines.starts, len(lines.blob) - 1)]
    return np.isin(first, np.frombuffer(letters, dtype=np.uint8))
