"""Facets and counts over time as aggregations, and their answers read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    Facet,
)
from apps.search.engines.counts import SERIES, ranked
from apps.search.engines.opensearch import lucene, mapping
from apps.search.engines.opensearch.compile import (
    Query,
    exact_value,
    exists,
    exists_here,
    none_of,
)
from apps.search.engines.opensearch.mapping import place_of
from apps.search.kinds import Kind
from apps.search.sortkeys import as_number

# Values a shard returns of each field, so that few are missing from the sum.
_PER_SHARD = 1_000
_RETURNED = 100
_LETTERS = f"[{mapping.STRING}{mapping.NUMBER}{mapping.BOOLEAN}]"

Aggregation = dict[str, Any]
Counts = Mapping[str, Counter[int]]


def terms(kind: Kind, path: str, size: int, beginning: str = "") -> Aggregation:
    """The most frequent values of a path, of those that begin so."""
    place = place_of(kind, path)
    counted: Aggregation = {
        "field": place.field,
        "size": max(size, _RETURNED),
        "shard_size": max(size, _PER_SHARD),
    }
    if place.prefix or beginning:
        counted["include"] = (
            f"{lucene.escaped(place.prefix)}{_LETTERS}{lucene.any_case(beginning)}.*"
        )
    return {"terms": counted}


def values_of(kind: Kind, path: str, answer: Mapping[str, Any]) -> Counter[str]:
    """The values of a path with their counts."""
    skipped = len(place_of(kind, path).prefix) + 1
    counts: Counter[str] = Counter()
    for bucket in answer["buckets"]:
        counts[bucket["key"][skipped:]] += bucket["doc_count"]
    return counts


def facet(
    path: str,
    counts: Counter[str],
    answer: Mapping[str, Any],
    size: int,
    exact: Counter[str],
) -> Facet:
    """A facet from the answer's values, and the exact counts of those shown where
    shards left some out."""
    unseen = answer["doc_count_error_upper_bound"]
    shown = ranked(counts | exact)[:size]
    rest = sum(counts.values()) + answer["sum_other_doc_count"]
    rest -= sum(count for _, count in shown)
    is_exact = not unseen or (len(shown) == size and shown[-1][1] >= unseen)
    return Facet(path, tuple(shown), max(0, rest), is_exact)


def may_be_cut(kind: Kind, path: str, answer: Mapping[str, Any]) -> bool:
    """Whether counts of the values shown may lack documents: shards left some out, or
    a value that is a number in one document and a text in another was cut in two."""
    if answer["doc_count_error_upper_bound"]:
        return True
    values = values_of(kind, path, answer)
    return bool(answer["sum_other_doc_count"]) and any(map(_has_twin, values))


def _has_twin(value: str) -> bool:
    return value in ("true", "false") or as_number(value) is not None


def counted_exactly(kind: Kind, path: str, names: Sequence[str]) -> Aggregation:
    """How many documents have each of these values, in the order of the names."""
    queries = [exact_value(kind, path, name) for name in names]
    return {"filters": {"filters": queries}}


def exact_counts(names: Sequence[str], answer: Mapping[str, Any]) -> Counter[str]:
    buckets = answer["buckets"]
    return Counter(
        {name: one["doc_count"] for name, one in zip(names, buckets, strict=True)}
    )


def over_time(interval_ms: int) -> Aggregation:
    return {
        "date_histogram": {
            "field": mapping.TIME,
            "fixed_interval": f"{interval_ms}ms",
            "min_doc_count": 1,
        }
    }


def split_over_time(kind: Kind, by: str, interval_ms: int) -> dict[str, Aggregation]:
    """All that a split histogram needs where no document has several values: counts
    over time of everything, of the documents with a value at the path or below it, of
    those with a value at the path, of the values."""
    inside = {"over_time": over_time(interval_ms)}
    with_value = {
        "values": {
            **terms(kind, by, SERIES),
            "aggs": inside,
        },
        **inside,
    }
    with_value["values"]["terms"] |= {
        "size": SERIES + 1,
        "shard_size": _RETURNED,
        "collect_mode": "breadth_first",
    }
    return {
        **inside,
        "any": {"filter": exists(by), "aggs": inside},
        "with": {"filter": exists_here(by), "aggs": with_value},
    }


def starts(answer: Mapping[str, Any]) -> Counter[int]:
    """Documents by the beginning of their bucket."""
    return Counter({bucket["key"]: bucket["doc_count"] for bucket in answer["buckets"]})


def split_series(kind: Kind, by: str, answer: Mapping[str, Any]) -> Counts | None:
    """The series of a split histogram; None where they need counting one by one:
    documents have several values, or shards left values out."""
    with_value, values = answer["with"], answer["with"]["values"]
    counts = values_of(kind, by, values)
    documents = sum(counts.values()) + values["sum_other_doc_count"]
    if may_be_cut(kind, by, values) or documents != with_value["doc_count"]:
        return None
    skipped = len(place_of(kind, by).prefix) + 1
    by_name: dict[str, Counter[int]] = {}
    for bucket in values["buckets"]:
        series = by_name.setdefault(bucket["key"][skipped:], Counter())
        series.update(starts(bucket["over_time"]))
    names = [name for name, _ in ranked(counts)[:SERIES]]
    others = Counter(starts(with_value["over_time"]))
    for name in names:
        others.subtract(by_name[name])
    without = Counter(starts(answer["over_time"]))
    without.subtract(starts(answer["any"]["over_time"]))
    return {
        **{name: by_name[name] for name in names},
        OTHER_SERIES: others,
        WITHOUT_SERIES: without,
    }


def series_queries(kind: Kind, by: str, names: Sequence[str]) -> dict[str, Query]:
    """Every series as the documents that it counts."""
    values = {name: exact_value(kind, by, name) for name in names}
    rest = [none_of(list(values.values()))] if values else []
    return {
        **values,
        OTHER_SERIES: {"bool": {"filter": [exists_here(by), *rest]}},
        WITHOUT_SERIES: none_of([exists(by)]),
    }


def each_over_time(queries: Mapping[str, Query], interval_ms: int) -> Aggregation:
    return {
        "filters": {"filters": list(queries.values())},
        "aggs": {"over_time": over_time(interval_ms)},
    }


def each_series(names: Sequence[str], answer: Mapping[str, Any]) -> Counts:
    buckets = answer["buckets"]
    return {
        name: starts(bucket["over_time"])
        for name, bucket in zip(names, buckets, strict=True)
    }


def total_series(answer: Mapping[str, Any]) -> Counts:
    return {TOTAL_SERIES: starts(answer["over_time"])}
