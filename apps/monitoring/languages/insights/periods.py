"""Time cut into periods, for `bin`, `datefloor` and `dateceil`, in UTC."""

import numpy as np

from apps.monitoring.languages.insights.syntax import Period
from apps.search.engines.columns import Floats

_SECOND = 1_000
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3_600 * _SECOND, 86_400 * _SECOND
_MILLISECONDS = {
    "ms": 1, "msec": 1, "millisecond": 1,
    "s": _SECOND, "sec": _SECOND, "second": _SECOND,
    "m": _MINUTE, "min": _MINUTE, "minute": _MINUTE,
    "h": _HOUR, "hr": _HOUR, "hour": _HOUR,
    "d": _DAY, "day": _DAY,
    "w": 7 * _DAY, "week": 7 * _DAY,
}  # fmt: skip
_MONTHS = {
    "mo": 1, "mon": 1, "month": 1, "q": 3, "qtr": 3, "quarter": 3,
    "y": 12, "yr": 12, "year": 12,
}  # fmt: skip
# "The maximum is 1000 for ms, 60 for s and m, 24 for h": what is more is cut to that.
_MOST = {1: 1_000, _SECOND: 60, _MINUTE: 60, _HOUR: 24}
_MONDAY_MS = 4 * _DAY  # 1970-01-05 was a Monday


def _unit(period: Period) -> str:
    unit = period.unit
    return unit if len(unit) == 1 or unit == "ms" else unit.removesuffix("s")


def length_ms(period: Period) -> int | None:
    """None for months, quarters and years, whose lengths differ."""
    unit = _MILLISECONDS.get(_unit(period))
    if unit is None:
        return None
    return unit * min(period.amount, _MOST.get(unit, 1_000))


def floored(times: Floats, period: Period) -> Floats:
    """Starts of the periods that the times, in milliseconds, are in."""
    length = length_ms(period)
    if length is None:
        return _months(times, period, 0)
    start = _MONDAY_MS if _unit(period).startswith("w") else 0
    return np.asarray(np.floor((times - start) / length) * length + start)


def ceiled(times: Floats, period: Period) -> Floats:
    """Starts of the next periods, or the times themselves where one starts."""
    begun, length = floored(times, period), length_ms(period)
    following = _months(begun, period, 1) if length is None else begun + length
    return np.where(begun == times, begun, following)


def _months(times: Floats, period: Period, ahead: int) -> Floats:
    months = _MONTHS[_unit(period)] * period.amount
    known = np.where(np.isfinite(times), times, 0).astype("datetime64[ms]")
    at = known.astype("datetime64[M]").astype(np.int64) // months * months
    starts = (at + ahead * months).astype("datetime64[M]").astype("datetime64[ms]")
    found = starts.astype(np.int64).astype(np.float64)
    return np.where(np.isfinite(times), found, np.nan)
