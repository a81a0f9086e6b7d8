"""What `doctor` says of metrics: what AWS allows, what was read, what may be spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.utils import timezone

from apps.monitoring.metrics.diagnosis import metrics
from apps.monitoring.metrics.spending import day_of
from apps.monitoring.models import MetricDay, MetricPlan, MetricScope
from apps.search.diagnosis import Finding
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import NOTHING, act_as

PLACE = f"metrics.{SHOP}.{HOME_REGION}"


def said() -> dict[str, Finding]:
    return {one.subject: one for one in metrics()}


def test_what_works_is_said_in_words(shop_aws: str, scope: MetricScope) -> None:
    found = said()

    assert {one.problem for one in found.values()} == {None}
    assert found[f"{PLACE}.listing"].what == "AWS allows what it needs"
    assert found[f"{PLACE}.reading"].what == "not yet begun"
    assert "less than today's 1.00 dollars" in found[f"metrics.{SHOP}.budget"].what


def test_a_role_that_may_not_list_is_told_with_what_it_needs(
    shop_aws: str,
    scope: MetricScope,
    user: Callable[..., Mapping[str, str]],
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    act_as(user("nobody", NOTHING), url, monkeypatch)

    listing = said()[f"{PLACE}.listing"]

    assert "AccessDenied" in str(listing.problem)
    assert "cloudwatch:ListMetrics" in listing.cure


def test_what_stopped_reading_is_told_though_it_is_not_tried(
    shop_aws: str, scope: MetricScope
) -> None:
    MetricScope.objects.update(reading_problem="CloudWatch did not answer.")

    assert said()[f"{PLACE}.reading"].problem == "CloudWatch did not answer."


def test_a_budget_that_is_used_up_is_a_problem(
    shop_aws: str, scope: MetricScope
) -> None:
    today = day_of(timezone.now())
    MetricDay.objects.create(account_id=SHOP, day=today, billed=100_000)

    assert "nothing more is read" in str(said()[f"metrics.{SHOP}.budget"].problem)


def test_an_account_that_is_paused_is_left_alone(scope: MetricScope) -> None:
    MetricPlan.objects.update(is_paused=True)

    assert said() == {}
