"""Home tells what is wrong and how much there is, of what one may see, and what to do
next where there is nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.metrics.claims import note_scopes
from apps.monitoring.metrics.discovery import begin_reading, note_listed
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.spending import Purse
from apps.monitoring.models import CloudWatchAlarm, MetricPlan, MetricScope
from apps.search import store
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT
from tests.monitoring.alarms.test_pages import an_alarm
from tests.monitoring.logs.explored import a_line, keep

pytestmark = pytest.mark.django_db


def home(client: Client) -> str:
    return client.get("/").content.decode()


def collect_one() -> MetricPlan:
    """An account with one series, and a call for 2,000 metrics paid."""
    Account.objects.create(number=ACCOUNT, home_region="eu-west-1", is_connected=True)
    note_scopes()
    scope, now = MetricScope.objects.get(), timezone.now()
    note_listed([MetricKey(ACCOUNT, "eu-west-1", "Shop", "Latency")], now)
    begin_reading(scope, now)
    plan = MetricPlan.objects.get()
    Purse.of(scope, plan, now).pay(2_000, {})
    return plan


def lines_now(engine: DocumentEngine, *levels: str, account: str = ACCOUNT) -> None:
    """A line of each level, stored half an hour ago."""
    after = (timezone.now() - timedelta(minutes=30) - NOON).total_seconds()
    keep(engine, *(a_line(at=after, level=one, account=account) for one in levels))


def test_home_counts_series_and_dollars_of_today(viewer_client: Client) -> None:
    collect_one()

    shown = home(viewer_client)

    assert '<p class="big">1 <span>series collected' in shown
    # 1,000 metrics are a cent: CloudWatch's pricing page.
    assert "$0.02 of $1.00 today" in shown


def test_home_counts_lines_of_the_last_hour_and_errors_among_them(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    lines_now(engine, "INFO", "ERROR", "FATAL")

    shown = home(viewer_client)

    assert '<p class="big">3 <span>lines, last hour' in shown
    assert "2 of level ERROR or FATAL" in shown


def test_home_names_what_is_in_alarm_first(viewer_client: Client) -> None:
    an_alarm("loud", "ALARM")
    an_alarm("calm")

    shown = home(viewer_client)

    assert '<p class="big bad">1 <span>in alarm' in shown
    assert ">loud</a>" in shown
    assert ">calm</a>" not in shown


def test_home_counts_nothing_of_accounts_one_may_not_see(
    engine: DocumentEngine,
) -> None:
    collect_one()
    an_alarm("loud", "ALARM")
    lines_now(engine, "ERROR")

    shown = home(signed_in("vera", Role.VIEWER, OTHER_ACCOUNT))

    assert "series collected" not in shown
    assert ">loud</a>" not in shown
    assert "lines, last hour" not in shown


def test_home_of_a_fresh_installation_says_where_to_begin(
    viewer_client: Client,
) -> None:
    shown = home(viewer_client)

    assert "Connect an AWS account" in shown
    assert "import logs" in shown


def test_home_tells_of_an_account_whose_metrics_are_not_read(
    viewer_client: Client,
) -> None:
    collect_one()
    MetricPlan.objects.update(is_paused=True)

    assert f"Metrics of {ACCOUNT}: paused" in home(viewer_client)


def test_home_stands_while_the_index_does_not_answer(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise EngineUnavailable("no answer")

    monkeypatch.setattr(store, "reader", silent)

    assert "cannot be counted now: no answer" in home(viewer_client)


def test_the_navigation_counts_alarms_and_marks_one_page(
    viewer_client: Client,
) -> None:
    an_alarm("loud", "ALARM")
    an_alarm("gone", "ALARM", gone_at=timezone.now())

    shown = viewer_client.get("/metrics/collection/").content.decode()
    side = shown.partition("</nav>")[0]

    assert 'title="in alarm">1<' in side
    assert side.count("aria-current") == 1
    assert CloudWatchAlarm.objects.count() == 2


def test_going_between_pages_keeps_the_time(viewer_client: Client) -> None:
    side = viewer_client.get("/metrics/?since=now-2h").content.decode()

    for path in ("/metrics/", "/explore/logs/", "/logs/query/"):
        assert f'href="{path}?since=now-2h"' in side


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/logs/patterns/", "Logs"),
        ("/logs/query/", "Log queries"),
        ("/logs/groups/", "Log groups"),
        ("/metrics/collection/", "Metric collection"),
    ],
)
def test_the_entry_of_a_page_is_marked(
    viewer_client: Client, path: str, label: str
) -> None:
    side = viewer_client.get(path).content.decode().partition("</nav>")[0]

    [marked] = re.findall(r'aria-current="page">.*?<span>([^<]*)</span>', side)
    assert marked == label
