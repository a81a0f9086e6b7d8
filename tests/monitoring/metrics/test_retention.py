"""Old samples are rolled up, then dropped; late ones change what was rolled up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from apps.monitoring.metrics import chunks, retention, samples, storing
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.lines import Line, Wanted
from apps.monitoring.models import MetricChunk
from tests.monitoring.metrics.things import MONDAY, counted, some
from workers import tasks

pytestmark = pytest.mark.django_db
HOUR, DAY = 3_600, 86_400
LATER = MONDAY + 2 * DAY


def drawn(since: int, until: int, period: int, statistic: str = "Sum") -> Line:
    wanted = Wanted(1, statistic)
    return samples.read([wanted], since, until, period, LATER)[wanted]


def tier(period: int) -> Samples:
    """What is stored of series 1 at a period."""
    rows = MetricChunk.objects.filter(series_id=1, period_seconds=period)
    (row,) = rows
    return Samples.made_of(*chunks.unpack(bytes(row.packed)))


def applied(now: int) -> retention.Kept:
    return retention.apply(datetime.fromtimestamp(now, UTC))


def rolled_up_for_good() -> None:
    """A year later every tier knows of those below."""
    for _ in range(4):
        retention.roll_up_due(MONDAY + 400 * DAY)


def test_minutes_are_rolled_up_tier_by_tier() -> None:
    rows = [
        (MONDAY + 60 * place, 2, place, -place, place) for place in range(2 * 24 * 60)
    ]
    samples.write(1, 60, some(*rows), LATER)

    rolled_up_for_good()

    days = tier(DAY)
    assert days.times.tolist() == [MONDAY, MONDAY + DAY]
    assert days.count.tolist() == [2_880, 2_880]
    assert days.sum.tolist() == [1_439 * 720, (1_440 + 2_879) * 720]
    assert days.minimum.tolist() == [-1_439, -2_879]
    assert days.maximum.tolist() == [1_439, 2_879]


def test_a_chunk_waits_until_it_is_over() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 10), MONDAY + 700)

    assert applied(MONDAY + 6 * HOUR).rolled_up == 0
    assert applied(MONDAY + 6 * HOUR + 900).rolled_up == 1
    assert applied(MONDAY + 6 * HOUR + 960).rolled_up == 0


def test_a_late_value_changes_every_tier_above() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 60), LATER)
    rolled_up_for_good()

    samples.write(1, 60, counted(MONDAY + 120, 60, [41]), LATER)
    rolled_up_for_good()

    assert tier(300).sum.tolist() == [45] + [5] * 11
    assert tier(HOUR).sum.tolist() == tier(DAY).sum.tolist() == [100]


def test_a_changed_value_of_as_many_measurements_changes_them_too() -> None:
    samples.write(1, 60, some((MONDAY, 1, 3, 3, 3)), LATER)
    rolled_up_for_good()

    samples.write(1, 60, some((MONDAY, 1, 2, 2, 2)), LATER)
    rolled_up_for_good()

    assert tier(DAY).sum.tolist() == tier(DAY).maximum.tolist() == [2]


def test_a_part_read_by_minutes_does_not_replace_the_whole() -> None:
    samples.write(1, 300, counted(MONDAY, 300, [50, 50]), LATER)
    samples.write(1, 60, counted(MONDAY + 60, 60, [10]), LATER)

    rolled_up_for_good()

    assert tier(300).sum.tolist() == [50, 50]


def test_what_is_not_rolled_up_yet_is_read_nevertheless() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 60), LATER)
    rolled_up_for_good()
    samples.write(1, 60, counted(MONDAY, 60, [2] * 90), LATER)

    line = drawn(MONDAY, MONDAY + DAY, HOUR)

    assert line.values.tolist() == [120, 60]


def test_minutes_are_dropped_after_fifteen_days_and_hours_stay() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 60), LATER)
    minutes = MetricChunk.objects.filter(period_seconds=60)

    applied(MONDAY + 15 * DAY + 6 * HOUR - 1)
    assert minutes.exists()
    applied(MONDAY + 15 * DAY + 6 * HOUR)
    assert not minutes.exists()

    line = drawn(MONDAY, MONDAY + DAY, 60)
    assert (line.period_seconds, line.values.tolist()) == (300, [5] * 12)


def test_how_long_samples_are_kept_is_a_setting(settings: Any) -> None:
    settings.METRIC_DAYS = {**settings.METRIC_DAYS, 60: 30}
    samples.write(1, 60, counted(MONDAY, 60, [1]), LATER)

    assert applied(MONDAY + 16 * DAY).dropped == 0
    assert applied(MONDAY + 31 * DAY).dropped == 1


@pytest.mark.parametrize(
    ("period", "days"), [(1, 15), (60, 15), (300, 63), (900, 63), (3_600, 455)]
)
def test_other_periods_are_kept_as_the_tier_below(period: int, days: int) -> None:
    assert retention.keep_days(period) == days


def test_percentiles_are_dropped_without_being_rolled_up() -> None:
    times, values = np.array([MONDAY]), np.array([1.5])
    samples.write_statistic(1, "p99", 60, times, values, LATER)

    assert applied(MONDAY + 20 * DAY) == retention.Kept(rolled_up=0, dropped=1)
    assert not MetricChunk.objects.exists()


def test_a_value_that_comes_while_rolling_up_is_rolled_up_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1]), LATER)
    store = storing.store

    def late(*given: Any) -> samples.Written:
        monkeypatch.setattr(storing, "store", store)
        written = store(*given)
        samples.write(1, 60, counted(MONDAY, 60, [7]), LATER)
        return written

    monkeypatch.setattr(storing, "store", late)
    rolled_up_for_good()

    assert tier(300).sum.tolist() == [7]


def test_a_late_value_in_dropped_time_leaves_what_is_known_above() -> None:
    samples.write(1, 60, counted(MONDAY, 60, [1] * 60), LATER)
    applied(MONDAY + 20 * DAY)

    samples.write(1, 60, counted(MONDAY, 60, [1]), LATER)
    applied(MONDAY + 20 * DAY)

    assert drawn(MONDAY, MONDAY + DAY, 300).values.tolist() == [5] * 12


def test_the_worker_does_it() -> None:
    samples.write(1, 60, counted(MONDAY - 3_000 * DAY, 60, [1]), LATER)

    tasks.keep_samples()

    assert not MetricChunk.objects.filter(period_seconds=60).exists()
