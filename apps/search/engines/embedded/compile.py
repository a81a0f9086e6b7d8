"""Syntax tree to Tantivy queries. Tantivy's own query parser is never used."""

import re
from dataclasses import dataclass
from datetime import datetime

import tantivy
from tantivy import Occur, Query

from apps.search.documents import searchable_text
from apps.search.engines.base import LONGEST_WORD, too_complex, word_too_long
from apps.search.engines.embedded import schema
from apps.search.kinds import FieldType, Kind
from apps.search.patterns import value_pattern, word_patterns, words_pattern
from apps.search.rangekeys import range_keys
from apps.search.sortkeys import (
    Bounds,
    as_number,
    key_range_pattern,
    network_keys,
    text_range_pattern,
    time_key,
)
from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Everything,
    Exists,
    Mark,
    Node,
    Not,
    Range,
    Wildcard,
    Words,
)

_SCHEMA = schema.schema()
_ANALYZER = schema.word_analyzer()
_UNBROKEN = re.compile(r"[^\W_]+")
_EPOCH_MICROSECONDS = 719_162 * 86_400 * 1_000_000  # from the year 1 to 1970
_BIGGEST, _SMALLEST = 2**64 - 1, -(2**63)


def record_path(path: str) -> str:
    """How Tantivy names a path inside the record."""
    return f"{schema.RECORD}." + path.replace("\\", "\\\\")


def compile_query(node: Node, kind: Kind, now: datetime) -> Query:
    """The Tantivy query for `node`. Raises QueryTooBroad where one cannot be run."""
    try:
        return _Compiler(kind, now).compile(node)
    except ValueError as error:
        raise too_complex() from error


@dataclass(frozen=True, slots=True)
class _Compiler:
    kind: Kind
    now: datetime

    def compile(self, node: Node) -> Query:
        match node:
            case Everything():
                return Query.all_query()
            case AllOf(clauses):
                return self._all_of(clauses)
            case AnyOf(clauses):
                return any_of([self.compile(clause) for clause in clauses])
            case Not(clause):
                return self._all_of((Not(clause),))
            case _:
                return self._leaf(node)

    def _leaf(self, node: Node) -> Query:
        match node:
            case Words(text):
                return self._words(text)
            case Equals(field, value):
                return self._equals(field, value)
            case Wildcard(None, pattern):
                return _running_words(word_patterns(pattern))
            case Wildcard(str(field), pattern):
                return self._fits(field, pattern)
            case Range():
                return self._range(node)
            case Exists(field):
                return self._exists(self.kind.plain_path(field))
            case _:
                raise AssertionError(f"no query for {node}")

    def _all_of(self, clauses: tuple[Node, ...]) -> Query:
        parts = []
        for clause in clauses:
            if isinstance(clause, Not):
                parts.append((Occur.MustNot, self.compile(clause.clause)))
            else:
                parts.append((Occur.Must, self.compile(clause)))
        if all(occur == Occur.MustNot for occur, _ in parts):
            parts.append((Occur.Must, Query.all_query()))
        return Query.boolean_query(parts)

    def _words(self, text: str) -> Query:
        if not _words_of(text):
            return Query.empty_query()
        running = _running(text)
        named = [_term(path, text) for path in self.kind.lookups]
        return any_of([running, *named])

    def _equals(self, field: str, value: str) -> Query:
        path = self.kind.plain_path(field)
        if path not in self.kind.kept_apart:
            return self._is_value(path, field, value)
        if path == self.kind.text_field:
            return _running(value)
        return _within_times(Bounds(time_key(value), time_key(value)))

    def _is_value(self, path: str, field: str, value: str) -> Query:
        declared = self.kind.type_of(path)
        if declared is FieldType.TEXT and path == field:
            words = _words_of(value)
            return (
                _matching(path, words_pattern(words)) if words else _term(path, value)
            )
        if declared is FieldType.ADDRESS and "/" in value:
            network = network_keys(value)
            if network:
                return _keys_within(path, Bounds(*network))
        return exact_value(path, value)

    def _range(self, node: Range) -> Query:
        path = self.kind.plain_path(node.field)
        ranged = range_keys(node, self.kind.type_of(path), self.now)
        if path == self.kind.time_field and ranged.are_keys:
            return _within_times(ranged.bounds)
        if ranged.are_keys:
            return _keys_within(path, ranged.bounds)
        if ranged.bounds.is_empty():
            return Query.empty_query()
        return _matching(path, text_range_pattern(ranged.bounds))

    def _fits(self, field: str, pattern: tuple[str | Mark, ...]) -> Query:
        path = self.kind.plain_path(field)
        if self.kind.text_field and path == self.kind.text_field:
            return _running_words(word_patterns(pattern))
        return _matching(path, value_pattern(pattern))

    def _exists(self, path: str) -> Query:
        if path in self.kind.kept_apart:
            return Query.all_query()
        return Query.exists_query(record_path(path), json_subpaths=True)


def exact_value(path: str, value: str) -> Query:
    """Documents that hold this value, in whichever type a record may write it."""
    return any_of([_term(path, form) for form in _forms(value)])


def any_of(queries: list[Query]) -> Query:
    """Matches what any of the queries matches."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _words_of(text: str) -> list[str]:
    """The words of a text as the index has them. Raises QueryTooBroad where one is
    longer than what is indexed."""
    if any(len(word) > LONGEST_WORD for word in _UNBROKEN.findall(text)):
        raise word_too_long()
    return list(_ANALYZER.analyze(text))


def _forms(value: str) -> list[str | float]:
    """What a value could have been in the record: text, and a truth or a number."""
    # A truth is a number to Python's types.
    forms: list[str | float] = [value]
    if value in ("true", "false"):
        forms.append(value == "true")
    number = as_number(value)
    if number is not None and _SMALLEST <= number <= _BIGGEST:
        forms.append(number)
    return forms


def _term(path: str, value: str | float) -> Query:
    if isinstance(value, str):
        value = searchable_text(value)
    return Query.term_query(_SCHEMA, record_path(path), value)


def _matching(path: str, pattern: str) -> Query:
    """Documents where some string under `path` fits the pattern as a whole.

    A term of the JSON field is the path, its parts separated by \\x01, then \\0,
    the type `s` and the string: one automaton walks straight to the path.
    """
    parts = re.escape("\x01".join(path.split(".")))
    return Query.regex_query(_SCHEMA, schema.RECORD, f"{parts}\x00s{pattern}")


def _running(text: str) -> Query:
    """Documents with these words in this order."""
    words = _words_of(text)
    if not words:
        return Query.empty_query()
    if len(words) == 1:
        return Query.term_query(_SCHEMA, schema.WORDS, words[0])
    return Query.phrase_query(_SCHEMA, schema.WORDS, list(words))


def _within_times(bounds: Bounds) -> Query:
    """Documents of a time between two keys of times, which count microseconds."""
    if bounds.is_empty() or (bounds.lower is None and bounds.upper is None):
        return Query.empty_query()
    lower = upper = None
    if bounds.lower is not None:
        lower = _millisecond(bounds.lower, after=not bounds.include_lower)
    if bounds.upper is not None:
        upper = _millisecond(bounds.upper, after=bounds.include_upper)
    return within_numbers(schema.TIME, lower, upper)


def _millisecond(key: str, *, after: bool) -> int:
    """The first whole millisecond since 1970 at the time of a key, or after it."""
    microseconds = int(key[1:], 16) - _EPOCH_MICROSECONDS
    return -(-(microseconds + after) // 1_000)


def _keys_within(path: str, bounds: Bounds) -> Query:
    if bounds.is_empty():
        return Query.empty_query()
    pattern = re.escape(path + "\x00") + key_range_pattern(bounds)
    return Query.regex_query(_SCHEMA, schema.KEYS, pattern)


def _running_words(patterns: list[str]) -> Query:
    if not patterns:
        return Query.all_query()
    if len(patterns) == 1:
        return Query.regex_query(_SCHEMA, schema.WORDS, patterns[0])
    return Query.regex_phrase_query(_SCHEMA, schema.WORDS, list(patterns))


def within_scope(field: str, values: frozenset[str]) -> Query:
    """Documents whose account or region is one of these."""
    return Query.term_set_query(_SCHEMA, field, sorted(values))


def within_numbers(field: str, lower: int | None, upper: int | None) -> Query:
    """Documents whose whole-number field lies in [lower, upper)."""
    kind = (
        tantivy.FieldType.Unsigned
        if field == schema.ORDER
        else tantivy.FieldType.Integer
    )
    return Query.range_query(
        _SCHEMA, field, kind, lower, upper, include_upper=upper is None
    )
