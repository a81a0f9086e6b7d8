"""Latencies in buckets that grow by a tenth: what is told from one is off by 5 % at
most, over nine decades, and any two histograms add up to an exact third."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

_GROWTH = 1.1
_LOG = math.log(_GROWTH)
_MIDDLE = 2 / (1 + _GROWTH)  # between both ends, so that the error is the same to each

Histogram = Mapping[int, int]
"""How many calls fell into each bucket."""


def bucket_of(duration_us: int) -> int:
    """The bucket of a duration in microseconds; bucket 0 is up to 1 µs."""
    return 0 if duration_us <= 1 else math.ceil(math.log(duration_us) / _LOG)


def upper_us(bucket: int) -> float:
    """The longest duration in a bucket, in microseconds."""
    return _GROWTH**bucket


def middle_us(bucket: int) -> float:
    """What stands for the durations of a bucket, in microseconds."""
    return upper_us(bucket) * _MIDDLE if bucket else 1.0


def percentile_us(histogram: Histogram, fraction: float) -> float | None:
    """The duration, in microseconds, that this fraction of calls did not exceed, by
    nearest rank; None without calls."""
    count = sum(histogram.values())
    if count <= 0:
        return None
    rank = max(1, math.ceil(fraction * count))
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            return middle_us(bucket)
    raise AssertionError("a rank lies within the count")


def added(histograms: Iterable[Histogram]) -> dict[int, int]:
    total: dict[int, int] = {}
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] = total.get(bucket, 0) + count
    return total
