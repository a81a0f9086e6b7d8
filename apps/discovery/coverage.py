"""Which stretches of time were really read, as intervals that grow together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From `since`, included, until `until`, excluded."""

    since: datetime
    until: datetime


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretches, those that touch or overlap made one, oldest first."""
    result: list[Interval] = []
    for interval in sorted(intervals):
        if result and interval.since <= result[-1].until:
            last = result.pop()
            interval = Interval(last.since, max(last.until, interval.until))
        result.append(interval)
    return result


def gaps(covered: Sequence[Interval], within: Interval) -> list[Interval]:
    """What of `within` is not covered, oldest first."""
    missing: list[Interval] = []
    since = within.since
    for interval in merged(covered):
        if interval.until <= since or interval.since >= within.until:
            continue
        if interval.since > since:
            missing.append(Interval(since, interval.since))
        since = max(since, interval.until)
    if since < within.until:
        missing.append(Interval(since, within.until))
    return missing


def next_window(
    covered: Sequence[Interval],
    within: Interval,
    overlap: timedelta,
    longest: timedelta,
) -> Interval | None:
    """What to read next: the newest gap first, never more than `longest` at once.

    Reaches `overlap` back into what lies before the gap, for events that arrived
    late. None where nothing is missing.
    """
    missing = gaps(covered, within)
    if not missing:
        return None
    gap = missing[-1]
    since = max(gap.since, gap.until - longest)
    is_reached = since == gap.since and gap.since > within.since
    return Interval(since - overlap if is_reached else since, gap.until)
