"""Time ranges as people write them: `now-15m`, `now/d`, RFC 3339 and plain dates."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=30),
    "y": timedelta(days=365),
}
_RELATIVE = re.compile(
    r"now(?:(?P<sign>[+-])(?P<count>\d{1,6})(?P<unit>[smhdwMy]))?(?:/(?P<round>[mhdw]))?"
)
_MILLISECONDS = re.compile(r"\d{12,14}")
EXPECTED_TIME = "a time such as 2026-07-01T08:00:00Z, 2026-07-01 or now-15m"


class TimeError(ValueError):
    """A text that is no time; says what was expected."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `since`, included, until `until`, excluded. Both are aware and in UTC."""

    since: datetime
    until: datetime

    @property
    def since_ms(self) -> int:
        return milliseconds(self.since)

    @property
    def until_ms(self) -> int:
        return milliseconds(self.until)

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    def days(self) -> tuple[str, str]:
        """The first and last UTC day touched, as YYYY-MM-DD."""
        last = max(self.since, self.until - timedelta(milliseconds=1))
        return self.since.date().isoformat(), last.date().isoformat()

    def widened(self) -> "TimeRange":
        """Twice as long around the same middle, within what can be asked."""
        half = self.length / 2
        return TimeRange(
            max(EARLIEST, self.since - half), min(LATEST, self.until + half)
        )


ALL_TIME = TimeRange(EARLIEST, LATEST)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(value: int) -> datetime:
    return EPOCH + timedelta(milliseconds=value)


def rfc3339(moment: datetime) -> str:
    """UTC with a trailing Z; milliseconds only where there are any."""
    text = moment.astimezone(UTC).isoformat(
        timespec="milliseconds" if moment.microsecond else "seconds"
    )
    return text.replace("+00:00", "Z")


def parse_time(text: str, now: datetime) -> datetime:
    """The moment that `text` names; without a zone it is UTC.

    Accepts RFC 3339, dates, milliseconds since 1970, and `now` with an offset in
    s, m, h, d, w, M (30 days) or y (365 days), rounded down by a trailing /m, /h,
    /d or /w. Raises TimeError for anything else and for years outside 2000-2199.
    """
    text = text.strip()
    moment = _relative(text, now) or _absolute(text)
    if not EARLIEST <= moment <= LATEST:
        raise TimeError(f"{text} lies outside the years 2000 to 2199.")
    return moment


def parse_range(since: str, until: str, now: datetime) -> TimeRange:
    """The range between two texts.

    Raises TimeError where one is no time or the end is not after the beginning.
    """
    first, last = parse_time(since, now), parse_time(until, now)
    if first >= last:
        raise TimeError(f"The range ends ({until}) before it begins ({since}).")
    return TimeRange(first, last)


def is_relative(text: str) -> bool:
    return text.strip().startswith("now")


def _relative(text: str, now: datetime) -> datetime | None:
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return None
    offset = timedelta()
    if match["sign"]:
        offset = int(match["count"]) * _UNITS[match["unit"]]
    try:
        moment = now + offset if match["sign"] == "+" else now - offset
    except OverflowError:
        raise TimeError(f"{text} lies outside the years 2000 to 2199.") from None
    return _rounded(moment, match["round"]) if match["round"] else moment


def _rounded(moment: datetime, unit: str) -> datetime:
    if unit == "w":
        moment -= timedelta(days=moment.weekday())
    step = _UNITS["d" if unit == "w" else unit]
    return EPOCH + (moment - EPOCH) // step * step


def _absolute(text: str) -> datetime:
    if _MILLISECONDS.fullmatch(text):
        return from_milliseconds(int(text))
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise TimeError(f"{text!r} is not a time; expected {EXPECTED_TIME}.") from None
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise TimeError(f"{text} lies outside the years 2000 to 2199.") from None
