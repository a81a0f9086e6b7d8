"""`rate(...)`, `cron(...)` and `at(...)`: when a schedule is due next.

Source: EventBridge Scheduler User Guide, "Schedule types"; EventBridge User Guide,
"Cron expressions reference".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sandbox.events.problems import BadSchedule

_RATE = re.compile(r"rate\((?P<value>[1-9]\d*) (?P<unit>minute|hour|day)(?P<many>s?)\)")
_CRON = re.compile(r"cron\((?P<fields>[^()]+)\)")
_AT = re.compile(r"at\((?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_MONTHS = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = 6
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SATURDAY = 7

Next = Callable[[float], float | None]
"""The first moment after the given one, or None where there is none any more."""
_DayTest = Callable[[date], bool]


def read(expression: str, start: float, zone: tzinfo = UTC) -> Next:
    """When `expression` is due; a rate counts from `start`. Raises BadSchedule.

    An hour the zone leaves out is left out, one that comes twice counts once, as
    "Schedule types" has it.
    """
    if rate := _RATE.fullmatch(expression):
        return _rate(int(rate["value"]), rate["unit"], rate["many"], start)
    if at := _AT.fullmatch(expression):
        return _once(at["moment"], zone)
    if cron := _CRON.fullmatch(expression):
        return _cron(cron["fields"].split(), zone).after
    raise BadSchedule(expression)


def _rate(value: int, unit: str, many: str, start: float) -> Next:
    if (value == 1) == bool(many):
        raise BadSchedule("one minute, but two minutes")
    period = value * _SECONDS[unit]
    return lambda after: (
        start if after < start else start + ((after - start) // period + 1) * period
    )


def _once(text: str, zone: tzinfo) -> Next:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except ValueError as error:
        raise BadSchedule(text) from error
    return lambda after: moment if moment > after else None


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    is_day: _DayTest
    zone: tzinfo

    def after(self, moment: float) -> float | None:
        local = datetime.fromtimestamp(moment, self.zone)
        day = local.date()
        while day.year <= _LAST_YEAR:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            else:
                found = self._on(day, moment) if self.is_day(day) else None
                if found is not None:
                    return found
                day += timedelta(days=1)
        return None

    def _on(self, day: date, moment: float) -> float | None:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime.combine(day, time(hour, minute), self.zone)
                at = local.timestamp()
                if at > moment and _exists(local):
                    return at
        return None


def _exists(local: datetime) -> bool:
    there_and_back = local.astimezone(UTC).astimezone(local.tzinfo)
    return there_and_back.replace(tzinfo=None) == local.replace(tzinfo=None)


def _cron(fields: list[str], zone: tzinfo) -> _Cron:
    if len(fields) != _FIELDS:
        raise BadSchedule("a cron expression has six fields")
    minutes, hours, in_month, months, in_week, years = fields
    if [in_month, in_week].count("?") != 1:
        raise BadSchedule("one of day-of-month and day-of-week is ?")
    is_day = _of_week(in_week.upper()) if in_month == "?" else _of_month(in_month)
    return _Cron(
        tuple(sorted(_values(minutes, 0, 59))),
        tuple(sorted(_values(hours, 0, 23))),
        _values(_numbered(months, _MONTHS), 1, 12),
        _values(years, _FIRST_YEAR, _LAST_YEAR),
        is_day,
        zone,
    )


def _numbered(text: str, names: tuple[str, ...]) -> str:
    for number, name in enumerate(names, 1):
        text = text.upper().replace(name, str(number))
    return text


def _values(text: str, least: int, most: int) -> frozenset[int]:
    return frozenset(v for part in text.split(",") for v in _part(part, least, most))


def _part(text: str, least: int, most: int) -> range:
    span, _, step = text.partition("/")
    first, dash, last = span.partition("-")
    if span == "*":
        low, high = least, most
    else:
        low = _number(first, least, most)
        high = _number(last, least, most) if dash else (most if step else low)
    if high < low:
        raise BadSchedule(text)
    return range(low, high + 1, _number(step, 1, most) if "/" in text else 1)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise BadSchedule(text)
    return int(text)


def _last_of(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _of_month(text: str) -> _DayTest:
    """Days of the month, `L` (the last) or `15W` (the weekday nearest to the 15th)."""
    if text == "L":
        return lambda day: day == _last_of(day)
    if text.endswith("W"):
        number = _number(text[:-1], 1, 31)
        return lambda day: day == _nearest_weekday(day, number)
    numbers = _values(text, 1, 31)
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, number: int) -> date | None:
    if number > _last_of(day).day:
        return None
    wanted = day.replace(day=number)
    if wanted.isoweekday() == 6:  # noqa: PLR2004 - Saturday
        return wanted + timedelta(days=-1 if number > 1 else 2)
    if wanted.isoweekday() == 7:  # noqa: PLR2004 - Sunday
        return wanted + timedelta(days=1 if wanted != _last_of(wanted) else -2)
    return wanted


def _of_week(text: str) -> _DayTest:
    """Days of the week from 1, Sunday; `6#3` the third Friday; `6L` the last one."""
    numbered = _numbered(text, _DAYS)
    if "#" in numbered:
        weekday, _, nth = numbered.partition("#")
        which, count = _number(weekday, 1, 7), _number(nth, 1, 5)
        return lambda day: _weekday(day) == which and (day.day - 1) // 7 + 1 == count
    if numbered.endswith("L"):
        last = _number(numbered[:-1] or str(_SATURDAY), 1, 7)
        is_alone = numbered == "L"
        return lambda day: (
            _weekday(day) == last
            and (is_alone or (day + timedelta(days=7)).month != day.month)
        )
    wanted = _values(numbered, 1, 7)
    return lambda day: _weekday(day) in wanted


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1
