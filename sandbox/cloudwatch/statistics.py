"""Every statistic of CloudWatch, computed for all periods of a range at once.

Source: CloudWatch statistics definitions, CloudWatch user guide. Percentiles here are
exact and interpolated between neighbours; AWS's come from a histogram.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sandbox.cloudwatch.samples import Floats, Samples

Indexes = NDArray[np.int64]

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,3}(?:\.\d{1,10})?)")
_NUMBER = r"(-?\d+(?:\.\d+)?%?)?"
_BOUNDED = re.compile(rf"(TM|WM|TC|TS|PR)\({_NUMBER}:{_NUMBER}\)")


@dataclass(frozen=True, slots=True)
class Statistic:
    """`kind` is a name of SIMPLE or one of p, tm, wm, tc, ts, pr.

    Bounds are fractions of the samples where `is_percent`, else values; None is open.
    """

    text: str
    kind: str
    low: float | None = None
    high: float | None = None
    is_percent: bool = True


@dataclass(frozen=True, slots=True)
class Points:
    """Starts of periods and their values, oldest first."""

    times: Indexes
    values: Floats


NO_POINTS = Points(np.empty(0, np.int64), np.empty(0))


@lru_cache(maxsize=1_024)
def parse(text: str) -> Statistic | None:
    """The statistic a text names, or None where it names none."""
    if text in SIMPLE:
        return Statistic(text, text)
    if text == "IQM":
        return Statistic(text, "tm", 0.25, 0.75)
    short = _SHORT.fullmatch(text)
    if short:
        fraction = float(short[2]) / 100
        low = None if short[1] != "p" else fraction
        return Statistic(text, short[1], low, fraction) if fraction <= 1 else None
    bounded = _BOUNDED.fullmatch(text)
    return _bounded(text, *bounded.groups()) if bounded else None


def _bounded(
    text: str, kind: str, low: str | None, high: str | None
) -> Statistic | None:
    given = [bound for bound in (low, high) if bound is not None]
    percents = {bound.endswith("%") for bound in given}
    if len(percents) != 1 or (kind == "PR" and percents == {True}):
        return None
    is_percent = percents == {True}
    scale = 100 if is_percent else 1
    least, most = (
        None if bound is None else float(bound.rstrip("%")) / scale
        for bound in (low, high)
    )
    return Statistic(text, kind.lower(), least, most, is_percent)


def compute(statistic: Statistic, samples: Samples, start: int, period: int) -> Points:
    """A point for every period that has samples; periods are counted from `start`."""
    if not len(samples.times):
        return NO_POINTS
    slots = (samples.times.astype(np.int64) - start) // period
    firsts = np.flatnonzero(np.concatenate(([True], slots[1:] != slots[:-1])))
    times = start + slots[firsts] * period
    if statistic.kind in _OF_SIMPLE:
        return Points(times, _OF_SIMPLE[statistic.kind](samples, firsts))
    return _ranked(statistic, samples, slots, firsts, times)


def sample_counts(samples: Samples, start: int, period: int) -> Points:
    return compute(Statistic("SampleCount", "SampleCount"), samples, start, period)


def _counts(samples: Samples, firsts: Indexes) -> Floats:
    if samples.counts is None:
        return np.diff(firsts, append=len(samples.times)).astype(np.float64)
    return np.add.reduceat(samples.counts, firsts)


def _sums(samples: Samples, firsts: Indexes) -> Floats:
    sums = samples.values
    if samples.counts is not None and samples.lows is None:
        sums = samples.values * samples.counts
    return np.add.reduceat(sums, firsts)


def _averages(samples: Samples, firsts: Indexes) -> Floats:
    averages: Floats = _sums(samples, firsts) / _counts(samples, firsts)
    return averages


def _lows(samples: Samples, firsts: Indexes) -> Floats:
    lows = samples.values if samples.lows is None else samples.lows
    return np.minimum.reduceat(lows, firsts)


def _highs(samples: Samples, firsts: Indexes) -> Floats:
    highs = samples.values if samples.highs is None else samples.highs
    return np.maximum.reduceat(highs, firsts)


_OF_SIMPLE: Mapping[str, Callable[[Samples, Indexes], Floats]] = {
    "SampleCount": _counts,
    "Sum": _sums,
    "Average": _averages,
    "Minimum": _lows,
    "Maximum": _highs,
}


class _Ranks:
    """Samples of every period in order of value, each as often as it counts.

    A rank runs over all periods together: period `b` has the ranks from `starts[b]`
    up to `starts[b] + sizes[b]`.
    """

    def __init__(self, values: Floats, weights: Floats, slots: Indexes) -> None:
        order = np.lexsort((values, slots))
        self.values = values[order]
        weights = weights[order]
        self._ends = np.cumsum(weights)
        self._sums = np.cumsum(weights * self.values)
        ordered = slots[order]
        firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        self.sizes: Floats = np.add.reduceat(weights, firsts)
        self.starts: Floats = np.cumsum(self.sizes) - self.sizes
        self.weights, self.firsts = weights, firsts

    def at(self, ranks: Floats) -> Floats:
        return self.values[self._row(ranks)]

    def _row(self, ranks: Floats) -> NDArray[np.intp]:
        rows = np.searchsorted(self._ends, ranks, side="right")
        return np.minimum(rows, len(self.values) - 1)

    def sum_before(self, ranks: Floats) -> Floats:
        """The sum of all values below each rank."""
        rows = self._row(ranks)
        ends = self._ends[rows] - self.weights[rows]
        sums = self._sums[rows] - self.weights[rows] * self.values[rows]
        total: Floats = sums + (ranks - ends) * self.values[rows]
        return total

    def count_up_to(self, bound: float) -> Floats:
        """In each period, how many values are at most `bound`."""
        counted = self.weights * (self.values <= bound)
        return np.add.reduceat(counted, self.firsts)


def _ranked(
    statistic: Statistic,
    samples: Samples,
    slots: Indexes,
    firsts: Indexes,
    times: Indexes,
) -> Points:
    values = samples.values if samples.lows is None else samples.lows
    ranks = _Ranks(values, samples.weights(), slots)
    if statistic.kind == "p":
        found = _percentiles(ranks, statistic.high or 0.0)
    else:
        found = _trimmed(statistic, ranks)
    keep = np.isfinite(found) & _single_valued(samples, firsts)
    return Points(times[keep], found[keep])


def _single_valued(samples: Samples, firsts: Indexes) -> NDArray[np.bool_]:
    """Percentiles need the values: a set of statistics has them only where its
    minimum is its maximum."""
    if samples.lows is None or samples.highs is None:
        return np.ones(len(firsts), np.bool_)
    return np.logical_and.reduceat(samples.lows == samples.highs, firsts)


def _percentiles(ranks: _Ranks, fraction: float) -> Floats:
    position = np.maximum(ranks.sizes - 1, 0) * fraction
    below = np.floor(position)
    above = np.minimum(below + 1, np.maximum(ranks.sizes - 1, 0))
    low, high = ranks.at(ranks.starts + below), ranks.at(ranks.starts + above)
    found: Floats = low + (high - low) * (position - below)
    return found


def _kept(statistic: Statistic, ranks: _Ranks) -> tuple[Floats, Floats]:
    """From which rank to which, within each period, samples are kept.

    Values are kept above the lower bound and up to the upper one.
    """
    sizes = ranks.sizes
    nothing, everything = np.zeros(len(sizes)), sizes.copy()
    if statistic.is_percent:
        # A hair against 0.9 * 10 being a little more than 9.
        low = np.floor(sizes * (statistic.low or 0.0) + 1e-9)
        high = np.ceil(
            sizes * (1.0 if statistic.high is None else statistic.high) - 1e-9
        )
        return low, high
    low = nothing if statistic.low is None else ranks.count_up_to(statistic.low)
    high = everything if statistic.high is None else ranks.count_up_to(statistic.high)
    return low, np.maximum(high, low)


def _trimmed(statistic: Statistic, ranks: _Ranks) -> Floats:
    low, high = _kept(statistic, ranks)
    count = high - low
    if statistic.kind == "tc":
        return count
    if statistic.kind == "pr":
        return count / ranks.sizes * 100
    total = ranks.sum_before(ranks.starts + high) - ranks.sum_before(ranks.starts + low)
    if statistic.kind == "ts":
        return total
    with np.errstate(divide="ignore", invalid="ignore"):
        if statistic.kind == "tm":
            return total / count
        return _winsorized(statistic, ranks, total)


def _winsorized(statistic: Statistic, ranks: _Ranks, total: Floats) -> Floats:
    """What lies outside the bounds counts as the bound itself."""
    low, high = _kept(statistic, ranks)
    least, most = statistic.low, statistic.high
    if statistic.is_percent or least is None:
        least_values = ranks.at(ranks.starts + low)
    else:
        least_values = np.full(len(low), least)
    if statistic.is_percent or most is None:
        most_values = ranks.at(ranks.starts + np.maximum(high - 1, 0))
    else:
        most_values = np.full(len(low), most)
    whole = total + low * least_values + (ranks.sizes - high) * most_values
    mean: Floats = whole / ranks.sizes
    return mean
