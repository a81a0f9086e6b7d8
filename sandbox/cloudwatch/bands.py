"""Anomaly detection, roughly: what an hour of the day was like before.

AWS learns a model from two weeks with trends and weekdays. Here the expected value of
a point is the mean of the metric in that hour of the day, and the band is that many
standard deviations wide on either side.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.cloudwatch.mathvalues import Series, SeriesList
from sandbox.cloudwatch.statistics import Indexes

_HOUR, _HOURS = 3_600, 24


def band(history: Series, series: Series, times: Indexes, width: float) -> SeriesList:
    """The upper and the lower edge at each of the times."""
    if not len(history.values):
        nothing = series.with_values(np.empty(0), np.empty(0, np.int64))
        return [nothing, nothing]
    wanted = times // _HOUR % _HOURS
    hours = history.times // _HOUR % _HOURS
    middle = np.full(_HOURS, np.mean(history.values))
    spread = np.full(_HOURS, np.std(history.values))
    for hour in np.unique(hours):
        values = history.values[hours == hour]
        middle[hour], spread[hour] = np.mean(values), np.std(values)
    edges = [
        series.with_values(middle[wanted] + sign * width * spread[wanted], times)
        for sign in (1, -1)
    ]
    return [
        replace(edge, label=f"{series.label} (expected) {name}".strip())
        for edge, name in zip(edges, ("High", "Low"), strict=True)
    ]
