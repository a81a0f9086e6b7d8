"""Periods, the start of a range, and how long points of a period are kept.

Source: GetMetricData and MetricStat, CloudWatch API reference.
"""

from __future__ import annotations

_SHORT = frozenset({1, 5, 10, 20, 30})
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_HIGH_RESOLUTION_SECONDS = 3 * _HOUR
_MINUTES_SECONDS = 15 * _DAY
_FIVE_MINUTES_SECONDS = 63 * _DAY
KEPT_SECONDS = 455 * _DAY
_LONGEST = 2**31
_FARTHEST = 2**36


def is_time(seconds: object) -> bool:
    """Something a range may begin or end with: no text, and a number."""
    return isinstance(seconds, int | float) and abs(seconds) < _FARTHEST


def is_period(seconds: int) -> bool:
    return seconds in _SHORT or (0 < seconds < _LONGEST and seconds % _MINUTE == 0)


def finest(age_seconds: float) -> int:
    """What the period must be a multiple of for points of that age."""
    if age_seconds > _FIVE_MINUTES_SECONDS:
        return _HOUR
    if age_seconds > _MINUTES_SECONDS:
        return 5 * _MINUTE
    return _MINUTE if age_seconds > _HIGH_RESOLUTION_SECONDS else 1


def has_points(start: float, period: int, now: float) -> bool:
    """False where the range begins before points that fine are kept: AWS then
    answers with none, and with no error."""
    return period % finest(now - start) == 0


def fine_from(now: float) -> int:
    """The minute from which on seconds can be told apart."""
    return int((now - _HIGH_RESOLUTION_SECONDS) // _MINUTE * _MINUTE)


def rounded_start(start: float, period: int, now: float) -> int:
    """The start of the first period."""
    grain = max(finest(now - start), _MINUTE)
    if period < _MINUTE:
        grain = period
    return int(start // grain * grain)
