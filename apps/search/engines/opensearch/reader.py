"""Answers questions from an OpenSearch cluster."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from apps.search.engines.base import (
    TOTAL_SERIES,
    DayCount,
    EngineUnavailable,
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
from apps.search.engines.columns import Block
from apps.search.engines.counts import SERIES, histogram_of, ranked
from apps.search.engines.cursors import Cursor
from apps.search.engines.opensearch import aggregations as agg
from apps.search.engines.opensearch import mapping
from apps.search.engines.opensearch.answers import (
    Answer,
    late,
    missing_shards,
    partial_of,
    total_of,
)
from apps.search.engines.opensearch.cluster import Cancelled, Cluster
from apps.search.engines.opensearch.compile import compile_request, scope_query
from apps.search.engines.opensearch.mapping import Names
from apps.search.engines.scans import PAGE, paged_blocks
from apps.search.intervals import DAY_MS
from apps.search.kinds import FieldType, Kind
from apps.search.timerange import ALL_TIME, from_milliseconds

# Days that are named one by one; a longer range asks all and leaves it to the
# cluster to pass over those that cannot match.
_NAMED_DAYS = 32
_MOST_PATHS = 65_000
_ORDERS = {SortOrder.NEWEST: "desc", SortOrder.OLDEST: "asc"}
_SECONDS = 10.0


class _Inquiry:
    """One question: every request it takes shares its time limit, and what any of
    their answers lacks, the whole lacks."""

    def __init__(
        self, cluster: Cluster, indexes: Sequence[str], request: SearchRequest
    ) -> None:
        self._cluster = cluster
        self._indexes = indexes
        self._request = request
        self._query = compile_request(request)
        self._deadline = monotonic() + request.seconds
        self.partial: str | None = None

    def ask(self, body: Mapping[str, Any]) -> Answer | None:
        """The answer; None where time was up."""
        left = self._deadline - monotonic()
        answer: Answer | None = None
        lacks: str | None = late(self._request)
        if left > 0:
            with contextlib.suppress(Cancelled):
                answer = self._cluster.search(
                    self._indexes, {"query": self._query, **body}, left
                )
        if answer is not None:
            lacks = partial_of(answer, self._request)
        self.partial = self.partial or lacks
        return answer

    def aggregate(self, wanted: Mapping[str, agg.Aggregation]) -> Mapping[str, Any]:
        """What the aggregations found, by name; nothing where nothing is stored."""
        answer = self.ask({"size": 0, "track_total_hits": True, "aggs": wanted})
        return {} if answer is None else answer.get("aggregations", {})


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
        inquiry = self._inquiry(request)
        answer = inquiry.ask(body)
        found = [] if answer is None else answer["hits"]["hits"]
        hits = tuple(_hits(found, cursor, size + 1))
        if len(hits) > size:
            return Page(hits[:size], hits[size - 1].cursor, inquiry.partial)
        return Page(hits, partial=inquiry.partial)

    def scan(self, request: SearchRequest) -> Iterator[Block]:
        return paged_blocks(
            lambda after: self.find(request, PAGE, SortOrder.NEWEST, after), request
        )

    def count(self, request: SearchRequest) -> Total:
        inquiry = self._inquiry(request)
        answer = inquiry.ask({"size": 0, "track_total_hits": True})
        return Total(0 if answer is None else total_of(answer), inquiry.partial)

    def histogram(
        self, request: SearchRequest, interval_ms: int, by: str | None = None
    ) -> Histogram:
        inquiry = self._inquiry(request)
        counts = self._series(inquiry, request.kind, interval_ms, by)
        return histogram_of(request, interval_ms, counts, inquiry.partial)

    def _series(
        self, inquiry: _Inquiry, kind: Kind, interval_ms: int, by: str | None
    ) -> agg.Counts:
        if by is None:
            found = inquiry.aggregate({"over_time": agg.over_time(interval_ms)})
            return agg.total_series(found) if found else {TOTAL_SERIES: Counter()}
        found = inquiry.aggregate(agg.split_over_time(kind, by, interval_ms))
        if not found:
            return {}
        series = agg.split_series(kind, by, found)
        return series or self._counted_series(inquiry, kind, interval_ms, by)

    def _counted_series(
        self, inquiry: _Inquiry, kind: Kind, interval_ms: int, by: str
    ) -> agg.Counts:
        """Each series counted by itself: exact whatever values documents have."""
        found = inquiry.aggregate({"0": agg.terms(kind, by, SERIES)})
        facet = self._facet(inquiry, kind, by, found.get("0", _NO_VALUES), SERIES)
        queries = agg.series_queries(kind, by, [name for name, _ in facet.values])
        found = inquiry.aggregate({"series": agg.each_over_time(queries, interval_ms)})
        return agg.each_series(list(queries), found["series"]) if found else {}

    def facets(self, request: SearchRequest, paths: Sequence[str], size: int) -> Facets:
        inquiry, kind = self._inquiry(request), request.kind
        wanted = {str(at): agg.terms(kind, path, size) for at, path in enumerate(paths)}
        answer = inquiry.ask(
            {
                "size": 0,
                "track_total_hits": True,
                **({"aggs": wanted} if wanted else {}),
            }
        )
        found = {} if answer is None else answer.get("aggregations", {})
        by_path = {
            path: self._facet(inquiry, kind, path, found.get(str(at), _NO_VALUES), size)
            for at, path in enumerate(paths)
        }
        if inquiry.partial:
            by_path = {
                path: replace(facet, exact=False) for path, facet in by_path.items()
            }
        total = 0 if answer is None else total_of(answer)
        return Facets(by_path, total, inquiry.partial)

    def _facet(
        self,
        inquiry: _Inquiry,
        kind: Kind,
        path: str,
        values: Mapping[str, Any],
        size: int,
    ) -> Facet:
        counts = agg.values_of(kind, path, values)
        exact: Counter[str] = Counter()
        if agg.may_be_cut(kind, path, values):
            names = [name for name, _ in ranked(counts)[:size]]
            wanted = {"exact": agg.counted_exactly(kind, path, names)}
            found = inquiry.aggregate(wanted)
            if found:
                exact = agg.exact_counts(names, found["exact"])
        return agg.facet(path, counts, values, size, exact)

    def values(
        self, request: SearchRequest, path: str, beginning: str, size: int
    ) -> Sequence[tuple[str, int]]:
        wanted = {"values": agg.terms(request.kind, path, size, beginning)}
        found = self._inquiry(request).aggregate(wanted).get("values", _NO_VALUES)
        return ranked(agg.values_of(request.kind, path, found))[:size]

    def _inquiry(self, request: SearchRequest) -> _Inquiry:
        return _Inquiry(self._cluster, self._indexes(request), request)

    def get(self, kind: Kind, document_id: str, scope: Scope) -> Hit | None:
        body = {
            "size": 1,
            "query": scope_query(scope, document_id),
            "sort": [{mapping.ORDER: "desc"}],
            "_source": mapping.SHOWN,
        }
        names = [self._names(kind).every_day]
        answer = self._cluster.search(names, body, _SECONDS)
        hit = next(_hits(answer["hits"]["hits"], None, 1), None)
        lacks = missing_shards(answer) or answer["timed_out"]
        if hit is None and lacks:
            raise EngineUnavailable(
                f"Whether {document_id} is stored is not known: {lacks}"
            )
        return hit

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


def _just_before(cursor: Cursor, order: SortOrder) -> int:
    """A sort value right before the cursor's own, whose ties are asked for again."""
    away = 1 if order is SortOrder.NEWEST else -1
    return mapping.order_kept(max(0, cursor.order + away))


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
        order = mapping.order_of_kept(one["sort"][0])
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
