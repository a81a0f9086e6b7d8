"""How much comes in a day, from the metric that is stored already."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from apps.monitoring.logs.ingestion import note_daily_bytes, unmeasured
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import LogGroup, MetricSeries
from tests.factories import ACCOUNT
from tests.monitoring.logs.inventoried import REGION, a_group

pytestmark = pytest.mark.django_db
HOUR = 3_600
NOW = timezone.now()
LAST = int(NOW.timestamp()) // HOUR * HOUR
"""When the last whole hour ended."""


def a_series(name: str) -> MetricSeries:
    dimensions = (("LogGroupName", name),)
    key = MetricKey(ACCOUNT, REGION, "AWS/Logs", "IncomingBytes", dimensions)
    series = MetricSeries.made_of(key, NOW)
    series.save()
    return series


def came_in(name: str, hours: int, bytes_an_hour: float) -> None:
    """So much in each of the last hours, which alone were read."""
    series = a_series(name)
    times = np.arange(LAST - hours * HOUR, LAST, HOUR, dtype=np.int64)
    values = np.full(hours, bytes_an_hour)
    samples.write(
        series.pk, HOUR, Samples(times, np.ones(hours), values, values, values), LAST
    )
    samples.note_covered([series.pk], HOUR, Interval(LAST - hours * HOUR, LAST), LAST)


def daily(group: LogGroup) -> float | None:
    note_daily_bytes([group], NOW)
    group.refresh_from_db()
    return group.daily_bytes


def test_a_day_is_made_of_the_time_that_was_read() -> None:
    group = a_group()
    came_in("/shop", 12, 100.0)

    assert daily(group) == pytest.approx(2_400)


def test_without_the_metric_nothing_is_known() -> None:
    assert daily(a_group()) is None


def test_of_a_metric_that_was_not_read_nothing_is_known() -> None:
    group = a_group()
    a_series("/shop")

    assert daily(group) is None


def test_a_group_that_was_silent_has_none_coming_in() -> None:
    group = a_group()
    samples.note_covered(
        [a_series("/shop").pk], HOUR, Interval(LAST - 5 * HOUR, LAST), LAST
    )

    assert daily(group) == 0


def test_those_with_a_metric_and_without_an_answer_are_looked_for() -> None:
    a_group("/without"), a_group("/known", daily_bytes=1)
    wanted = a_group("/wanted")
    a_series("/known"), a_series("/wanted")

    found = unmeasured(LogGroup.objects.all(), ACCOUNT, REGION)

    assert found == [wanted]
