"""How much traffic there is at a time of day. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_DAY_SECONDS = 86_400
_QUIETEST_SECONDS = 4 * 3_600
_SWING = 0.75
_EVENING = 0.25
_WEEKEND = 0.8
_SATURDAY = 5


def share_at(seconds: float) -> float:
    """Traffic at a time (seconds since 1970, UTC) beside the mean of a weekday.

    Quietest at 04:00, most between noon and nine in the evening, less on weekends.
    """
    time_of_day = (seconds - _QUIETEST_SECONDS) % _DAY_SECONDS / _DAY_SECONDS
    day = 1 - _SWING * math.cos(2 * math.pi * time_of_day)
    evening = _EVENING * math.sin(4 * math.pi * time_of_day - math.pi / 2)
    is_weekend = datetime.fromtimestamp(seconds, UTC).weekday() >= _SATURDAY
    return max(0.1, day + evening) * (_WEEKEND if is_weekend else 1.0)
