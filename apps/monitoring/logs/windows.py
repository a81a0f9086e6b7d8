"""What to read next of a group, decided from how far it was read. Pure.

Three kinds of reading: a fast one of the last seconds, which promises nothing; a
window, which is read to its end with an overlap and then covered; a sweep, which reads
covered time again and finds what CloudWatch showed late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.discovery.coverage import Interval, gaps

# CloudWatch shows an event some time after it took it in: nothing younger is covered.
SETTLE = timedelta(minutes=2)
WINDOWS_EVERY = timedelta(minutes=5)
"""So often is a window read; where a subscription delivers, DELIVERED_EVERY."""
DELIVERED_EVERY = timedelta(minutes=15)
LONGEST_WINDOW = timedelta(hours=6)
LEAST_OVERLAP = timedelta(minutes=10)
MOST_OVERLAP = timedelta(hours=2)

LOOKED_EVERY = timedelta(seconds=5)
ACTIVE_EVERY = timedelta(seconds=15)
QUIET_EVERY = timedelta(minutes=5)
LOOKED_FOR = timedelta(minutes=2)
"""How long a group counts as looked at."""
# Clocks of those who write run ahead a little.
_AHEAD = timedelta(minutes=1)
_FAST_OVERLAP = timedelta(seconds=30)
_FAST_REACH = timedelta(minutes=15)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURLY_REACH, _NIGHTLY_REACH = timedelta(hours=6), timedelta(hours=48)


class Kind(StrEnum):
    FAST = "fast"
    NEW = "new"
    HOURLY = "hourly"
    NIGHTLY = "nightly"

    @property
    def is_sweep(self) -> bool:
        return self in (Kind.HOURLY, Kind.NIGHTLY)


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read: from `since`, included, until `until`, excluded, as it was decided
    `at` that time; `token` goes on with a reading that was begun before."""

    kind: Kind
    since: datetime
    until: datetime
    at: datetime
    token: str = ""

    @property
    def covers(self) -> Interval | None:
        """What is covered once it was read to its end; None where nothing is."""
        until = min(self.until, self.at - SETTLE)
        if self.kind is Kind.FAST or until <= self.since:
            return None
        return Interval(self.since, until)

    @property
    def is_up_to_date(self) -> bool:
        return self.until >= self.at


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a group was read, and how it is looked at."""

    collect_since: datetime
    covered: Sequence[Interval]
    overlap: timedelta = LEAST_OVERLAP
    begun: Reading | None = None
    fast_until: datetime | None = None
    hourly_at: datetime | None = None
    nightly_at: datetime | None = None
    looked_at: datetime | None = None
    active_at: datetime | None = None
    is_delivered: bool = False

    def fast_every(self, now: datetime) -> timedelta | None:
        """How often the last seconds are asked for; None where a subscription brings
        them."""
        if self.looked_at is not None and now - self.looked_at < LOOKED_FOR:
            return LOOKED_EVERY
        if self.is_delivered:
            return None
        if self.active_at is None:
            return QUIET_EVERY
        # A group that was silent for so long may be silent for a tenth of it longer.
        silent = (now - self.active_at) / 10
        return max(ACTIVE_EVERY, min(silent, QUIET_EVERY))

    @property
    def windows_every(self) -> timedelta:
        return DELIVERED_EVERY if self.is_delivered else WINDOWS_EVERY


def next_reading(progress: Progress, now: datetime) -> Reading | None:
    """What to read now; None where nothing is due."""
    window = progress.begun or _missing(progress, now)
    # The last seconds are not kept waiting by hours that are made good.
    if window is None or not window.is_up_to_date or window.token:
        fast = _fast(progress, now)
        if fast is not None:
            return fast
    return window or _sweep(progress, now)


def next_time(progress: Progress, now: datetime) -> datetime:
    """When something will be due, where nothing is."""
    edge = max((one.until for one in progress.covered), default=now - SETTLE)
    times = [edge + SETTLE + progress.windows_every]
    every = progress.fast_every(now)
    if every is not None:
        times.append((progress.fast_until or now) + every)
    times.append((progress.hourly_at or now) + _HOUR)
    return max(min(times), now + timedelta(seconds=1))


def _missing(progress: Progress, now: datetime) -> Reading | None:
    """The newest stretch that was not read. One at the edge waits until it is worth a
    call, and then is read up to now."""
    within = Interval(progress.collect_since, now - SETTLE)
    for gap in reversed(gaps(progress.covered, within)):
        is_edge = gap.until == within.until
        if is_edge and gap.until - gap.since < progress.windows_every:
            continue
        since = max(gap.since, gap.until - LONGEST_WINDOW)
        if since == gap.since and since > within.since:
            since -= progress.overlap
        return Reading(Kind.NEW, since, now + _AHEAD if is_edge else gap.until, now)
    return None


def _fast(progress: Progress, now: datetime) -> Reading | None:
    every = progress.fast_every(now)
    last = progress.fast_until
    if every is None or (last is not None and now - last < every):
        return None
    since = max(last - _FAST_OVERLAP, now - _FAST_REACH) if last else now - SETTLE
    return Reading(Kind.FAST, since, now + _AHEAD, now)


def _sweep(progress: Progress, now: datetime) -> Reading | None:
    """Covered time again, up to where it is covered: what is new there came late."""
    if not progress.covered:
        return None
    for kind, last, every, reach in (
        (Kind.NIGHTLY, progress.nightly_at, _DAY, _NIGHTLY_REACH),
        (Kind.HOURLY, progress.hourly_at, _HOUR, _HOURLY_REACH),
    ):
        since = max(now - reach, progress.collect_since)
        until = progress.covered[-1].until
        is_due = last is None or now - last >= every
        if is_due and since < until:
            return Reading(kind, since, until, now)
    return None
