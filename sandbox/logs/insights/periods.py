"""Time cut into periods, for `bin`, `datefloor` and `dateceil`."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.logs.insights.syntax import Period
from sandbox.logs.insights.values import Timestamp

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_MILLISECONDS = {
    "ms": 1, "msec": 1, "millisecond": 1,
    "s": _SECOND, "sec": _SECOND, "second": _SECOND,
    "m": _MINUTE, "min": _MINUTE, "minute": _MINUTE,
    "h": _HOUR, "hr": _HOUR, "hour": _HOUR,
    "d": _DAY, "day": _DAY,
    "w": 7 * _DAY, "week": 7 * _DAY,
}  # fmt: skip
_MONTHS = {
    "mo": 1, "month": 1, "q": 3, "qtr": 3, "quarter": 3, "y": 12, "yr": 12, "year": 12,
}  # fmt: skip
_MONDAY_MS = 4 * _DAY  # 1970-01-05 was a Monday


def floor(timestamp: int, period: Period) -> Timestamp:
    """The start of the period the time is in."""
    months = _MONTHS.get(_singular(period.unit))
    if months is not None:
        return _month(
            _month_of(timestamp) // (months * period.amount) * months * period.amount
        )
    length, start = _fixed(period)
    return Timestamp((timestamp - start) // length * length + start)


def ceil(timestamp: int, period: Period) -> Timestamp:
    """The start of the next period, or the time itself where one starts."""
    begun = floor(timestamp, period)
    if begun == timestamp:
        return begun
    months = _MONTHS.get(_singular(period.unit))
    if months is not None:
        return _month(_month_of(begun) + months * period.amount)
    return Timestamp(begun + _fixed(period)[0])


def _singular(unit: str) -> str:
    return unit if len(unit) == 1 or unit == "ms" else unit.removesuffix("s")


def _fixed(period: Period) -> tuple[int, int]:
    length = _MILLISECONDS[_singular(period.unit)] * max(1, period.amount)
    is_weeks = _singular(period.unit) in {"w", "week"}
    return length, _MONDAY_MS if is_weeks else 0


def _month_of(timestamp: int) -> int:
    moment = datetime.fromtimestamp(timestamp / 1_000, UTC)
    return moment.year * 12 + moment.month - 1


def _month(months: int) -> Timestamp:
    moment = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    return Timestamp(int(moment.timestamp()) * 1_000)
