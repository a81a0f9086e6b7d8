"""A number of documents, or of a field's values, over time and by another field.

Counts come from the engine and are exact. Values are read from the documents, up to a
bound; beyond it from a sample that is even over time, and the answer says so.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from apps.search.engines.base import TOTAL_SERIES, DocumentReader, Hit, SearchRequest
from apps.search.exporting import record_of
from apps.search.intervals import bucket_starts
from apps.search.jsontree import leaf_text, value_at
from apps.search.sampling import Extent, read
from apps.search.sortkeys import as_number
from apps.search.syntax import Exists, all_of
from apps.search.timerange import TimeRange

MOST_READ = 100_000
TOP_VALUES = 6


class Measure(StrEnum):
    COUNT = "count"
    AVERAGE = "avg"
    MINIMUM = "min"
    MAXIMUM = "max"
    SUM = "sum"
    P50 = "p50"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to draw: a measure, the field it is of (none for a count), by what."""

    measure: Measure
    field: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A value for each bucket of each series, None where there was nothing to
    measure. `extent`: how many documents it was measured over."""

    interval_ms: int
    starts_ms: tuple[int, ...]
    series: Mapping[str, tuple[float | None, ...]]
    extent: Extent

    @property
    def partial(self) -> str | None:
        return self.extent.partial


_Values = Sequence[tuple[float, float]]


def _of(function: Callable[[np.ndarray], float]) -> Callable[[_Values], float]:
    return lambda values: float(function(np.array([value for value, _ in values])))


def _percentile(percent: float) -> Callable[[_Values], float]:
    return _of(lambda values: float(np.percentile(values, percent)))


_FUNCTIONS: Mapping[Measure, Callable[[_Values], float]] = {
    Measure.AVERAGE: _of(np.mean),
    Measure.MINIMUM: _of(np.min),
    Measure.MAXIMUM: _of(np.max),
    Measure.SUM: lambda values: sum(value * weight for value, weight in values),
    Measure.P50: _percentile(50),
    Measure.P90: _percentile(90),
    Measure.P95: _percentile(95),
    Measure.P99: _percentile(99),
}


def measure(
    reader: DocumentReader,
    request: SearchRequest,
    asked: Asked,
    interval_ms: int,
    most: int = MOST_READ,
) -> Measured:
    """Raises EngineUnavailable, QueryTooBroad."""
    if asked.measure is Measure.COUNT:
        return _counted(reader, request, asked.by, interval_ms)
    with_field = all_of(request.query, Exists(asked.field))
    request = replace(request, query=with_field)
    named = _top_values(reader, request, asked.by)
    found: dict[str, dict[int, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )

    def take(hit: Hit, weight: float) -> None:
        record = record_of(hit)
        bucket = hit.time_ms // interval_ms * interval_ms
        values = [(number, weight) for number in _numbers(record, asked.field)]
        for name in _series_of(record, asked.by, named):
            found[name][bucket] += values

    extent = read(reader, request, most, take)
    return _arranged(request.range, asked, interval_ms, (found, extent))


def _counted(
    reader: DocumentReader, request: SearchRequest, by: str | None, interval_ms: int
) -> Measured:
    histogram = reader.histogram(request, interval_ms, by)
    total = sum(sum(counts) for counts in histogram.series.values())
    extent = Extent(total, total, histogram.partial)
    return Measured(interval_ms, histogram.starts_ms, dict(histogram.series), extent)


def _arranged(
    span: TimeRange,
    asked: Asked,
    interval_ms: int,
    read: tuple[Mapping[str, Mapping[int, _Values]], Extent],
) -> Measured:
    found, extent = read
    occupied = [start for buckets in found.values() for start in buckets]
    starts = tuple(bucket_starts(span, interval_ms, occupied))
    function = _FUNCTIONS[asked.measure]
    series = {
        name: tuple(
            function(values) if (values := buckets.get(start)) else None
            for start in starts
        )
        for name, buckets in sorted(found.items())
    }
    return Measured(interval_ms, starts, series, extent)


def _top_values(
    reader: DocumentReader, request: SearchRequest, by: str | None
) -> frozenset[str]:
    if by is None:
        return frozenset()
    facet = reader.facets(request, [by], TOP_VALUES).by_path[by]
    return frozenset(value for value, _ in facet.values)


def _series_of(
    record: dict[str, object], by: str | None, named: frozenset[str]
) -> list[str]:
    if by is None:
        return [TOTAL_SERIES]
    values = {leaf_text(value) for value in value_at(record, by)}
    return sorted(values & named)


def _numbers(record: dict[str, object], path: str) -> list[float]:
    found = []
    for value in value_at(record, path):
        number = as_number(value) if isinstance(value, str) else value
        if isinstance(number, int | float) and not isinstance(number, bool):
            found.append(float(number))
    return found
