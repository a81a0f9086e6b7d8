"""One question as one query per stored day."""

from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from apps.search.engines.base import Scope, SearchRequest
from apps.search.engines.embedded import schema
from apps.search.engines.embedded.compile import (
    compile_query,
    within_numbers,
    within_scope,
)
from apps.search.engines.embedded.days import Day, DayFolders
from apps.search.intervals import DAY_MS
from apps.search.syntax import Everything
from apps.search.timerange import milliseconds, parse_time


@dataclass(frozen=True, slots=True)
class DayQuery:
    """A request against one day: the query, and whether it matches all there is.

    The searcher is fixed here, so one question sees one state of the day.
    """

    name: str
    searcher: tantivy.Searcher
    query: Query
    matches_all: bool


def day_queries(folders: DayFolders, request: SearchRequest) -> list[DayQuery]:
    """The request for each stored day it touches, oldest first."""
    days = folders.between(*request.range.days())
    filters = _scope_filters(request.scope)
    if request.query != Everything():
        filters.append(compile_query(request.query, request.kind, request.now))
    if request.received_after_ms is not None:
        filters.append(
            within_numbers(schema.RECEIVED, request.received_after_ms + 1, None)
        )
    return [_day_query(day, filters, request) for day in days]


def matches(day: DayQuery, also: Query | None = None) -> int:
    """How many documents of the day match, and match `also` where it is given."""
    query = day.query
    if also is not None:
        query = Query.boolean_query([(Occur.Must, query), (Occur.Must, also)])
    found = day.searcher.search(query, limit=1)
    return found.count or 0  # type: ignore[attr-defined] # left out of its stubs


def _scope_filters(scope: Scope) -> list[Query]:
    filters = []
    if scope.accounts is not None:
        filters.append(within_scope(schema.ACCOUNT, scope.accounts))
    if scope.regions is not None:
        filters.append(within_scope(schema.REGION, scope.regions))
    return filters


def _day_query(day: Day, filters: list[Query], request: SearchRequest) -> DayQuery:
    begins = milliseconds(parse_time(day.name, request.now))
    since, until = request.range.since_ms, request.range.until_ms
    is_cut = since > begins or until < begins + DAY_MS
    edges = [within_numbers(schema.TIME, since, until)] if is_cut else []
    clauses = [*filters, *edges]
    if not clauses:
        return DayQuery(day.name, day.searcher, Query.all_query(), matches_all=True)
    query = Query.boolean_query([(Occur.Must, clause) for clause in clauses])
    unscored = Query.const_score_query(query, 1.0)
    return DayQuery(day.name, day.searcher, unscored, matches_all=False)
