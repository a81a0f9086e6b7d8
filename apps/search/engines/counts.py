"""What engines make of counts: the order of values, and series over time."""

from collections import Counter
from collections.abc import Mapping

from apps.search.engines.base import (
    OTHER_SERIES,
    WITHOUT_SERIES,
    Histogram,
    SearchRequest,
)
from apps.search.intervals import bucket_starts

# So many values of a split histogram have a series of their own: enough for levels,
# whose rarest is the gravest.
SERIES = 6


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Values with their counts, frequent first, then by their letters."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def histogram_of(
    request: SearchRequest,
    interval_ms: int,
    counts: Mapping[str, Counter[int]],
    partial: str | None,
) -> Histogram:
    """Series of documents by the beginning of their bucket, as a histogram. The rest
    and those without a value are shown where there are any."""
    occupied = [start for counted in counts.values() for start in counted]
    starts = bucket_starts(request.range, interval_ms, occupied)
    series = {
        name: tuple(counted[start] for start in starts)
        for name, counted in counts.items()
        if name not in (OTHER_SERIES, WITHOUT_SERIES) or any(counted.values())
    }
    return Histogram(interval_ms, tuple(starts), series, partial)
