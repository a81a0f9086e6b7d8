"""Latencies in buckets that grow by a tenth: what is told from one is off by 5 % at
most, over nine decades, and any two histograms add up to an exact third."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

_GROWTH = 1.1
_LAST = 340  # over three years
_MIDDLE = 2 / (1 + _GROWTH)  # between both ends, so that the error is the same to each

Histogram = Mapping[int, int]
"""How many calls fell into each bucket."""


# Whole numbers, so that every machine finds the same bucket.
_ENDS = tuple(math.floor(_GROWTH**bucket) for bucket in range(_LAST))
_END_COLUMN = np.array(_ENDS, np.int64)


def bucket_of(duration_us: int) -> int:
    """The bucket of a duration in microseconds; bucket 0 is up to 1 µs."""
    return min(bisect_left(_ENDS, duration_us), _LAST - 1)


def buckets_of(durations_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """The buckets of durations in microseconds."""
    found = np.searchsorted(_END_COLUMN, durations_us, "left")
    return np.minimum(found, _LAST - 1).astype(np.int64)


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
