"""Periods of a chart's time, and values put into them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from apps.monitoring.charts.functions import Column, repeated
from apps.monitoring.charts.specs import PERIODS, Fill
from apps.monitoring.metrics.lines import Interval, Line

Flags: TypeAlias = npt.NDArray[np.bool_]

# More points than a screen has columns cost time and show nothing.
DRAWN_POINTS = 800
# What a caller of the API may ask of a line.
RAW_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` periods one after the other from `start`: seconds since 1970."""

    start: int
    period_seconds: int
    count: int

    @classmethod
    def over(cls, since: int, until: int, period_seconds: int) -> Grid:
        """The periods that a range touches."""
        start = since // period_seconds * period_seconds
        return cls(start, period_seconds, max(0, -((start - until) // period_seconds)))

    @property
    def until(self) -> int:
        return self.start + self.count * self.period_seconds

    @property
    def times(self) -> npt.NDArray[np.int64]:
        return self.start + self.period_seconds * np.arange(self.count, dtype=np.int64)

    def shifted(self, seconds: int) -> Grid:
        """As long, so much earlier."""
        return Grid(self.start - seconds, self.period_seconds, self.count)


def fitting_period(since: int, until: int, wanted: int, most: int) -> int:
    """The wanted period (0: the shortest) or the next that gives at most `most` points.

    Beyond the longest period, days are taken together.
    """
    for period in PERIODS:
        if period and period >= wanted and (until - since) // period <= most:
            return period
    day = PERIODS[-1]
    return day * -(-(until - since) // (day * most))


def placed(line: Line, grid: Grid) -> Column:
    """The values of a line in the periods of a grid, NaN where there is none."""
    column = np.full(grid.count, np.nan)
    places = (line.times - grid.start) // grid.period_seconds
    is_inside = (places >= 0) & (places < grid.count)
    column[places[is_inside]] = line.values[is_inside]
    return column


def covered_periods(covered: Sequence[Interval], grid: Grid) -> Flags:
    """Which periods were read at least in part."""
    flags = np.zeros(grid.count, np.bool_)
    for one in covered:
        first = (one.since - grid.start) // grid.period_seconds
        last = -((grid.start - one.until) // grid.period_seconds)
        flags[max(0, first) : max(0, last)] = True
    return flags


def filled(column: Column, fill: Fill, is_known: Flags) -> Column:
    """Missing values by a line's policy, where it is known that there is none.

    Time that was never read stays missing: filling it would tell of what nobody saw.
    """
    if fill == "gap":
        return column
    if fill == "previous":
        instead = repeated(column)
    else:
        instead = np.full(column.shape, 0.0 if fill == "zero" else float(fill))
    return np.where(np.isnan(column) & is_known, instead, column)


def uncovered(
    covered: Sequence[Sequence[Interval]], since: int, until: int
) -> tuple[Interval, ...]:
    """The parts of a range that were read for none of the lines."""
    everything = sorted(
        (one for line in covered for one in line), key=lambda one: one.since
    )
    gaps, reached = [], since
    for one in everything:
        if one.since > reached:
            gaps.append(Interval(reached, min(one.since, until)))
        reached = max(reached, one.until)
        if reached >= until:
            break
    if reached < until:
        gaps.append(Interval(reached, until))
    return tuple(gaps)
