"""A worker reads an account's dashboards once somebody asked for them."""

import json
from datetime import timedelta
from typing import Any

import pytest

from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.dashboards import account_reads
from apps.monitoring.dashboards.exchange import read_text
from apps.monitoring.models import DashboardRead
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.factories import NOON, a_user

pytestmark = pytest.mark.django_db
BODY = {
    "widgets": [
        {
            "type": "metric",
            "width": 12,
            "height": 6,
            "properties": {
                "region": HOME_REGION,
                "metrics": [["AWS/SQS", "NumberOfMessagesSent", "QueueName", "orders"]],
            },
        }
    ]
}


def asked() -> DashboardRead:
    account, _ = Account.objects.get_or_create(number=SHOP, home_region=HOME_REGION)
    return account_reads.ask(account, a_user("ann", Role.OPERATOR), NOON)


def read(now: Any = NOON) -> DashboardRead:
    account_reads.read_requested(lambda: now)
    return DashboardRead.objects.get()


def test_every_dashboard_of_the_account_is_read_as_it_is(connected: Any) -> None:
    for name in ("shop", "queues"):
        connected.put_dashboard(DashboardName=name, DashboardBody=json.dumps(BODY))
    asked()

    done = read()

    assert (done.state, done.finished_at, done.problem) == ("done", NOON, "")
    found = {one.name: json.loads(one.body) for one in done.dashboards.all()}
    assert found == {"shop": BODY, "queues": BODY}


def test_what_was_read_can_be_imported(connected: Any) -> None:
    connected.put_dashboard(DashboardName="shop", DashboardBody=json.dumps(BODY))
    asked()

    one = read().dashboards.get()

    spec = read_text(one.body, one.name, SHOP).spec
    assert (spec.title, len(spec.panels)) == ("shop", 1)


def test_an_account_that_does_not_let_us_in_is_told(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    forget_sessions()
    asked()

    failed = read()

    assert failed.state == "failed"
    assert "cloudwatch.list_dashboards" in failed.problem


def test_who_asks_twice_gets_the_one_on_its_way() -> None:
    first = asked()

    assert account_reads.ask(first.account, a_user("bob"), NOON) == first


def test_what_somebody_else_reads_is_left_alone_until_they_are_gone(
    connected: Any,
) -> None:
    first = asked()
    DashboardRead.objects.update(claimed_until=NOON + timedelta(minutes=1))

    assert read().state == "requested"
    assert read(NOON + timedelta(minutes=2)).state == "done"
    assert first.pk == DashboardRead.objects.get().pk


def test_old_answers_are_forgotten(connected: Any) -> None:
    first = asked()
    read()
    later = NOON + timedelta(days=8)
    account_reads.ask(first.account, a_user("bob"), later)

    account_reads.read_requested(lambda: later)

    assert [one.requested_at for one in DashboardRead.objects.all()] == [later]


def test_accounts_one_may_not_see_stay_hidden() -> None:
    asked()

    assert not account_reads.visible_to(a_user("vera", Role.VIEWER, "999900001111"))
    assert account_reads.visible_to(a_user("root", Role.ADMIN)).count() == 1
