"""Counts over time, split by a field's most frequent values.

Every series is a count of documents of its own, so each is exact however many other
values there are, and a document with two of the values counts for both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tantivy import Occur, Query

from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    Histogram,
    SearchRequest,
)
from apps.search.engines.counts import SERIES, histogram_of
from apps.search.engines.embedded import facets, schema
from apps.search.engines.embedded.compile import any_of, exact_value, record_path
from apps.search.engines.embedded.dayqueries import DayQuery
from apps.search.engines.embedded.parallel import in_time

# A query beside the day's own: documents that must match it, or must not.
_Part = list[tuple[Occur, Query]]
_Counts = Mapping[str, Counter[int]]


def histogram(
    days: Sequence[DayQuery],
    request: SearchRequest,
    interval_ms: int,
    by: str | None,
) -> Histogram:
    parts = _parts(days, request, by)

    def count(day: DayQuery) -> _Counts:
        return {name: _over_time(day, part, interval_ms) for name, part in parts}

    answers = in_time(count, days, request.seconds)
    counts: dict[str, Counter[int]] = {name: Counter() for name, _ in parts}
    for day in answers.values:
        for name, counted in day.items():
            counts[name].update(counted)
    return histogram_of(request, interval_ms, counts, answers.partial)


def _parts(
    days: Sequence[DayQuery], request: SearchRequest, by: str | None
) -> list[tuple[str, _Part]]:
    """Every series with what its documents match beside the request."""
    if by is None:
        return [(TOTAL_SERIES, [])]
    facet = facets.facets(days, request, [by], SERIES).by_path[by]
    values = {name: exact_value(by, name) for name, _ in facet.values}
    has_value = Query.exists_query(record_path(by), json_subpaths=True)
    parts = [(name, [(Occur.Must, query)]) for name, query in values.items()]
    if facet.others:
        others: _Part = [(Occur.Must, has_value)]
        others.append((Occur.MustNot, any_of(list(values.values()))))
        parts.append((OTHER_SERIES, others))
    parts.append((WITHOUT_SERIES, [(Occur.MustNot, has_value)]))
    return parts


def _over_time(day: DayQuery, part: _Part, interval_ms: int) -> Counter[int]:
    query = day.query
    if part:
        query = Query.boolean_query([(Occur.Must, query), *part])
    over_time: dict[str, Any] = {
        "field": schema.TIME,
        "interval": interval_ms,
        "min_doc_count": 1,
    }
    answer = day.searcher.aggregate(query, {"0": {"histogram": over_time}})
    return Counter(
        {int(bucket["key"]): bucket["doc_count"] for bucket in answer["0"]["buckets"]}
    )
