"""Metrics are found, and never lost again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.discovery.models import Account
from apps.monitoring.metrics.claims import LISTING, note_scopes
from apps.monitoring.metrics.discovery import discover
from apps.monitoring.models import (
    MetricScope,
    MetricSeries,
    SeriesReading,
)
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.monitoring.metrics.test_cloudwatch import Publish, data

pytestmark = [pytest.mark.usefixtures("shop_aws"), pytest.mark.django_db]
Now = Callable[[], datetime]


def listed(scope: MetricScope, now: Now) -> MetricScope:
    """The scope after a listing, whatever became of it."""
    scope.refresh_from_db()
    MetricScope.objects.update(listing_ran_at=None)
    assert LISTING.claim(scope.pk, now())
    discover(scope.pk, now)
    scope.refresh_from_db()
    return scope


def test_every_namespace_is_found(
    scope: MetricScope, publish: Publish, now: Now
) -> None:
    publish("Shop", *data(1))
    publish("Custom/Deep", *data(1, "Depth"))

    after = listed(scope, now)

    assert (after.listing_problem, after.listed_at) == ("", now())
    found = MetricSeries.objects.values_list("namespace", "name", "account", "region")
    assert set(found) == {
        ("Shop", "Latency", SHOP, HOME_REGION),
        ("Custom/Deep", "Depth", SHOP, HOME_REGION),
    }


def test_a_metric_that_is_no_longer_listed_stays(
    scope: MetricScope, publish: Publish, now: Now, clock: SetClock
) -> None:
    publish("Shop", *data(1))
    listed(scope, now)
    found = MetricSeries.objects.get()
    clock.advance(15 * 86_400)

    listed(scope, now)

    assert MetricSeries.objects.get().listed_at == found.listed_at


def test_being_listed_again_moves_only_the_time_of_it(
    scope: MetricScope, publish: Publish, now: Now, clock: SetClock
) -> None:
    publish("Shop", *data(1))
    listed(scope, now)
    first = MetricSeries.objects.get()
    clock.advance(900)

    listed(scope, now)

    again = MetricSeries.objects.get()
    assert (again.pk, again.found_at) == (first.pk, first.found_at)
    assert again.listed_at == first.listed_at + timedelta(seconds=900)


def test_a_listing_that_fails_half_way_changes_nothing(
    scope: MetricScope, publish: Publish, now: Now, cloud: Cloud
) -> None:
    publish("Shop", *({**data(1)[0], "MetricName": f"M{n}"} for n in range(600)))
    cloud.faults.add(Fault(FaultKind.DENIED, "cloudwatch.ListMetrics", after=1))

    after = listed(scope, now)

    assert "cloudwatch.list_metrics" in after.listing_problem
    assert after.listing_problem_since == now()
    assert after.listed_at is None
    assert not MetricSeries.objects.exists()


def test_a_later_success_ends_the_problem(
    scope: MetricScope, publish: Publish, now: Now, cloud: Cloud
) -> None:
    cloud.faults.add(Fault(FaultKind.DENIED, "cloudwatch.ListMetrics", count=1))
    assert listed(scope, now).listing_problem

    after = listed(scope, now)

    assert (after.listing_problem, after.listing_problem_since) == ("", None)


def test_a_new_series_is_read_from_a_day_ago_on(
    scope: MetricScope, publish: Publish, now: Now
) -> None:
    publish("Shop", *data(1))

    listed(scope, now)

    reading = SeriesReading.objects.get()
    assert 0 <= now().timestamp() - 86_400 - reading.read_until < 60
    assert reading.scope == scope


def test_few_statements_for_many_metrics(
    scope: MetricScope,
    publish: Publish,
    now: Now,
    django_assert_max_num_queries: Any,
) -> None:
    publish("Shop", *({**data(1)[0], "MetricName": f"M{n}"} for n in range(1_000)))

    with django_assert_max_num_queries(40):
        listed(scope, now)

    assert MetricSeries.objects.count() == SeriesReading.objects.count() == 1_000


def test_one_worker_lists_at_a_time(scope: MetricScope, now: Now) -> None:
    assert LISTING.due(now()) == [scope.pk]
    assert LISTING.claim(scope.pk, now())
    assert not LISTING.claim(scope.pk, now())
    assert LISTING.due(now()) == []


def test_a_worker_that_died_is_followed(
    scope: MetricScope, now: Now, clock: SetClock
) -> None:
    LISTING.claim(scope.pk, now())
    clock.advance(15 * 60)

    assert LISTING.claim(scope.pk, now())


def test_each_region_of_an_account_is_a_scope(scope: MetricScope) -> None:
    Account.objects.update(regions=["us-east-1"])

    note_scopes()

    assert MetricScope.objects.filter(is_enabled=True).count() == 2


def test_a_region_left_out_keeps_its_row_and_is_not_worked_on(
    scope: MetricScope, now: Now
) -> None:
    Account.objects.update(home_region="us-east-1")

    note_scopes()

    scope.refresh_from_db()
    assert not scope.is_enabled
    assert scope.pk not in LISTING.due(now())


def test_an_account_that_is_not_connected_is_not_worked_on(
    scope: MetricScope, now: Now
) -> None:
    Account.objects.update(is_connected=False)

    note_scopes()

    assert LISTING.due(now()) == []
