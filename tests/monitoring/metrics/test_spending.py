"""Nothing is asked that is not paid for, and no budget is overdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.monitoring.metrics.spending import (
    BudgetUsedUp,
    Purse,
    limit_of,
    midnight_after,
)
from apps.monitoring.models import MetricDay, MetricPlan, MetricScope, MetricSpend
from tests.factories import NOON

SHARES = {("Shop", "user:ann"): 60.0, ("Shop", "background"): 40.0}


@pytest.fixture
def purse(scope: MetricScope) -> Purse:
    """250 billed metrics a day."""
    plan = MetricPlan.objects.get()
    plan.budget_dollars = 0.0025
    return Purse.of(scope, plan, NOON)


def test_a_budget_is_that_of_the_settings_or_one_of_its_own(
    scope: MetricScope, settings: Any
) -> None:
    settings.METRIC_BUDGET_DOLLARS = 2.0
    plan = MetricPlan.objects.get()
    assert limit_of(plan) == 200_000

    plan.budget_dollars = 0.5
    assert limit_of(plan) == 50_000


def test_calls_are_counted_by_day_and_by_who_wanted_them(purse: Purse) -> None:
    purse.pay(100, SHARES)
    purse.pay(100, SHARES)

    day = MetricDay.objects.get()
    assert (day.billed, day.calls, day.day) == (200, 2, NOON.date())
    told = MetricSpend.objects.values_list("namespace", "by", "billed")
    assert set(told) == {("Shop", "user:ann", 120), ("Shop", "background", 80)}


def test_what_would_overdraw_the_budget_is_not_counted(purse: Purse) -> None:
    purse.pay(200, SHARES)

    with pytest.raises(BudgetUsedUp):
        purse.pay(51, SHARES)

    assert MetricDay.objects.get().billed == 200
    assert purse.left() == 50
    purse.pay(50, SHARES)


def test_the_next_day_begins_with_a_full_purse(
    purse: Purse, scope: MetricScope
) -> None:
    purse.pay(250, SHARES)
    plan = MetricPlan(budget_dollars=0.0025)

    assert midnight_after(NOON) == datetime(2026, 7, 2, tzinfo=UTC)
    Purse.of(scope, plan, NOON + timedelta(hours=12)).pay(250, SHARES)

    assert MetricDay.objects.count() == 2


def test_what_aws_turned_away_is_given_back(purse: Purse) -> None:
    purse.pay(100, SHARES)
    purse.give_back(100, SHARES)

    assert MetricDay.objects.get().billed == 0
    assert not MetricSpend.objects.filter(billed__gt=0).exists()
