"""Answers questions from day indexes."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

import tantivy
from tantivy import Occur, Query

from apps.search.engines.base import (
    DayCount,
    Facets,
    Histogram,
    Hit,
    Page,
    Scope,
    SearchRequest,
    SortOrder,
    Total,
)
from apps.search.engines.columns import Block
from apps.search.engines.cursors import Cursor
from apps.search.engines.embedded import facets, histograms, scanning, schema
from apps.search.engines.embedded.compile import within_numbers
from apps.search.engines.embedded.dayqueries import DayQuery, day_queries, matches
from apps.search.engines.embedded.days import DayFolders
from apps.search.engines.embedded.parallel import in_time
from apps.search.engines.scans import PAGE, paged_blocks
from apps.search.kinds import FieldType, Kind

_SIDE_BY_SIDE = max(2, os.cpu_count() or 2)
_TANTIVY_ORDER = {
    SortOrder.NEWEST: tantivy.Order.Desc,
    SortOrder.OLDEST: tantivy.Order.Asc,
}
_SCHEMA = schema.schema()


@dataclass(frozen=True, slots=True)
class _Found:
    searcher: tantivy.Searcher
    order: int
    address: tantivy.DocAddress


class EmbeddedReader:
    def __init__(self, folders: Mapping[str, DayFolders]) -> None:
        self._folders = folders

    def find(
        self,
        request: SearchRequest,
        size: int,
        order: SortOrder = SortOrder.NEWEST,
        after: str | None = None,
    ) -> Page:
        cursor = Cursor.parse(after, order) if after else None
        days = self._day_queries(request)
        if order is SortOrder.NEWEST:
            days.reverse()
        if cursor is not None:
            days = [day for day in days if cursor.reaches(day.name)]

        def search(day: DayQuery) -> list[_Found]:
            return _find_in_day(day, size + 1, order, cursor)

        deadline = monotonic() + request.seconds
        hits: list[Hit] = []
        for start in range(0, len(days), _SIDE_BY_SIDE):
            batch = days[start : start + _SIDE_BY_SIDE]
            answers = in_time(search, batch, deadline - monotonic())
            for found in answers.values:
                hits += _hits(found, cursor, size + 1 - len(hits))
            if len(hits) > size:
                return Page(tuple(hits[:size]), next=hits[size - 1].cursor)
            if answers.partial:
                return Page(tuple(hits), partial=_late(request, start, days))
        return Page(tuple(hits))

    def scan(self, request: SearchRequest) -> Iterator[Block]:
        if not request.kind.text_field:
            return paged_blocks(
                lambda after: self.find(request, PAGE, SortOrder.NEWEST, after), request
            )
        folders = self._folders[request.kind.name]
        return scanning.blocks(folders, request, _turned)

    def prepare(self, kind: Kind) -> None:
        """Bring the columns of every day up to date with its index."""
        folders = self._folders[kind.name]
        for name in folders.names() if kind.text_field else ():
            scanning.brought_up(folders.day(name), kind, _turned)

    def count(self, request: SearchRequest) -> Total:
        days = self._day_queries(request)
        counted = sum(day.searcher.num_docs for day in days if day.matches_all)
        searched = [day for day in days if not day.matches_all]
        answers = in_time(matches, searched, request.seconds)
        return Total(counted + sum(answers.values), answers.partial)

    def histogram(
        self, request: SearchRequest, interval_ms: int, by: str | None = None
    ) -> Histogram:
        return histograms.histogram(
            self._day_queries(request), request, interval_ms, by
        )

    def facets(self, request: SearchRequest, paths: Sequence[str], size: int) -> Facets:
        return facets.facets(self._day_queries(request), request, paths, size)

    def values(
        self, request: SearchRequest, path: str, beginning: str, size: int
    ) -> Sequence[tuple[str, int]]:
        days = self._day_queries(request)
        return facets.values(days, request, path, beginning, size)

    def get(self, kind: Kind, document_id: str, scope: Scope) -> Hit | None:
        query = Query.term_query(_SCHEMA, schema.ID, document_id)
        folders = self._folders[kind.name]
        for name in reversed(folders.names()):
            searcher = folders.day(name).searcher
            if not searcher.doc_freq(schema.ID, document_id):
                continue
            found = searcher.search(query, limit=1, order_by_field=schema.ORDER)
            for order, address in found.hits:
                hit = _hit(_Found(searcher, order, address), ())
                return hit if scope.admits(hit.account, hit.region) else None
        return None

    def fields(self, kind: Kind) -> Mapping[str, FieldType]:
        folders = self._folders[kind.name]
        seen: dict[str, FieldType] = {}
        for name in folders.names():
            seen.update(folders.day(name).catalog)
        return seen

    def days(self, kind: Kind) -> Sequence[DayCount]:
        folders = self._folders[kind.name]
        return [folders.day(name).size() for name in folders.names()]

    def _day_queries(self, request: SearchRequest) -> list[DayQuery]:
        return day_queries(self._folders[request.kind.name], request)


def _turned(day: DayQuery, size: int, after: str | None) -> Page:
    """A page of one day, newest first."""
    cursor = Cursor.parse(after, SortOrder.NEWEST) if after else None
    found = _find_in_day(day, size + 1, SortOrder.NEWEST, cursor)
    hits = tuple(_hits(found, cursor, size + 1))
    if len(hits) > size:
        return Page(hits[:size], next=hits[size - 1].cursor)
    return Page(hits)


def _find_in_day(
    day: DayQuery, limit: int, order: SortOrder, cursor: Cursor | None
) -> list[_Found]:
    query = day.query
    if cursor is not None:
        query = Query.boolean_query(
            [(Occur.Must, query), (Occur.Must, _remaining(cursor))]
        )
        limit += len(cursor.seen)
    found = day.searcher.search(
        query,
        limit=limit,
        count=False,
        order_by_field=schema.ORDER,
        order=_TANTIVY_ORDER[order],
    )
    return [_Found(day.searcher, key, address) for key, address in found.hits]


def _remaining(cursor: Cursor) -> Query:
    """Documents of the cursor's order and those beyond it."""
    if cursor.direction is SortOrder.NEWEST:
        return within_numbers(schema.ORDER, None, cursor.order + 1)
    return within_numbers(schema.ORDER, cursor.order, None)


def _hits(found: list[_Found], cursor: Cursor | None, limit: int) -> Iterator[Hit]:
    """At most `limit` documents; each cursor names those of the same order before."""
    seen = cursor.seen if cursor else frozenset[str]()
    tied: list[str] = []
    last = cursor.order if cursor else -1
    for one in found:
        if limit <= 0:
            return
        if one.order != last:
            tied, last, seen = [], one.order, frozenset()
        hit = _hit(one, (*seen, *tied))
        if hit.id in seen:
            continue
        tied.append(hit.id)
        limit -= 1
        yield hit


def _hit(found: _Found, tied: tuple[str, ...]) -> Hit:
    stored = found.searcher.doc(found.address)
    document_id = stored[schema.ID][0]
    return Hit(
        id=document_id,
        time_ms=stored[schema.TIME][0],
        received_ms=stored[schema.RECEIVED][0],
        account=stored[schema.ACCOUNT][0],
        region=stored[schema.REGION][0],
        raw=bytes(stored[schema.RAW][0]),
        derived=bytes(stored[schema.DERIVED][0]),
        cursor=str(Cursor(found.order, frozenset((*tied, document_id)))),
    )


def _late(request: SearchRequest, done: int, days: Sequence[DayQuery]) -> str:
    return (
        f"The time limit of {request.seconds:g} s was reached with about "
        f"{len(days) - done} of {len(days)} days still to search. "
        "Narrow the time range or the query."
    )
