"""How long traces took, on a scale on which each step is as many times the last."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

_STEPS = 60
_LEAST_MS = 0.001
_NICE = (1, 2, 5)
_FEW_DECADES = 400
_SPREAD = 1.4826  # makes the median of deviations a standard deviation
_FAR = 3.5  # source: Iglewicz and Hoaglin's rule for outliers
_ENOUGH = 20
_LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Bar:
    """`failed` of `count` traces took from `from_ms` until before `to_ms`."""

    from_ms: float
    to_ms: float
    count: int
    failed: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """`ticks`: round numbers of milliseconds to label. Percentiles are of all."""

    bars: tuple[Bar, ...]
    lower_ms: float
    upper_ms: float
    ticks: tuple[float, ...]
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def place(self, milliseconds: float) -> float:
        """Where a time lies between the ends of the scale, 0 to 1."""
        found = math.log(max(milliseconds, _LEAST_MS) / self.lower_ms)
        return min(max(found / math.log(self.upper_ms / self.lower_ms), 0.0), 1.0)


def distribution(latencies: Sequence[tuple[float, bool]]) -> Distribution | None:
    """Of times in milliseconds, each with whether its trace failed. Those of 0 did
    not end and are left out."""
    known = sorted((ms, failed) for ms, failed in latencies if ms > 0)
    if not known:
        return None
    lower, upper = _ends(known[0][0], known[-1][0])
    step = math.log(upper / lower) / _STEPS
    counts, failures = [0] * _STEPS, [0] * _STEPS
    for ms, failed in known:
        at = min(int(math.log(ms / lower) / step), _STEPS - 1)
        counts[at] += 1
        failures[at] += failed
    bars = tuple(
        Bar(lower * math.exp(at * step), lower * math.exp((at + 1) * step), n, bad)
        for at, (n, bad) in enumerate(zip(counts, failures, strict=True))
    )
    return Distribution(
        bars,
        lower,
        upper,
        tuple(_ticks(lower, upper)),
        *(percentile([ms for ms, _ in known], share) for share in (0.5, 0.95, 0.99)),
    )


def percentile(in_order: Sequence[float], share: float) -> float:
    """By nearest rank: a value that really occurs."""
    return in_order[max(0, math.ceil(share * len(in_order)) - 1)]


def _ends(first: float, last: float) -> tuple[float, float]:
    """A little beyond what occurs, and never nothing between them."""
    return max(first, _LEAST_MS) / 1.1, max(last, _LEAST_MS) * 1.1


def _ticks(lower: float, upper: float) -> Iterable[float]:
    decades = range(math.floor(math.log10(lower)), math.ceil(math.log10(upper)) + 1)
    steps = _NICE if upper / lower < _FEW_DECADES else (1,)
    for decade in decades:
        for step in steps:
            if lower <= step * 10.0**decade <= upper:
                yield step * 10.0**decade


def outliers_above(latencies: Sequence[float]) -> float:
    """Times beyond this many milliseconds are out of the ordinary for their like;
    infinite where there are too few to tell."""
    known = [math.log(ms) for ms in latencies if ms > 0]
    if len(known) < _ENOUGH:
        return math.inf
    middle = median(known)
    spread = median(abs(one - middle) for one in known) * _SPREAD
    return math.exp(middle + _FAR * max(spread, _LEAST_SPREAD))
