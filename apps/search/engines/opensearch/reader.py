"""Answers questions from an OpenSearch cluster."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.search.engines.base import (
    TOTAL_SERIES,
    DayCount,
    Facet,
    Facets,
    Histogram,
    Hit,
    Page,
    Scope,
    SearchRequest,
    SortOrder,
    Total,
)
from apps.search.engines.cursors import Cursor
from apps.search.engines.opensearch import aggregations as agg
from apps.search.engines.opensearch import mapping
from apps.search.engines.opensearch.answers import Answer, late, partial_of, total_of
from apps.search.engines.opensearch.cluster import Cluster
from apps.search.engines.opensearch.compile import compile_request, scope_query
from apps.search.engines.opensearch.mapping import Names
from apps.search.intervals import DAY_MS, bucket_starts
from apps.search.kinds import FieldType, Kind
from apps.search.timerange import ALL_TIME, from_milliseconds

# Days that are named one by one; a longer range asks all and leaves it to the
# cluster to pass over those that cannot match.
_NAMED_DAYS = 32
_MOST_PATHS = 65_000
_ORDERS = {SortOrder.NEWEST: "desc", SortOrder.OLDEST: "asc"}
_SECONDS = 10.0


class OpenSearchReader:
    def __init__(self, cluster: Cluster, names: Callable[[Kind], Names]) -> None:
        self._cluster = cluster
        self._names = names

    def find(
        self,
        request: SearchRequest,
        size: int,
        order: SortOrder = SortOrder.NEWEST,
        after: str | None = None,
    ) -> Page:
        cursor = Cursor.parse(after, order) if after else None
        known = len(cursor.seen) if cursor else 0
        body = {
            "size": size + 1 + known,
            "sort": [{mapping.ORDER: _ORDERS[order]}],
            "track_total_hits": False,
            "_source": mapping.SHOWN,
        }
        if cursor is not None:
            body["search_after"] = [_just_before(cursor, order)]
        answer = self._ask(request, body)
        if answer is None:
            return Page((), partial=late(request))
        hits = tuple(_hits(answer["hits"]["hits"], cursor, size + 1))
        if len(hits) > size:
            return Page(hits[:size], hits[size - 1].cursor, partial_of(answer, request))
        return Page(hits, partial=partial_of(answer, request))

    def count(self, request: SearchRequest) -> Total:
        answer = self._ask(request, {"size": 0, "track_total_hits": True})
        if answer is None:
            return Total(0, late(request))
        return Total(total_of(answer), partial_of(answer, request))

    def histogram(
        self, request: SearchRequest, interval_ms: int, by: str | None = None
    ) -> Histogram:
        if by is None:
            wanted = {"over_time": agg.over_time(interval_ms)}
        else:
            wanted = agg.split_over_time(request.kind, by, interval_ms)
        answer = self._aggregate(request, wanted)
        counts: agg.Counts = {} if by else {TOTAL_SERIES: Counter()}
        partial = late(request)
        if answer is not None:
            partial = partial_of(answer, request) or ""
            counts = self._series(request, interval_ms, by, answer)
        occupied = [start for counted in counts.values() for start in counted]
        starts = bucket_starts(request.range, interval_ms, occupied)
        series = {
            name: tuple(counted[start] for start in starts)
            for name, counted in counts.items()
            if agg.is_shown(name, counted)
        }
        return Histogram(interval_ms, tuple(starts), series, partial or None)

    def _series(
        self, request: SearchRequest, interval_ms: int, by: str | None, answer: Answer
    ) -> agg.Counts:
        found = answer.get("aggregations")
        if found is None:
            return {} if by else {TOTAL_SERIES: Counter()}
        if by is None:
            return agg.total_series(found)
        series = agg.split_series(request.kind, by, found)
        return series or self._counted_series(request, interval_ms, by)

    def _counted_series(
        self, request: SearchRequest, interval_ms: int, by: str
    ) -> agg.Counts:
        """Each series counted by itself: exact whatever values documents have."""
        facet = self.facets(request, [by], agg.SERIES).by_path[by]
        names = [name for name, _ in facet.values]
        queries = agg.series_queries(request.kind, by, names)
        wanted = {"series": agg.each_over_time(queries, interval_ms)}
        answer = self._aggregate(request, wanted)
        if answer is None:
            return {}
        return agg.each_series(list(queries), answer["aggregations"]["series"])

    def facets(self, request: SearchRequest, paths: Sequence[str], size: int) -> Facets:
        wanted = {
            str(at): agg.terms(request.kind, path, size)
            for at, path in enumerate(paths)
        }
        answer = self._aggregate(request, wanted)
        if answer is None:
            empty = {path: _no_facet(path) for path in paths}
            return Facets(empty, 0, late(request))
        partial = partial_of(answer, request)
        found = answer.get("aggregations", {})
        by_path = {}
        for at, path in enumerate(paths):
            facet = self._facet(request, path, found.get(str(at), _NO_VALUES), size)
            by_path[path] = replace(facet, exact=facet.exact and not partial)
        return Facets(by_path, total_of(answer), partial)

    def _facet(
        self, request: SearchRequest, path: str, values: Mapping[str, Any], size: int
    ) -> Facet:
        counts = agg.values_of(request.kind, path, values)
        exact: Counter[str] = Counter()
        if values["doc_count_error_upper_bound"]:
            names = [name for name, _ in agg.ranked(counts)[:size]]
            wanted = agg.counted_exactly(request.kind, path, names)
            answer = self._aggregate(request, {"exact": wanted})
            if answer is not None:
                exact = agg.exact_counts(names, answer["aggregations"]["exact"])
        return agg.facet(path, counts, values, size, exact)

    def values(
        self, request: SearchRequest, path: str, beginning: str, size: int
    ) -> Sequence[tuple[str, int]]:
        wanted = agg.terms(request.kind, path, size, beginning)
        answer = self._aggregate(request, {"values": wanted})
        found = (answer or {}).get("aggregations", {}).get("values", _NO_VALUES)
        return agg.ranked(agg.values_of(request.kind, path, found))[:size]

    def get(self, kind: Kind, document_id: str, scope: Scope) -> Hit | None:
        body = {
            "size": 1,
            "query": scope_query(scope, document_id),
            "sort": [{mapping.ORDER: "desc"}],
            "_source": mapping.SHOWN,
        }
        names = [self._names(kind).every_day]
        answer = self._cluster.search(names, body, _SECONDS)
        return next(_hits(answer["hits"]["hits"], None, 1), None)

    def fields(self, kind: Kind) -> Mapping[str, FieldType]:
        body = {
            "size": 0,
            "aggs": {"all": {"terms": {"field": mapping.ENTRY, "size": _MOST_PATHS}}},
        }
        answer = self._cluster.search([self._names(kind).paths], body, _SECONDS)
        found = answer.get("aggregations", {}).get("all", _NO_VALUES)["buckets"]
        entries = [bucket["key"].split(" ", 1) for bucket in found]
        return {path: FieldType(declared) for declared, path in sorted(entries)}

    def days(self, kind: Kind) -> Sequence[DayCount]:
        names = self._names(kind)
        rows = self._cluster.request(
            "GET",
            f"/_cat/indices/{names.every_day}",
            format="json",
            bytes="b",
            h="index,docs.count,store.size",
        )
        found = [
            DayCount(
                names.day_of(row["index"]),
                int(row["docs.count"] or 0),
                int(row["store.size"] or 0),
            )
            for row in rows or ()
        ]
        return sorted(found, key=lambda day: day.day)

    def _aggregate(
        self, request: SearchRequest, wanted: Mapping[str, agg.Aggregation]
    ) -> Answer | None:
        body = {"size": 0, "track_total_hits": True}
        return self._ask(request, {**body, **({"aggs": wanted} if wanted else {})})

    def _ask(self, request: SearchRequest, body: Mapping[str, Any]) -> Answer | None:
        """The answer; None where there is no time left to ask at all."""
        query = compile_request(request)
        if request.seconds <= 0:
            return None
        answer: Answer = self._cluster.search(
            self._indexes(request), {"query": query, **body}, request.seconds
        )
        return answer

    def _indexes(self, request: SearchRequest) -> list[str]:
        names = self._names(request.kind)
        span = request.range
        if span == ALL_TIME or span.until_ms - span.since_ms > _NAMED_DAYS * DAY_MS:
            return [names.every_day]
        first = span.since_ms // DAY_MS * DAY_MS
        return [
            names.of_day(from_milliseconds(day_ms).date().isoformat())
            for day_ms in range(first, span.until_ms, DAY_MS)
        ] or [names.of_day(from_milliseconds(first).date().isoformat())]


_NO_VALUES: Mapping[str, Any] = {
    "buckets": [],
    "sum_other_doc_count": 0,
    "doc_count_error_upper_bound": 0,
}


def _no_facet(path: str) -> Facet:
    return Facet(path, (), exact=False)


def _just_before(cursor: Cursor, order: SortOrder) -> int:
    """A sort value right before the cursor's own, whose ties are asked for again."""
    return cursor.order + 1 if order is SortOrder.NEWEST else cursor.order - 1


def _hits(
    found: Sequence[Mapping[str, Any]], cursor: Cursor | None, limit: int
) -> Iterator[Hit]:
    """At most `limit` documents; each cursor names those of the same order before."""
    seen = cursor.seen if cursor else frozenset[str]()
    tied: list[str] = []
    last = cursor.order if cursor else -1
    for one in found:
        if limit <= 0:
            return
        (order,) = one["sort"]
        if order != last:
            tied, last, seen = [], order, frozenset()
        if one["_id"] in seen:
            continue
        tied.append(one["_id"])
        limit -= 1
        yield _hit(one, order, frozenset((*seen, *tied)))


def _hit(one: Mapping[str, Any], order: int, tied: frozenset[str]) -> Hit:
    stored = one["_source"]
    return Hit(
        id=one["_id"],
        time_ms=stored[mapping.TIME],
        received_ms=stored[mapping.RECEIVED],
        account=stored[mapping.ACCOUNT],
        region=stored[mapping.REGION],
        raw=stored[mapping.RAW].encode(),
        derived=stored[mapping.DERIVED].encode(),
        cursor=str(Cursor(order, tied)),
    )
