"""What to list next of X-Ray, and when to look at a trace again. Pure.

Traces are listed by when they were updated. The newest window follows the one before
with an overlap; what is missing of the past is read from its newest end; sweeps list
covered time again and find what X-Ray showed late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.discovery.coverage import Interval, gaps

SETTLE = timedelta(seconds=60)
"""X-Ray lists a trace some time after it took it in: nothing younger is covered, and
the next window begins so far before the end of the last."""
NEW_EVERY = timedelta(seconds=30)
LONGEST_WINDOW = timedelta(hours=1)
KEPT_BY_AWS = timedelta(days=30)
CHANGES_FOR = timedelta(days=7)
"""So long X-Ray takes segments for a trace."""
LATER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""When a trace is looked at again after it was last updated."""
OPEN_EVERY = timedelta(hours=6)
"""The same of traces in progress, once all of LATER is over."""
# Clocks of X-Ray and ours differ a little.
_AHEAD = timedelta(seconds=5)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURLY_REACH, _DAILY_REACH = timedelta(minutes=90), timedelta(hours=24)


class Kind(StrEnum):
    NEW = "new"
    PAST = "past"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Window:
    """To be listed: from `since` until `until`, as it was decided `at` that time."""

    kind: Kind
    since: datetime
    until: datetime
    at: datetime

    @property
    def covers(self) -> Interval | None:
        """What is covered once all of it is stored; None where nothing is."""
        until = min(self.until, self.at - SETTLE)
        return Interval(self.since, until) if until > self.since else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scope was read. `begun` are windows that are worked on."""

    collect_since: datetime
    covered: Sequence[Interval]
    begun: Sequence[Window] = ()
    hourly_at: datetime | None = None
    daily_at: datetime | None = None

    def begun_of(self, kind: Kind) -> Window | None:
        return next((one for one in self.begun if one.kind is kind), None)

    @property
    def taken(self) -> list[Interval]:
        """What is covered, or will be without anything more being begun."""
        promised = (one.covers for one in self.begun)
        return [*self.covered, *(one for one in promised if one is not None)]


def new_window(progress: Progress, now: datetime) -> Window | None:
    """The newest stretch up to now, once it is worth a call. It never waits for an
    older one that takes long."""
    within = _within(progress, now)
    missing = gaps(progress.taken, within)
    if not missing or missing[-1].until < within.until:
        return None
    gap = missing[-1]
    if gap.until - gap.since < NEW_EVERY - _AHEAD and gap.since > within.since:
        return None
    since = max(gap.since, gap.until - LONGEST_WINDOW)
    return Window(Kind.NEW, since, now + _AHEAD, now)


def past_window(progress: Progress, now: datetime) -> Window | None:
    """The newest stretch that is missing before the edge; one at a time."""
    if progress.begun_of(Kind.PAST) is not None:
        return None
    within = _within(progress, now)
    missing = [one for one in gaps(progress.taken, within) if one.until < within.until]
    if not missing:
        return None
    gap = missing[-1]
    since = max(gap.since, gap.until - LONGEST_WINDOW)
    return Window(Kind.PAST, since, gap.until, now)


def sweep(progress: Progress, now: datetime) -> Window | None:
    """Covered time again: what is new there came late. One at a time."""
    if progress.begun_of(Kind.HOURLY) or progress.begun_of(Kind.DAILY):
        return None
    for kind, last, every, reach in (
        (Kind.DAILY, progress.daily_at, _DAY, _DAILY_REACH),
        (Kind.HOURLY, progress.hourly_at, _HOUR, _HOURLY_REACH),
    ):
        if last is not None and now - last < every:
            continue
        read = max(progress.covered, default=None)
        if read is not None and max(read.since, now - reach) < read.until:
            return Window(kind, max(read.since, now - reach), read.until, now)
    return None


def next_look(
    changed_at: datetime, started_at: datetime, read_at: datetime, *, is_partial: bool
) -> datetime | None:
    """When to look again at a trace that was read and had last been updated at
    `changed_at`; None where it will not change any more, or is left to sweeps."""
    due = next((changed_at + one for one in LATER if changed_at + one > read_at), None)
    if due is None and is_partial:
        due = read_at + OPEN_EVERY
    if due is None or due >= started_at + CHANGES_FOR:
        return None
    return due


def _within(progress: Progress, now: datetime) -> Interval:
    """Time that is to be covered by now."""
    since = max(progress.collect_since, now - KEPT_BY_AWS + _HOUR)
    until = now - SETTLE
    return Interval(min(since, until), until)
