"""What is usual for a line at an hour, from its own past. Pure.

The median of what the same hour of the week was over the four weeks before the chart,
and around it `width` times 1.4826 times the median distance from that median: for
values spread as by chance this is the standard deviation, and single outliers do not
move it. With less than two weeks the same hour of the day is taken instead; with less
than two days there is no band, and the chart says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.monitoring.charts.functions import Column

HISTORY_SECONDS = 28 * 86400
_HOUR = 3600
_DAY, _WEEK = 24, 168
_DEVIATION = 1.4826
_LEAST_REPEATS = 2


@dataclass(frozen=True, slots=True)
class Usual:
    """Bounds for every time asked, NaN where unknown, and how they came about."""

    low: Column
    high: Column
    middle: Column
    method: str


def usual(
    history: tuple[npt.NDArray[np.int64], Column],
    times: npt.NDArray[np.int64],
    width: float,
) -> Usual:
    """From times and values of the past, for `times`; all in seconds since 1970."""
    then, values = history
    is_known = ~np.isnan(values)
    hours, known = then[is_known] // _HOUR, values[is_known]
    for cycle, said in ((_WEEK, "hour of the week"), (_DAY, "hour of the day")):
        if _repeats(hours, times // _HOUR, cycle) >= _LEAST_REPEATS:
            middle, spread = _by_hour(hours % cycle, known, cycle)
            at = times // _HOUR % cycle
            reach = width * _DEVIATION * spread[at]
            method = (
                f"Usual: the median of the same {said} (UTC) over the 4 weeks before, "
                f"and {width:g} deviations around it"
            )
            return Usual(middle[at] - reach, middle[at] + reach, middle[at], method)
    nothing = np.full(times.shape, np.nan)
    why = "There is no band: fewer than two days before this chart are stored"
    return Usual(nothing, nothing, nothing, why)


def _repeats(
    hours: npt.NDArray[np.int64], asked: npt.NDArray[np.int64], cycle: int
) -> float:
    """How many times the hours asked for were seen before, as a median."""
    seen = np.bincount(np.unique(hours) % cycle, minlength=cycle)
    return float(np.median(seen[asked % cycle])) if asked.size else 0.0


def _by_hour(
    hours: npt.NDArray[np.int64], values: Column, cycle: int
) -> tuple[Column, Column]:
    """Median and median distance from it, for each hour of the cycle."""
    middle, spread = np.full(cycle, np.nan), np.full(cycle, np.nan)
    order = np.argsort(hours, kind="stable")
    bounds = np.searchsorted(hours[order], np.arange(cycle + 1))
    for hour in range(cycle):
        group = values[order][bounds[hour] : bounds[hour + 1]]
        if group.size:
            middle[hour] = np.median(group)
            spread[hour] = np.median(np.abs(group - middle[hour]))
    return middle, spread
