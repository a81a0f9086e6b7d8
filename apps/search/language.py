"""The query language: text in, syntax tree out.

    word  "a phrase"  field:value  field:"two words"  field:[a TO b]  field:>=n
    wild*  *infix*  _exists_:field  AND OR NOT + -  ( )

Clauses side by side must all match. Luqum decides the structure; what it cannot
know (ARNs without quotes, positions of the user's text) the scanner prepares.
"""

import re
from collections.abc import Callable, Iterator

import luqum.tree as lucene
from luqum.exceptions import IllegalCharacterError, ParseSyntaxError
from luqum.thread import parse as parse_lucene

from apps.search.scanner import OPERATORS, Prepared, prepare
from apps.search.syntax import (
    AnyOf,
    Equals,
    Everything,
    Exists,
    Mark,
    Node,
    Not,
    QuerySyntaxError,
    Range,
    Wildcard,
    Words,
    all_of,
)

MAX_CLAUSES = 500
MAX_DEPTH = 200
EXISTS = "_exists_"

_LUQUM_POSITION = re.compile(r"at position (\d+)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# A name begins with a letter; what follows may also be a digit, a dot or a hyphen.
_NEEDS_ESCAPE = re.compile(r"^[\d.\-]|[^\w.@$\-]")
_A_TERM = 'a word, "a phrase", field:value or ('


def parse(text: str) -> Node:
    """The syntax tree of `text`; of empty text, Everything.

    Raises QuerySyntaxError with the character where it goes wrong.
    """
    if not text.strip():
        return Everything()
    prepared = prepare(text)
    reader = _Reader(prepared)
    return reader.node(_lucene_tree(prepared, text), None)


def quoted(value: str) -> str:
    """`value` as a quoted phrase of the language."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped_field(path: str) -> str:
    """A field path as it must be typed: characters that mean something escaped."""
    if path in OPERATORS:
        return "\\" + path
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", path)


def _lucene_tree(prepared: Prepared, text: str) -> lucene.Item:
    try:
        return parse_lucene(prepared.text)
    except (ParseSyntaxError, IllegalCharacterError) as error:
        found = _LUQUM_POSITION.search(str(error))
        if found is None:
            raise QuerySyntaxError(
                "The query ends too early", len(text.rstrip()), _A_TERM
            ) from error
        position = prepared.original(int(found.group(1)))
        word = text[position:].split(maxsplit=1)[0]
        raise QuerySyntaxError(f"Unexpected {word}", position, _A_TERM) from error


class _Reader:
    """Turns a Luqum tree into ours, one method per kind of node."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._clauses = 0
        self._depth = 0

    def node(self, item: lucene.Item, field: str | None) -> Node:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise QuerySyntaxError(
                "The query has too many parts",
                self._position(item),
                f"at most {MAX_CLAUSES}",
            )
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QuerySyntaxError(
                "The query is nested too deeply",
                self._position(item),
                f"at most {MAX_DEPTH} levels",
            )
        for kind, read in _READERS:
            if isinstance(item, kind):
                node = read(self, item, field)
                self._depth -= 1
                return node
        raise QuerySyntaxError(
            f"{type(item).__name__} is not part of the query language",
            self._position(item),
            _A_TERM,
        )

    def _position(self, item: lucene.Item) -> int:
        return self._prepared.original(item.pos or 0)

    def all_of(self, item: lucene.Item, field: str | None) -> Node:
        return all_of(*(self.node(child, field) for child in item.children))

    def any_of(self, item: lucene.Item, field: str | None) -> Node:
        return AnyOf(tuple(self.node(child, field) for child in item.children))

    def negation(self, item: lucene.Item, field: str | None) -> Node:
        return Not(self.node(item.children[0], field))

    def inner(self, item: lucene.Item, field: str | None) -> Node:
        return self.node(item.children[0], field)

    def search_field(self, item: lucene.Item, field: str | None) -> Node:
        if field is not None:
            raise QuerySyntaxError(
                f"{item.name} stands inside the field {field}",
                self._position(item),
                "a value",
            )
        name = _unescape(item.name)
        if name == EXISTS:
            return self._exists(item.children[0])
        if item.name == "*":
            return Everything()
        return self.node(item.children[0], name)

    def _exists(self, item: lucene.Item) -> Node:
        value = _unescape(_text(item))
        if not value:
            raise QuerySyntaxError(
                f"{EXISTS} needs a field", self._position(item), "a field name"
            )
        return Exists(value, self._position(item))

    def word(self, item: lucene.Item, field: str | None) -> Node:
        pattern = tuple(_pattern(item.value))
        position = self._position(item)
        if field is None and item.value == "*\\:*":
            return Everything()
        if pattern == (Mark.ANY_TEXT,):
            return Exists(field, position) if field else Everything()
        if any(isinstance(part, Mark) for part in pattern):
            return Wildcard(field, pattern, position)
        return self._literal(_unescape(item.value), field, position)

    def phrase(self, item: lucene.Item, field: str | None) -> Node:
        return self._literal(_text(item), field, self._position(item))

    def _literal(self, text: str, field: str | None, position: int) -> Node:
        return Equals(field, text, position) if field else Words(text, position)

    def between(self, item: lucene.Item, field: str | None) -> Node:
        return self._range(
            item, field, (item.low, item.include_low), (item.high, item.include_high)
        )

    def at_least(self, item: lucene.Item, field: str | None) -> Node:
        return self._range(item, field, (item.a, item.include), (None, True))

    def at_most(self, item: lucene.Item, field: str | None) -> Node:
        return self._range(item, field, (None, True), (item.a, item.include))

    def _range(
        self,
        item: lucene.Item,
        field: str | None,
        low: tuple[lucene.Item | None, bool],
        high: tuple[lucene.Item | None, bool],
    ) -> Node:
        position = self._position(item)
        if field is None:
            raise QuerySyntaxError("A range has no field", position, "field:>=value")
        lower, upper = self._bound(low[0]), self._bound(high[0])
        if lower is None and upper is None:
            return Exists(field, position)
        return Range(field, lower, upper, low[1], high[1], position)

    def _bound(self, item: lucene.Item | None) -> str | None:
        if item is None or _text(item) == "*":
            return None
        return _unescape(_text(item)) if isinstance(item, lucene.Word) else _text(item)


_Read = Callable[[_Reader, lucene.Item, str | None], Node]
_READERS: tuple[tuple[type[lucene.Item], _Read], ...] = (
    (lucene.OrOperation, _Reader.any_of),
    (lucene.AndOperation, _Reader.all_of),
    (lucene.UnknownOperation, _Reader.all_of),
    (lucene.Not, _Reader.negation),
    (lucene.Prohibit, _Reader.negation),
    (lucene.Plus, _Reader.inner),
    (lucene.Group, _Reader.inner),
    (lucene.FieldGroup, _Reader.inner),
    (lucene.SearchField, _Reader.search_field),
    (lucene.Phrase, _Reader.phrase),
    (lucene.Word, _Reader.word),
    (lucene.From, _Reader.at_least),
    (lucene.To, _Reader.at_most),
    (lucene.Range, _Reader.between),
)


def _text(item: lucene.Item) -> str:
    """The text of a word as typed, or of a phrase without its quotes."""
    if isinstance(item, lucene.Phrase):
        return _unescape(str(item.value)[1:-1])
    return str(getattr(item, "value", ""))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _pattern(text: str) -> Iterator[str | Mark]:
    literal = ""
    characters = iter(text)
    for character in characters:
        if character in "*?":
            if literal:
                yield literal
            literal = ""
            yield Mark(character)
        else:
            literal += next(characters, "") if character == "\\" else character
    if literal:
        yield literal
