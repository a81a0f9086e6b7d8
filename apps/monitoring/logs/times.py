"""When a line of a file was written, as far as it says so itself.

Times without a zone are taken as UTC, and a syslog time, which has no year, as of the
year that ends not long after the file was last changed.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_ISO = re.compile(
    r"(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?"
    r" ?(Z|[+-]\d\d:?\d\d(?!\d))?",
    re.ASCII,
)
_EPOCH = re.compile(r"\W?(1\d{9})(?:\.(\d{1,9})|(\d{3}))?(?!\d)", re.ASCII)
_SYSLOG = re.compile(
    rf"(?:<\d{{1,3}}>)?({_MONTHS}) {{1,2}}(\d{{1,2}}) (\d\d:\d\d:\d\d)", re.ASCII
)
_CLF = re.compile(
    rf"\[(\d\d/(?:{_MONTHS})/\d{{4}}:\d\d:\d\d:\d\d [+-]\d{{4}})\]", re.ASCII
)
_FLOW = re.compile(r"\d \d{12} \S+(?: \S+){7} (1\d{9}) 1\d{9} ", re.ASCII)
_LOOKED_AT = 100
_CLF_LOOKED_AT = 400  # addresses and users stand before it
_KEYS = (
    "timestamp", "@timestamp", "time", "ts", "datetime", "date", "eventTime",
    "asctime", "@t", "start_time", "requestTimeEpoch",
)  # fmt: skip
# Seconds, milliseconds, microseconds and nanoseconds of this century, by size.
_LEAST_SECONDS = 1e9
_UNITS = ((1e11, 1_000), (1e14, 1), (1e17, 1e-3), (1e20, 1e-6))

Finder = Callable[[str], int | None]


class Times:
    """Finds the times of the lines of one file, which are mostly of one form: the
    one that was found last is tried first."""

    def __init__(self, changed: datetime) -> None:
        self._changed = changed
        self._finders: list[Finder] = [iso, epoch, clf, flow, self._syslog]

    def of(self, line: str) -> int | None:
        """Milliseconds since 1970; None where the line tells no time."""
        finders = self._finders
        for at, find in enumerate(finders):
            found = find(line)
            if found is not None:
                if at:
                    finders.insert(0, finders.pop(at))
                return found
        return None

    def _syslog(self, line: str) -> int | None:
        found = _SYSLOG.match(line)
        if found is None:
            return None
        text = f"{found[1]} {found[2]} {found[3]}"
        latest = self._changed + timedelta(days=1)
        for year in (latest.year, latest.year - 1):
            moment = _read(f"{year} {text}", "%Y %b %d %H:%M:%S")
            if moment is not None and moment <= latest:
                return round(moment.timestamp() * 1_000)
        return None


def iso(line: str) -> int | None:
    """2026-11-23T10:00:00.123Z, with a blank or comma as well, or slashes."""
    found = _ISO.search(line, 0, _LOOKED_AT)
    if found is None:
        return None
    second = _second(found[1], found[3] or "Z")
    return None if second is None else second * 1_000 + _thousandths(found[2])


def epoch(line: str) -> int | None:
    """Seconds or milliseconds since 1970 at the beginning of the line."""
    found = _EPOCH.match(line)
    if found is None:
        return None
    return int(found[1]) * 1_000 + _thousandths(found[2] or found[3])


def clf(line: str) -> int | None:
    """[10/Oct/2026:13:55:36 -0700]"""
    found = _CLF.search(line, 0, _CLF_LOOKED_AT)
    return None if found is None else _clf_second(found[1])


def flow(line: str) -> int | None:
    """The start of a flow log record in the default format, in seconds."""
    found = _FLOW.match(line)
    return None if found is None else int(found[1]) * 1_000


def of_body(body: dict[str, Any]) -> int | None:
    """The time that a JSON object tells under one of the usual names."""
    for key in _KEYS:
        if key in body:
            found = of_value(body[key])
            if found is not None:
                return found
    return None


def of_value(value: object) -> int | None:
    """Text with a date, or a number of seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        return iso(value) or epoch(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        for below, factor in _UNITS:
            if _LEAST_SECONDS <= value < below:
                return round(value * factor)
    return None


def _thousandths(fraction: str | None) -> int:
    return int(fraction[:3].ljust(3, "0")) if fraction else 0


@lru_cache(8_192)
def _second(text: str, zone: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-") + zone)
    except ValueError:
        return None
    return round(moment.timestamp())


@lru_cache(8_192)
def _clf_second(text: str) -> int | None:
    moment = _read(text, "%d/%b/%Y:%H:%M:%S %z")
    return None if moment is None else round(moment.timestamp()) * 1_000


def _read(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - a zone is given below
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
