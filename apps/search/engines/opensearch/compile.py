"""Syntax tree to OpenSearch's query DSL. No query string of a user reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.search.engines.base import Scope, SearchRequest, too_complex
from apps.search.engines.opensearch import lucene, mapping
from apps.search.engines.opensearch.mapping import (
    bounded,
    number_text,
    place_of,
    plain_path,
    text_field_of,
)
from apps.search.engines.opensearch.running import words_of
from apps.search.kinds import FieldType, Kind
from apps.search.patterns import patterns_of_words
from apps.search.rangekeys import range_keys
from apps.search.sortkeys import Bounds, as_number, network_keys
from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Everything,
    Exists,
    Node,
    Not,
    Pattern,
    Range,
    Wildcard,
    Words,
)
from apps.search.timerange import ALL_TIME

Query = dict[str, Any]

EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}
_LONGEST_PATTERN_PARTS = 400
# As many words as a cluster takes in a query, unless its operator allows more.
_MOST_WORDS = 1_000
# The last character: greater than all that begins with what is before it.
_LAST = "\U0010ffff"


def compile_request(request: SearchRequest) -> Query:
    """Everything a request asks for, in one query without scores."""
    filters = _scope_filters(request.scope)
    if request.range != ALL_TIME:
        span = {"gte": request.range.since_ms, "lt": request.range.until_ms}
        filters.append({"range": {mapping.TIME: span}})
    if request.received_after_ms is not None:
        filters.append({"range": {mapping.RECEIVED: {"gt": request.received_after_ms}}})
    if request.query != Everything():
        filters.append(compile_query(request.query, request.kind, request.now))
    return all_of(filters)


def compile_query(node: Node, kind: Kind, now: datetime) -> Query:
    """Raises QueryTooBroad where a query cannot be run."""
    return _Compiler(kind, now).compile(node)


def all_of(queries: Sequence[Query]) -> Query:
    if not queries:
        return EVERYTHING
    return {"bool": {"filter": list(queries)}}


def any_of(queries: Sequence[Query]) -> Query:
    """Matches what any of the queries matches."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def none_of(queries: Sequence[Query]) -> Query:
    return {"bool": {"must_not": list(queries)}}


def exists(path: str) -> Query:
    """Documents with a value at the path, or at one below it."""
    below = {"prefix": {mapping.PATHS: {"value": f"{path}."}}}
    return any_of([exists_here(path), below])


def exists_here(path: str) -> Query:
    """Documents with a value at this very path."""
    return {"term": {mapping.PATHS: plain_path(path)}}


def exact_value(kind: Kind, path: str, value: str) -> Query:
    """Documents that hold this value, in whichever type a record may write it."""
    place = place_of(kind, path)
    terms = [place.term(mapping.STRING, value)]
    if value in ("true", "false"):
        terms.append(place.term(mapping.BOOLEAN, value))
    number = as_number(value)
    if number is not None:
        terms.append(place.term(mapping.NUMBER, number_text(number)))
    if len(terms) == 1:
        return {"term": {place.field: terms[0]}}
    return {"terms": {place.field: terms}}


@dataclass(frozen=True, slots=True)
class _Compiler:
    kind: Kind
    now: datetime

    def compile(self, node: Node) -> Query:
        match node:
            case Everything():
                return EVERYTHING
            case AllOf(clauses):
                return all_of([self.compile(clause) for clause in clauses])
            case AnyOf(clauses):
                return any_of([self.compile(clause) for clause in clauses])
            case Not(clause):
                return none_of([self.compile(clause)])
            case _:
                return self._leaf(node)

    def _leaf(self, node: Node) -> Query:
        match node:
            case Words(text):
                return self._words(text)
            case Equals(field, value):
                return self._equals(field, value)
            case Wildcard(None, pattern):
                return _running_pattern(pattern)
            case Wildcard(str(field), pattern):
                return self._matching(self.kind.plain_path(field), pattern)
            case Range():
                return self._range(node)
            case Exists(field):
                return exists(self.kind.plain_path(field))
            case _:
                raise AssertionError(f"no query for {node}")

    def _words(self, text: str) -> Query:
        words = words_of(text)
        if not words:
            return NOTHING
        return any_of(
            [
                _phrase(mapping.WORDS, words),
                {"term": {mapping.LOOKUPS: bounded(text)}},
            ]
        )

    def _equals(self, field: str, value: str) -> Query:
        path = self.kind.plain_path(field)
        declared = self.kind.type_of(path)
        if declared is FieldType.TEXT and path == field:
            words = words_of(value)
            if words:
                return _phrase(text_field_of(path), words)
        if declared is FieldType.ADDRESS and "/" in value:
            network = network_keys(value)
            if network:
                return _keys_within(path, Bounds(*network))
        return exact_value(self.kind, path, value)

    def _matching(self, path: str, pattern: Pattern) -> Query:
        if self.kind.text_field and path == self.kind.text_field:
            return _running_pattern(pattern)
        place = place_of(self.kind, path)
        prefix = lucene.escaped(place.prefix + mapping.STRING)
        return _regexp(place.field, prefix + lucene.any_case_pattern(_checked(pattern)))

    def _range(self, node: Range) -> Query:
        path = self.kind.plain_path(node.field)
        ranged = range_keys(node, self.kind.type_of(path), self.now)
        if ranged.are_keys:
            return _keys_within(path, ranged.bounds)
        if ranged.bounds.is_empty():
            return NOTHING
        place = place_of(self.kind, path)
        return _between(place.field, place.prefix + mapping.STRING, ranged.bounds)


def _phrase(field: str, words: Sequence[str]) -> Query:
    if len(words) == 1:
        return {"term": {field: words[0]}}
    return {"match_phrase": {field: " ".join(words)}}


def _running_pattern(pattern: Pattern) -> Query:
    words = patterns_of_words(_checked(pattern))
    if not words:
        return EVERYTHING
    expressions = [_short_enough(lucene.exact_pattern(word)) for word in words]
    if len(words) == 1:
        return _regexp(mapping.WORDS, expressions[0])
    rules = [
        {"regexp": {"pattern": expression, "max_expansions": _MOST_WORDS}}
        for expression in expressions
    ]
    ordered = {"mode": "ordered", "max_gaps": 0, "intervals": rules}
    return {"intervals": {mapping.WORDS: {"all_of": ordered}}}


def _regexp(field: str, expression: str) -> Query:
    return {"regexp": {field: {"value": _short_enough(expression), "flags": "NONE"}}}


def _checked(pattern: Pattern) -> Pattern:
    """The pattern, unless an automaton for it would be too large."""
    if len(pattern) > _LONGEST_PATTERN_PARTS:
        raise too_complex()
    return pattern


def _short_enough(expression: str) -> str:
    """The expression, unless it is longer than an index takes."""
    if len(expression) > mapping.LONGEST_PATTERN:
        raise too_complex()
    return expression


def _keys_within(path: str, bounds: Bounds) -> Query:
    if bounds.is_empty():
        return NOTHING
    # A key begins with the letter of its sort: numbers and times are not compared.
    sort = (bounds.lower or bounds.upper or "")[:1]
    closed = Bounds(
        bounds.lower or sort,
        bounds.upper or sort + _LAST,
        bounds.include_lower,
        bounds.include_upper,
    )
    return _between(mapping.KEYS, f"{plain_path(path)}\0", closed)


def _between(field: str, prefix: str, bounds: Bounds) -> Query:
    """Terms that begin so and go on with a text within the bounds."""
    span: Query = {}
    lower = prefix if bounds.lower is None else bounded(prefix + bounds.lower)
    span["gte" if bounds.include_lower or bounds.lower is None else "gt"] = lower
    upper = prefix + _LAST if bounds.upper is None else bounded(prefix + bounds.upper)
    span["lte" if bounds.include_upper or bounds.upper is None else "lt"] = upper
    return {"range": {field: span}}


def _scope_filters(scope: Scope) -> list[Query]:
    filters: list[Query] = []
    if scope.accounts is not None:
        filters.append({"terms": {mapping.ACCOUNT: sorted(scope.accounts)}})
    if scope.regions is not None:
        filters.append({"terms": {mapping.REGION: sorted(scope.regions)}})
    return filters


def scope_query(scope: Scope, document_id: str) -> Query:
    """The document of this id, if it may be seen."""
    return all_of([{"ids": {"values": [document_id]}}, *_scope_filters(scope)])
