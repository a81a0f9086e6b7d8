"""Alarms of an account as Trailmap comes to know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.monitoring.models import AlarmChange, AlarmScope, CloudWatchAlarm
from sandbox.assembly import Sandbox
from sandbox.kernel.faults import Fault, FaultKind
from tests.monitoring.alarms.conftest import Collect

pytestmark = pytest.mark.django_db(transaction=True)
PassTime = Callable[[float], None]


@pytest.fixture
def cloudwatch(client: Callable[..., Any]) -> Any:
    return client("cloudwatch")


def put(cloudwatch: Any, name: str, **settings: Any) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Latency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        **settings,
    )


def test_metric_and_composite_alarms_are_known_with_their_history(
    collect: Collect, cloudwatch: Any, pass_time: PassTime
) -> None:
    put(cloudwatch, "slow")
    cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(slow)")
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="try")

    collect()

    known = dict(CloudWatchAlarm.objects.values_list("name", "kind"))
    assert known == {"slow": "metric", "any": "composite"}
    assert CloudWatchAlarm.objects.get(name="slow").state == "ALARM"
    change = AlarmChange.objects.get(name="slow", type="StateUpdate")
    assert (change.was, change.became) == ("INSUFFICIENT_DATA", "ALARM")


def test_a_second_run_adds_what_is_new_and_nothing_twice(
    collect: Collect, cloudwatch: Any, pass_time: PassTime
) -> None:
    put(cloudwatch, "slow")
    collect()
    before = AlarmChange.objects.count()
    pass_time(61)
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="OK", StateReason="try")

    collect()

    assert CloudWatchAlarm.objects.count() == 1
    assert AlarmChange.objects.filter(became="OK").count() == 1
    assert AlarmChange.objects.exclude(became="OK").count() == before


def test_an_alarm_that_is_deleted_is_gone_and_its_row_stays(
    collect: Collect, cloudwatch: Any, pass_time: PassTime
) -> None:
    put(cloudwatch, "slow")
    collect()
    cloudwatch.delete_alarms(AlarmNames=["slow"])
    pass_time(61)

    collect()

    assert CloudWatchAlarm.objects.get(name="slow").gone_at is not None


def test_an_alarm_that_comes_back_is_no_longer_gone(
    collect: Collect, cloudwatch: Any, pass_time: PassTime
) -> None:
    put(cloudwatch, "slow")
    collect()
    cloudwatch.delete_alarms(AlarmNames=["slow"])
    pass_time(61)
    collect()
    put(cloudwatch, "slow")
    pass_time(61)

    collect()

    assert CloudWatchAlarm.objects.get(name="slow").gone_at is None


def test_a_scope_that_cannot_be_read_loses_no_alarm_and_says_why(
    collect: Collect, cloudwatch: Any, pass_time: PassTime, sandbox: Sandbox
) -> None:
    put(cloudwatch, "slow")
    collect()
    sandbox.cloud.faults.add(Fault(FaultKind.DENIED, "cloudwatch.DescribeAlarms"))
    pass_time(61)

    collect()

    assert CloudWatchAlarm.objects.get(name="slow").gone_at is None
    scope = AlarmScope.objects.get()
    assert "describe_alarms" in scope.problem
    assert scope.problem_since is not None
    assert scope.claimed_until is None


def test_empty_pages_are_not_the_end(
    collect: Collect, cloudwatch: Any, sandbox: Sandbox
) -> None:
    for number in range(3):
        put(cloudwatch, f"slow-{number}")
    sandbox.cloud.faults.add(Fault(FaultKind.EMPTY_PAGES, "cloudwatch.*"))

    collect()

    assert CloudWatchAlarm.objects.count() == 3


def test_what_was_just_read_is_not_due(collect: Collect, cloudwatch: Any) -> None:
    put(cloudwatch, "slow")
    collect()
    put(cloudwatch, "later")

    collect()

    assert not CloudWatchAlarm.objects.filter(name="later").exists()
