"""Windows that come back every week, such as a night of maintenance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 1_440


@dataclass(frozen=True, slots=True)
class Weekly:
    """From `start`, minutes after midnight in `zone`, for `minutes`, on `days` counted
    from Monday, 0. A window may end on the day after it began."""

    days: tuple[int, ...]
    start: int
    minutes: int
    zone: str = "UTC"

    def __str__(self) -> str:
        end = (self.start + self.minutes) % DAY_MINUTES
        named = ", ".join(DAYS[day] for day in self.days)
        return f"{named} {_clock(self.start)} to {_clock(end)} {self.zone}"

    def until(self, now: datetime) -> datetime | None:
        """When the window that holds `now` ends; None where none does."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        for date in (today, today - timedelta(days=1)):
            if date.weekday() not in self.days:
                continue
            at = time(*divmod(self.start, 60))
            begin = datetime.combine(date, at, zone).astimezone(now.tzinfo)
            end = begin + timedelta(minutes=self.minutes)
            if begin <= now < end:
                return end
        return None


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
