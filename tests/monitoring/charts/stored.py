"""Series with samples in the store, as the collector leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import MetricSeries
from tests.factories import NOON

NOW = int(NOON.timestamp())
MINUTE, HOUR, DAY = 60, 3600, 86400


def a_series(key: MetricKey, now: datetime = NOON) -> MetricSeries:
    row = MetricSeries.made_of(key, now)
    row.save()
    return row


def keep(
    row: MetricSeries, since: int, values: Sequence[float | None], period: int = MINUTE
) -> None:
    """A sample of one count for each value, from `since` on; None leaves one out."""
    times = since + period * np.arange(len(values), dtype=np.int64)
    known = np.array([one is not None for one in values], np.bool_)
    column = np.array([one or 0.0 for one in values], np.float64)[known]
    made = Samples(times[known], np.ones(column.size), column, column, column)
    samples.write(row.pk, period, made, NOW)


def cover(row: MetricSeries, since: int, until: int, read_at: int = NOW) -> None:
    samples.note_covered([row.pk], MINUTE, Interval(since, until), read_at)
