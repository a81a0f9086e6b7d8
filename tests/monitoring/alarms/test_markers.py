"""Alarms as markers of charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.utils import timezone

from apps.discovery.accounts import Viewer
from apps.monitoring.alarms.markers import markers
from apps.monitoring.metrics.keys import MetricKey
from apps.search.timerange import TimeRange, milliseconds
from tests.factories import ACCOUNT
from tests.monitoring.alarms.test_pages import a_change, an_alarm

pytestmark = pytest.mark.django_db
LATENCY = MetricKey(ACCOUNT, "eu-west-1", "Shop", "Latency", (("Service", "cart"),))
ON_CART = {
    "Namespace": "Shop",
    "MetricName": "Latency",
    "Dimensions": [{"Name": "Service", "Value": "cart"}],
}


def viewer(*accounts: str) -> Viewer:
    seen = frozenset(accounts) or None
    return cast("Viewer", SimpleNamespace(visible_accounts=lambda: seen))


def last_hour(now: datetime) -> TimeRange:
    return TimeRange(now - timedelta(hours=1), now)


@pytest.mark.parametrize(
    "watches",
    [
        ON_CART,
        {"Metrics": [{"Id": "m", "MetricStat": {"Metric": ON_CART, "Period": 60}}]},
    ],
)
def test_a_change_of_an_alarm_marks_the_chart_of_its_metric(
    watches: dict[str, Any],
) -> None:
    now = timezone.now()
    alarm = an_alarm("cart-slow", settings=watches)
    a_change(alarm, now - timedelta(minutes=5))

    found = markers([LATENCY], last_hour(now), viewer())

    assert [(one.kind, one.title) for one in found] == [("alarm", "cart-slow: ALARM")]
    assert found[0].time_ms == milliseconds(now - timedelta(minutes=5))
    assert found[0].url == f"/alarms/{alarm.pk}/"


def test_alarms_of_other_dimensions_and_times_do_not_mark() -> None:
    now = timezone.now()
    a_change(an_alarm("all", settings={**ON_CART, "Dimensions": []}), now)
    a_change(an_alarm("old", settings=ON_CART), now - timedelta(hours=2))

    assert markers([LATENCY], last_hour(now), viewer()) == []


def test_alarms_of_accounts_one_does_not_see_do_not_mark() -> None:
    now = timezone.now()
    a_change(an_alarm("slow", settings=ON_CART), now - timedelta(minutes=5))

    assert not markers([LATENCY], last_hour(now), viewer("999999999999"))
