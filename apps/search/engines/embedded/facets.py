"""Top values of fields over many days, with a bound on what could be missing.

A day returns its most frequent values, cut off somewhere. Counts of the values
shown are completed by asking every day for exactly these; the cut-offs added up
bound how frequent a value can be that no day returned.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.search.documents import shown_text
from apps.search.engines.base import Facet, Facets, SearchRequest
from apps.search.engines.counts import ranked
from apps.search.engines.embedded.compile import exact_value, record_path
from apps.search.engines.embedded.dayqueries import DayQuery, matches
from apps.search.engines.embedded.parallel import in_time
from apps.search.patterns import prefix_pattern

# Per day and field: how many values come back, and how many each segment keeps.
_RETURNED = 100
_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class _DayValues:
    """What one day said of one field. `cut_off` bounds any value not returned."""

    counts: Counter[str]
    others: int
    cut_off: int


def facets(
    days: Sequence[DayQuery],
    request: SearchRequest,
    paths: Sequence[str],
    size: int,
) -> Facets:
    wanted = {
        str(at): _terms(path, max(size, _RETURNED)) for at, path in enumerate(paths)
    }

    def aggregate(day: DayQuery) -> tuple[int, list[_DayValues]]:
        counted = day.searcher.aggregate(day.query, wanted) if wanted else {}
        return matches(day), [day_values(counted[str(at)]) for at in range(len(paths))]

    answers = in_time(aggregate, days, request.seconds)
    by_path = {}
    for at, path in enumerate(paths):
        per_day = [values[at] for _, values in answers.values]
        merged = _merged(days, request, path, per_day, size)
        by_path[path] = replace(merged, exact=merged.exact and not answers.partial)
    total = sum(total for total, _ in answers.values)
    return Facets(by_path, total, answers.partial)


def values(
    days: Sequence[DayQuery],
    request: SearchRequest,
    path: str,
    beginning: str,
    size: int,
) -> list[tuple[str, int]]:
    terms = _terms(path, size)
    if beginning:
        terms["terms"]["include"] = prefix_pattern(beginning)

    def aggregate(day: DayQuery) -> _DayValues:
        return day_values(day.searcher.aggregate(day.query, {"0": terms})["0"])

    answers = in_time(aggregate, days, request.seconds)
    counts = sum((day.counts for day in answers.values), Counter[str]())
    return ranked(counts)[:size]


def exact_counts(
    days: Sequence[DayQuery], request: SearchRequest, path: str, names: Sequence[str]
) -> Counter[str]:
    """How many documents have each of these values."""
    queries = {name: exact_value(path, name) for name in names}

    def count(day: DayQuery) -> Counter[str]:
        return Counter({name: matches(day, query) for name, query in queries.items()})

    counted = in_time(count, days, request.seconds).values
    return sum(counted, Counter[str]())


def _merged(
    days: Sequence[DayQuery],
    request: SearchRequest,
    path: str,
    per_day: Sequence[_DayValues],
    size: int,
) -> Facet:
    counts = sum((day.counts for day in per_day), Counter[str]())
    others = sum(day.others for day in per_day)
    shown = ranked(counts)[:size]
    unseen = sum(day.cut_off for day in per_day)
    if unseen and shown:
        counted = exact_counts(days, request, path, [value for value, _ in shown])
        shown = ranked(counts | counted)[:size]
    rest = sum(counts.values()) + others - sum(count for _, count in shown)
    is_exact = not unseen or (len(shown) == size and shown[-1][1] >= unseen)
    return Facet(path, tuple(shown), max(0, rest), is_exact)


def _terms(path: str, size: int) -> dict[str, dict[str, Any]]:
    return {
        "terms": {
            "field": record_path(path),
            "size": size,
            "segment_size": max(size, _KEPT),
        }
    }


def day_values(answer: Mapping[str, Any]) -> _DayValues:
    counts: Counter[str] = Counter()
    for bucket in answer["buckets"]:
        counts[_shown(bucket)] += bucket["doc_count"]
    others = answer["sum_other_doc_count"]
    least = answer["buckets"][-1]["doc_count"] if others and answer["buckets"] else 0
    return _DayValues(counts, others, least + answer["doc_count_error_upper_bound"])


def _shown(bucket: Mapping[str, Any]) -> str:
    """A value as people write it: true, 5 and 1.5 rather than 1.0 and 5.0."""
    if "key_as_string" in bucket:
        return str(bucket["key_as_string"])
    key = bucket["key"]
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return shown_text(str(key))
