"""Small lines of the last hours, as the points of an SVG. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from apps.monitoring.charts.functions import Column

WIDTH, HEIGHT = 120.0, 26.0
_EDGE = 2.0


@dataclass(frozen=True, slots=True)
class Spark:
    """`lines`: points of polylines, one for each stretch without a gap."""

    lines: tuple[str, ...]
    last: float | None


def spark(values: Column) -> Spark:
    """From values at equal distances, NaN where one is missing."""
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return Spark((), None)
    low, high = float(values[known].min()), float(values[known].max())
    low = min(low, 0.0) if high > 0 else low
    reach = (high - low) or 1.0
    step = WIDTH / max(1, values.size - 1)
    ys = HEIGHT - _EDGE - (values - low) / reach * (HEIGHT - 2 * _EDGE)
    runs = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1)
    lines = tuple(
        " ".join(f"{at * step:.1f},{ys[at]:.1f}" for at in _stretched(run.tolist()))
        for run in runs
    )
    return Spark(lines, float(values[known[-1]]))


def _stretched(run: list[int]) -> list[int]:
    """One point alone is no line: it is drawn twice, with round ends."""
    return run * 2 if len(run) == 1 else run
