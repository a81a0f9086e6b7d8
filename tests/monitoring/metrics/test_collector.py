"""What is due is read, once, exactly, and within the budget."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.claims import READING
from apps.monitoring.metrics.interest import note_looked, want_statistic
from apps.monitoring.metrics.lines import Wanted
from apps.monitoring.metrics.windows import DAY
from apps.monitoring.models import (
    MetricDay,
    MetricExclusion,
    MetricPlan,
    MetricScope,
    MetricSpend,
    SeriesReading,
)
from sandbox.assembly import Sandbox
from sandbox.cloudwatch.store import MetricKey as SandboxKey
from sandbox.kernel.faults import Fault, FaultKind
from tests.monitoring.metrics.estate import PLACE, Estate

pytestmark = [pytest.mark.usefixtures("shop_aws"), pytest.mark.django_db]
HOUR = 3_600


@pytest.fixture
def estate(sandbox: Sandbox, scope: MetricScope, settings: Any) -> Estate:
    """Three metrics with an hour of history."""
    settings.METRIC_FIRST_HOURS = 1
    made = Estate(sandbox, scope)
    end = made.clock.now()
    made.happens(range(3), end - HOUR, end)
    return made


def test_an_hour_is_read_exactly(estate: Estate) -> None:
    ids = estate.found(3)

    assert estate.poll() == ""

    until = SeriesReading.objects.get(pk=ids[0]).read_until
    for number, series_id in enumerate(ids):
        truth = estate.truth(number, until - HOUR, until)
        kept = estate.stored(series_id)
        assert kept.keys() == truth.keys()
        for minute, row in truth.items():
            assert kept[minute] == pytest.approx(row, rel=1e-12)


def test_four_statistics_of_each_are_one_call_and_one_billed_metric_each(
    estate: Estate,
) -> None:
    estate.found(3)

    estate.poll()

    assert [len(call) for call in estate.ledger.calls] == [12]
    day = MetricDay.objects.get()
    assert (day.billed, day.calls) == (3, 1) == (estate.ledger.billed, 1)


def test_nothing_is_asked_again_before_it_is_due(estate: Estate) -> None:
    estate.found(3)
    estate.poll()
    estate.clock.advance(20)

    estate.poll()

    assert len(estate.ledger.calls) == 1


def test_what_somebody_looks_at_is_asked_each_minute(estate: Estate) -> None:
    ids = estate.found(3)
    estate.poll()
    note_looked(ids[:1], estate.now(), "user:ann")
    for _ in range(4):
        estate.clock.advance(60)
        estate.poll()

    asked = [len(call) for call in estate.ledger.calls[1:]]
    assert sum(asked) - 4 * len(asked) in (0, 8)  # the others once at most
    assert len(asked) == 4
    told = dict(MetricSpend.objects.values_list("by", "billed"))
    assert told["user:ann"] == 4


def test_a_price_is_shared_by_who_wants_it(estate: Estate) -> None:
    ids = estate.found(3)
    for by in ("user:ann", "dashboard:1"):
        note_looked(ids[:1], estate.now(), by)

    estate.poll()

    told = dict(MetricSpend.objects.values_list("by", "billed"))
    assert told == {"user:ann": 0.5, "dashboard:1": 0.5, "background": 2.0}


def test_late_samples_are_found_by_reading_again(estate: Estate) -> None:
    ids = estate.found(1)
    estate.poll()
    minute = SeriesReading.objects.get().read_until - 120
    key = SandboxKey.of("Shop", "Metric0")
    estate.store.record(PLACE, key, np.array([minute]), np.array([5_000.0]))
    estate.clock.advance(300)

    estate.poll()

    assert estate.stored(ids[0])[minute][3] == 5_000.0


def test_a_percentile_is_read_for_nothing_beside_its_series(estate: Estate) -> None:
    ids = estate.found(3)
    want_statistic(ids[0], "p90", 300, estate.now())

    estate.poll()

    assert estate.ledger.billed == MetricDay.objects.get().billed == 3
    now, wanted = int(estate.clock.now()), Wanted(ids[0], "p90")
    line = samples.read([wanted], now - DAY, now, 300, now)[wanted]
    assert len(line.times) in (11, 12)
    assert line.times[-1] + 300 <= SeriesReading.objects.get(pk=ids[0]).read_until


def test_a_percentile_by_the_hour_has_calls_of_its_own(estate: Estate) -> None:
    ids = estate.found(1)
    want_statistic(ids[0], "p90", HOUR, estate.now())

    estate.poll()
    estate.clock.advance(600)
    estate.poll()

    hourly = [
        call for call in estate.ledger.calls if call[0]["MetricStat"]["Period"] == HOUR
    ]
    assert len(hourly) == 1


def test_coverage_is_noted_for_what_was_read(estate: Estate) -> None:
    ids = estate.found(3)

    estate.poll()

    for series_id in ids:
        (window,) = estate.covered(series_id)
        assert window.until == SeriesReading.objects.get(pk=series_id).read_until
        assert window.until - window.since >= HOUR - 60


def test_the_budget_stops_reading_until_midnight(estate: Estate) -> None:
    estate.found(3)
    MetricPlan.objects.update(budget_dollars=0.00005)  # 5 billed metrics
    estate.poll()
    estate.clock.advance(3_600)

    problem = estate.poll()

    assert problem == (
        "The budget of $0.00 a day is used up. Reading goes on at 2026-09-22 00:00 UTC."
    )
    assert len(estate.ledger.calls) == 1
    estate.clock.advance(10 * HOUR)
    assert estate.poll() == ""


def test_unwatched_series_are_slowed_down_to_keep_to_the_budget(
    estate: Estate,
) -> None:
    estate.found(3)
    MetricPlan.objects.update(budget_dollars=0.002)  # 200 of about 350 until midnight

    estate.poll()

    assert MetricScope.objects.get().stretch == 2


def test_a_call_that_aws_turned_away_costs_nothing(
    estate: Estate, sandbox: Sandbox
) -> None:
    estate.found(3)
    sandbox.cloud.faults.add(Fault(FaultKind.DENIED, "cloudwatch.GetMetricData"))

    assert "AccessDenied" in estate.poll()

    assert MetricDay.objects.get().billed == 0


def test_excluded_namespaces_are_not_read(estate: Estate) -> None:
    estate.found(3)
    MetricExclusion.objects.create(plan=MetricPlan.objects.get(), namespace="Shop")

    estate.poll()

    assert estate.ledger.calls == []


def test_a_paused_account_is_not_read(estate: Estate) -> None:
    MetricPlan.objects.update(is_paused=True)

    assert READING.due(estate.now()) == []


def test_five_minutes_may_be_the_period_of_an_account(estate: Estate) -> None:
    MetricPlan.objects.update(period_seconds=300)
    ids = estate.found(1)

    estate.poll()
    estate.clock.advance(60)
    estate.poll()

    assert {query["MetricStat"]["Period"] for query in estate.ledger.calls[0]} == {300}
    assert len(estate.ledger.calls) == 1
    assert len(estate.stored(ids[0], 300)) in (12, 13)


def test_months_that_were_missed_are_read_at_the_periods_that_are_kept(
    estate: Estate,
) -> None:
    ids = estate.found(1)
    now = int(estate.clock.now())
    long_ago = now - 100 * 86_400
    estate.happens([0], long_ago, now - HOUR, a_minute=0.02)
    SeriesReading.objects.update(
        read_until=long_ago // HOUR * HOUR, firm_until=long_ago // HOUR * HOUR
    )

    assert estate.poll() == ""

    asked = {
        query["MetricStat"]["Period"] for call in estate.ledger.calls for query in call
    }
    assert asked == {60, 300, HOUR}
    truth = estate.truth(0, long_ago // HOUR * HOUR, now // HOUR * HOUR)
    kept = estate.stored(ids[0], HOUR)
    counted = sum(row[0] for time, row in kept.items() if time < now // HOUR * HOUR)
    assert counted == sum(row[0] for row in truth.values())


def test_a_long_silence_of_ours_is_told(estate: Estate) -> None:
    estate.found(1)
    estate.poll()
    silent_from = estate.now()
    estate.clock.advance(20 * 60)

    estate.poll()

    (outage,) = estate.scope.metricoutage_set.all()
    assert outage.since == silent_from
    assert outage.until - outage.since == timedelta(minutes=20)
    assert "Nothing was asked" in outage.problem
