"""Stretches of time that were really read, as intervals that grow together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.monitoring.metrics.lines import Interval

# Of what was read with more gaps than this, only the newest stretches are told.
MOST = 1_000


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretches, those that touch or overlap made one, oldest first."""
    result: list[Interval] = []
    for one in sorted(intervals, key=lambda one: (one.since, one.until)):
        if one.since >= one.until:
            continue
        if result and one.since <= result[-1].until:
            last = result.pop()
            one = Interval(last.since, max(last.until, one.until))
        result.append(one)
    return result


def clipped(intervals: Sequence[Interval], since: int, until: int) -> list[Interval]:
    """What of intervals lies within a stretch."""
    within = [
        Interval(max(one.since, since), min(one.until, until)) for one in intervals
    ]
    return [one for one in within if one.since < one.until]
