"""Counts over time, split by the most frequent values of a field."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    Histogram,
    SearchRequest,
)
from apps.search.engines.embedded import facets, schema
from apps.search.engines.embedded.compile import record_path
from apps.search.engines.embedded.dayqueries import DayQuery
from apps.search.engines.embedded.parallel import in_time
from apps.search.intervals import bucket_starts

SERIES = 5

_Counts = dict[int, dict[str, int]]


def histogram(
    days: Sequence[DayQuery],
    request: SearchRequest,
    interval_ms: int,
    by: str | None,
) -> Histogram:
    names, others = _series(days, request, by)
    aggregation = _aggregation(interval_ms, by, names)

    def aggregate(day: DayQuery) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = day.searcher.aggregate(day.query, aggregation)
        return answer

    answers = in_time(aggregate, days, request.seconds)
    counts: _Counts = defaultdict(lambda: defaultdict(int))
    for answer in answers.values:
        _add(counts, answer, names)
    starts = bucket_starts(request.range, interval_ms, list(counts))
    series = _columns(counts, starts, names if by else [TOTAL_SERIES], others)
    return Histogram(interval_ms, tuple(starts), series, answers.partial)


def _series(
    days: Sequence[DayQuery], request: SearchRequest, by: str | None
) -> tuple[list[str], int]:
    """The values to split by, and how often other values of the field occur."""
    if by is None:
        return [], 0
    facet = facets.facets(days, request, [by], SERIES).by_path[by]
    return [value for value, _ in facet.values], facet.others


def _aggregation(
    interval_ms: int, by: str | None, names: Sequence[str]
) -> dict[str, Any]:
    over_time: dict[str, Any] = {
        "histogram": {
            "field": schema.TIME,
            "interval": interval_ms,
            "min_doc_count": 1,
        }
    }
    if by is not None and names:
        over_time["aggs"] = {"by": {"terms": {"field": record_path(by), "size": 1_000}}}
    return {"over_time": over_time}


def _add(counts: _Counts, answer: Mapping[str, Any], names: Sequence[str]) -> None:
    for bucket in answer["over_time"]["buckets"]:
        cell = counts[int(bucket["key"])]
        cell[TOTAL_SERIES] += bucket["doc_count"]
        if "by" not in bucket:
            continue
        values = facets.day_values(bucket["by"])
        for value, count in values.counts.items():
            cell[value if value in names else OTHER_SERIES] += count
        cell[OTHER_SERIES] += values.others


def _columns(
    counts: _Counts, starts: Sequence[int], names: Sequence[str], others: int
) -> dict[str, tuple[int, ...]]:
    columns = {name: tuple(counts[at][name] for at in starts) for name in names}
    if TOTAL_SERIES in columns:
        return columns
    if others:
        columns[OTHER_SERIES] = tuple(counts[at][OTHER_SERIES] for at in starts)
    without = tuple(
        max(0, counts[at][TOTAL_SERIES] - _valued(counts[at])) for at in starts
    )
    if any(without):
        columns[WITHOUT_SERIES] = without
    return columns


def _valued(cell: Mapping[str, int]) -> int:
    return sum(count for name, count in cell.items() if name != TOTAL_SERIES)
