"""The page Collection and its REST twin: how far, for how much, and what to change."""

from __future__ import annotations

import json
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
from apps.monitoring.models import (
    MetricOutage,
    MetricPlan,
    MetricScope,
    SeriesReading,
)
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT

pytestmark = pytest.mark.django_db
PAGE = "/metrics/collection/"
API = f"/api/v1/metrics/collection/{ACCOUNT}"


@pytest.fixture
def plan() -> MetricPlan:
    """An account with one series that was read, and paid for."""
    Account.objects.create(number=ACCOUNT, home_region="eu-west-1", is_connected=True)
    note_scopes()
    scope, now = MetricScope.objects.get(), timezone.now()
    note_listed([MetricKey(ACCOUNT, "eu-west-1", "Shop", "Latency")], now)
    begin_reading(scope, now)
    MetricScope.objects.update(listed_at=now, read_at=now)
    plan = MetricPlan.objects.get()
    shares = {("Shop", "user:ann"): 3_000.0, ("AWS/SQS", "background"): 1_000.0}
    Purse.of(scope, plan, now).pay(4_000, shares)
    return plan


def shown(client: Client) -> str:
    return client.get(PAGE).content.decode()


def test_spending_is_told_by_account_namespace_and_person(
    plan: MetricPlan, viewer_client: Client
) -> None:
    page = shown(viewer_client)

    assert "$0.040 of $1.00" in page
    assert page.index("<td>Shop</td>") < page.index("<td>AWS/SQS</td>")
    assert "<td>ann</td>" in page
    assert "$0.0300" in page


def test_without_accounts_it_says_what_to_do(admin_client: Client) -> None:
    assert "Connect an account" in shown(admin_client)


def test_problems_and_outages_are_told(plan: MetricPlan, viewer_client: Client) -> None:
    now = timezone.now()
    MetricScope.objects.update(
        reading_problem="AWS said no.", reading_problem_since=now
    )
    SeriesReading.objects.update(problem="PartialData: again")
    MetricOutage.objects.create(
        scope=MetricScope.objects.get(),
        since=now - timedelta(minutes=20),
        until=now,
        problem="The network was gone.",
    )

    page = shown(viewer_client)

    assert ">failing<" in page
    assert "AWS said no." in page
    assert "1 series: PartialData: again" in page
    assert "The network was gone." in page


def test_a_used_up_budget_says_when_it_goes_on(
    plan: MetricPlan, viewer_client: Client
) -> None:
    MetricPlan.objects.update(budget_dollars=0.04)

    page = shown(viewer_client)

    assert "budget of $0.04 is used up: nothing is read until" in page


def test_who_may_not_see_the_account_sees_nothing_of_it(plan: MetricPlan) -> None:
    client = signed_in("elsewhere", Role.ADMIN, OTHER_ACCOUNT)

    assert ACCOUNT not in shown(client)
    assert client.get(API).status_code == 404
    assert json.loads(client.get(API.rsplit("/", 1)[0]).content)["items"] == []


def test_an_operator_pauses_and_goes_on(plan: MetricPlan) -> None:
    client = signed_in("olga", Role.OPERATOR)

    client.post(f"{PAGE}{ACCOUNT}/switch")
    assert ">paused<" in shown(client)
    client.post(f"{PAGE}{ACCOUNT}/switch")
    assert ">works<" in shown(client)


def test_an_operator_has_metrics_listed_now(plan: MetricPlan) -> None:
    MetricScope.objects.update(listing_ran_at=timezone.now())

    signed_in("olga", Role.OPERATOR).post(f"{PAGE}{ACCOUNT}/list")

    assert MetricScope.objects.get().listing_ran_at is None


def test_an_admin_sets_budget_and_namespaces(
    plan: MetricPlan, admin_client: Client
) -> None:
    form = {
        "budget_dollars": "2.5",
        "period_seconds": "300",
        "excluded_text": "AWS/Usage\n\n AWS/Usage \nCWAgent",
    }

    admin_client.post(f"{PAGE}{ACCOUNT}/", form)

    plan.refresh_from_db()
    assert (plan.budget_dollars, plan.period_seconds) == (2.5, 300)
    names = plan.exclusions.values_list("namespace", flat=True)
    assert list(names) == ["AWS/Usage", "CWAgent"]


def test_a_budget_below_zero_is_refused(plan: MetricPlan, admin_client: Client) -> None:
    form = {"budget_dollars": "-1", "period_seconds": "60", "excluded_text": ""}

    answer = admin_client.post(f"{PAGE}{ACCOUNT}/", form)

    assert "greater than or equal to 0" in answer.content.decode()


def test_rest_tells_the_same(plan: MetricPlan, viewer_client: Client) -> None:
    item = json.loads(viewer_client.get(API).content)

    assert item["today"]["billed_metrics"] == 4_000
    assert item["today"]["dollars"] == pytest.approx(0.04)
    assert item["today"]["by_who"][0]["name"] == "ann"
    (region,) = item["regions"]
    assert (region["region"], region["series"]) == ("eu-west-1", 1)


def patch(client: Client, **body: Any) -> tuple[int, Any]:
    answer = client.patch(API, json.dumps(body), content_type="application/json")
    return answer.status_code, json.loads(answer.content)


def test_rest_changes_what_it_is_told_and_leaves_the_rest(
    plan: MetricPlan, admin_client: Client
) -> None:
    patch(admin_client, excluded=["AWS/Usage"], budget_dollars=3)

    status, item = patch(admin_client, paused=True)

    assert status == 200
    assert (item["paused"], item["excluded"]) == (True, ["AWS/Usage"])
    assert item["today"]["budget_dollars"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"budget_dollars": -1}, "budget_dollars"),
        ({"budget_dollars": "much"}, "budget_dollars"),
        ({"period_seconds": 7}, "period_seconds"),
        ({"paused": "yes"}, "paused"),
        ({"excluded": "AWS/Usage"}, "excluded"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_rest_names_the_field_that_is_wrong(
    plan: MetricPlan, admin_client: Client, body: dict[str, Any], field: str
) -> None:
    status, answer = patch(admin_client, **body)

    assert status == 400
    assert answer["error"]["field"] == field


def test_rest_changes_nothing_for_a_viewer(
    plan: MetricPlan, viewer_client: Client
) -> None:
    assert patch(viewer_client, paused=True)[0] == 403
    plan.refresh_from_db()
    assert not plan.is_paused
