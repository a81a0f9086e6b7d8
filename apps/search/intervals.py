"""Bucket widths for counts over time."""

from collections.abc import Sequence

from apps.search.timerange import ALL_TIME, TimeRange

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MAX_BUCKETS = 2_000

INTERVALS_MS = (
    *(SECOND_MS * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE_MS * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR_MS * n for n in (1, 2, 3, 6, 12)),
    *(DAY_MS * n for n in (1, 2, 7, 14, 28, 91, 364)),
)


class IntervalError(ValueError):
    """An interval that gives too many buckets, or none; says which would do."""


def fitting_interval(length_ms: int, buckets: int = 90) -> int:
    """The narrowest usual width in milliseconds that needs at most `buckets`."""
    for interval_ms in INTERVALS_MS:
        if length_ms <= interval_ms * buckets:
            return interval_ms
    return INTERVALS_MS[-1]


def check_interval(length_ms: int, interval_ms: int) -> None:
    """Raises IntervalError where a range would fall into over 2,000 buckets."""
    if interval_ms <= 0 or length_ms / interval_ms > MAX_BUCKETS:
        least = max(1, -(-length_ms // MAX_BUCKETS // SECOND_MS))
        raise IntervalError(
            f"The interval gives more than {MAX_BUCKETS:,} buckets over this range; "
            f"use at least {least} s."
        )


def bucket_starts(
    span: TimeRange, interval_ms: int, occupied: Sequence[int]
) -> list[int]:
    """Every bucket of the range; of all time, those from first to last occupied."""
    if span != ALL_TIME:
        first = span.since_ms // interval_ms * interval_ms
        return list(range(first, span.until_ms, interval_ms))
    if not occupied:
        return []
    return list(range(min(occupied), max(occupied) + 1, interval_ms))
