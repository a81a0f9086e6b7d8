"""Lines drawn from stored chunks: at the period asked for, or at what is left. Pure.

Where a part of the range is stored at a longer period only, because the shorter one
was dropped or never asked for, the whole line is answered at that period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.monitoring.metrics import chunks, rollups
from apps.monitoring.metrics.columns import Samples, joined
from apps.monitoring.metrics.lines import Seconds, Values


@dataclass(frozen=True, slots=True)
class Asked:
    """From `since`, included, until `until`, excluded; in periods of so many seconds.

    Periods are counted from 1970, UTC; the one that `since` lies in is asked whole.
    """

    since: int
    until: int
    period_seconds: int

    def begins(self, period_seconds: int) -> int:
        return self.since - self.since % period_seconds


@dataclass(frozen=True, slots=True)
class StoredChunk:
    period_seconds: int
    is_dirty: bool
    read_at: int
    packed: bytes


def needless(period_seconds: int) -> tuple[int, ...]:
    """Periods whose chunks need not be read once they are rolled up."""
    below = rollups.tier_below(period_seconds) or 0
    known = (*rollups.SHORT, *rollups.TIERS)
    return tuple(period for period in known if period < below)


def answered(stored: Sequence[StoredChunk], asked: Asked) -> tuple[int, Samples]:
    """Samples of a series in a range, and their period."""
    by_period: dict[int, list[StoredChunk]] = defaultdict(list)
    for one in stored:
        by_period[one.period_seconds].append(one)
    period = asked.period_seconds
    found = _samples_at(by_period, period)
    for coarser in sorted(by_period):
        if coarser > period and _is_only_in(coarser, (by_period, asked, found, period)):
            period, found = coarser, _samples_at(by_period, coarser)
    return period, found.between(asked.begins(period), asked.until)


def statistic_only(
    stored: Iterable[StoredChunk], asked: Asked
) -> tuple[Seconds, Values]:
    """Times and values of a statistic that cannot be merged."""
    parts = [chunks.unpack(one.packed) for one in stored]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    times = np.concatenate([times for times, _ in parts])
    values = np.concatenate([columns[0] for _, columns in parts])
    order = np.argsort(times, kind="stable")
    begins = asked.begins(asked.period_seconds)
    order = order[(times[order] >= begins) & (times[order] < asked.until)]
    return times[order], values[order]


def _samples_at(by_period: Mapping[int, list[StoredChunk]], period: int) -> Samples:
    stored = {
        shorter: joined([_samples(one) for one in some])
        for shorter, some in by_period.items()
        if shorter <= period and period % shorter == 0
    }
    return rollups.climbed(stored, period)


def _samples(one: StoredChunk) -> Samples:
    return Samples.made_of(*chunks.unpack(one.packed))


def _is_only_in(
    coarser: int, against: tuple[Mapping[int, list[StoredChunk]], Asked, Samples, int]
) -> bool:
    """Whether something of the range is known at a longer period alone."""
    by_period, asked, found, period = against
    parts = [chunks.times_of(one.packed) for one in by_period[coarser]]
    times = np.concatenate(parts)
    within = found.between(asked.begins(period), asked.until)
    if not len(within):
        begins = asked.begins(coarser)
        return bool(((times >= begins) & (times < asked.until)).any())
    whole = (times >= asked.begins(period)) & (times + coarser <= asked.until)
    return rollups.is_lacking(within, times[whole], coarser)
