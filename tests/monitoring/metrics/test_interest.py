"""How often a series is asked follows from who wants it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from apps.monitoring.metrics.discovery import begin_reading, note_listed
from apps.monitoring.metrics.interest import (
    note_looked,
    note_named,
    settle,
    want_statistic,
    wanted_by,
)
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import (
    MetricScope,
    MetricSeries,
    SeriesReading,
    WantedStatistic,
)
from tests.factories import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def series(scope: MetricScope) -> list[int]:
    """Two series, found at noon."""
    place = (scope.account_id, scope.region)
    keys = [MetricKey(*place, "Shop", name) for name in ("Latency", "Orders")]
    note_listed(keys, NOON)
    begin_reading(scope, NOON)
    return list(MetricSeries.objects.order_by("pk").values_list("pk", flat=True))


def every(series_id: int, now: datetime) -> int:
    """Seconds between two polls."""
    settle(now)
    return SeriesReading.objects.get(pk=series_id).every_seconds


def test_what_is_drawn_is_asked_every_minute_at_once(series: list[int]) -> None:
    note_looked(series[:1], NOON, "user:ann")

    first, second = map(SeriesReading.objects.in_bulk(series).get, series)
    assert first is not None
    assert second is not None
    assert first.every_seconds == 60
    assert second.every_seconds == 300


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        (14 * MINUTE, 60),
        (16 * MINUTE, 300),
        (timedelta(hours=23), 300),
        (timedelta(hours=25), 900),
        (timedelta(days=8), 3_600),
    ],
)
def test_it_is_asked_less_often_the_longer_nobody_looks(
    series: list[int], later: timedelta, seconds: int
) -> None:
    note_looked(series, NOON, "user:ann")

    assert every(series[0], NOON + later) == seconds


def test_looking_again_keeps_it_fresh(series: list[int]) -> None:
    note_looked(series, NOON, "user:ann")
    note_looked(series, NOON + 10 * MINUTE, "user:ann")

    assert every(series[0], NOON + 24 * MINUTE) == 60


def test_a_page_that_looks_every_few_seconds_writes_rarely(
    series: list[int], django_assert_num_queries: object
) -> None:
    note_looked(series, NOON, "user:ann")

    with django_assert_num_queries(1):  # type: ignore[operator]
        note_looked(series, NOON + timedelta(seconds=5), "user:ann")


def test_what_a_rule_names_is_asked_every_minute_for_ever(series: list[int]) -> None:
    note_named(series[:1], "rule:7")

    assert every(series[0], NOON + timedelta(days=30)) == 60
    assert every(series[1], NOON + timedelta(days=30)) == 3_600


def test_what_a_dashboard_names_is_asked_every_five_minutes(series: list[int]) -> None:
    note_named(series[:1], "dashboard:3")

    assert every(series[0], NOON + timedelta(days=30)) == 300


def test_a_dashboard_names_what_it_named_last(series: list[int]) -> None:
    note_named(series[:1], "dashboard:3")
    note_named(series[1:], "dashboard:3")

    assert wanted_by(series) == {series[1]: ["dashboard:3"]}


def test_everybody_who_wants_a_series_is_known(series: list[int]) -> None:
    note_named(series[:1], "dashboard:3")
    note_looked(series[:1], NOON, "dashboard:3")
    note_looked(series[:1], NOON, "user:ann")

    assert wanted_by(series) == {series[0]: ["dashboard:3", "user:ann"]}


def test_interest_that_ended_is_forgotten(series: list[int]) -> None:
    note_looked(series, NOON, "user:ann")

    settle(NOON + 16 * MINUTE)

    assert wanted_by(series) == {}


def test_settling_touches_only_what_changes(series: list[int]) -> None:
    note_looked(series[:1], NOON, "user:ann")

    assert settle(NOON) == 0
    assert settle(NOON + 16 * MINUTE) == 1


def test_a_percentile_is_asked_from_a_day_ago_on(series: list[int]) -> None:
    want_statistic(series[0], "p99", 60, NOON)
    want_statistic(series[0], "p99", 3_600, NOON)

    minute, hour = WantedStatistic.objects.order_by("period_seconds")
    assert minute.read_until == NOON.timestamp() - 86_400
    assert hour.read_until == NOON.timestamp() - 168 * 3_600


def test_a_percentile_is_wanted_once_and_for_a_week(series: list[int]) -> None:
    for days in (0, 5):
        want_statistic(series[0], "p99", 60, NOON + timedelta(days=days))

    settle(NOON + timedelta(days=11))
    assert WantedStatistic.objects.count() == 1
    settle(NOON + timedelta(days=13))
    assert WantedStatistic.objects.count() == 0
