"""Composite alarms: alarms over alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.cloudwatch.conftest import refusal
from tests.sandbox.cloudwatch.test_alarms import described, put_alarm, state


def put_composite(client: Any, rule: str, name: str = "shop", **others: Any) -> None:
    client.put_composite_alarm(AlarmName=name, AlarmRule=rule, **others)


def set_state(client: Any, name: str, value: str) -> None:
    client.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")


def test_a_new_composite_is_evaluated(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "slow")

    put_composite(cloudwatch, "ALARM(slow)")

    found = described(cloudwatch, "shop")
    assert found["StateValue"] == "OK"
    assert found["StateReason"] == (
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop was created and its "
        "alarm rule evaluates to OK"
    )
    triggering = json.loads(found["StateReasonData"])["triggeringAlarms"]
    assert triggering[0]["arn"].endswith(":alarm:slow")
    assert triggering[0]["state"]["value"] == "INSUFFICIENT_DATA"


def test_a_composite_follows_its_children_all_the_way_up(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "slow")
    put_alarm(cloudwatch, "failing")
    put_composite(cloudwatch, "ALARM(slow) AND ALARM(failing)", "both")
    put_composite(cloudwatch, "ALARM(both)", "top")

    set_state(cloudwatch, "slow", "ALARM")
    one = state(cloudwatch, "top")
    set_state(cloudwatch, "failing", "ALARM")

    assert (one, state(cloudwatch, "top")) == ("OK", "ALARM")
    assert described(cloudwatch, "both")["StateReason"] == (
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failing transitioned to "
        "ALARM at Monday 21 September, 2026 14:13:20 UTC"
    )


def test_a_composite_goes_back_when_a_child_does_by_itself(
    cloudwatch: Any, pass_time: Callable[[float], None]
) -> None:
    put_alarm(cloudwatch, "slow", TreatMissingData="notBreaching")
    put_composite(cloudwatch, "ALARM(slow)")
    set_state(cloudwatch, "slow", "ALARM")
    before = state(cloudwatch, "shop")

    pass_time(10)

    assert (before, state(cloudwatch, "shop")) == ("ALARM", "OK")


def test_composites_are_described_only_when_asked_for(cloudwatch: Any) -> None:
    put_composite(cloudwatch, "FALSE")

    by_default = cloudwatch.describe_alarms()
    asked = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])
    history = cloudwatch.describe_alarm_history()

    assert by_default["CompositeAlarms"] == []
    assert [alarm["AlarmName"] for alarm in asked["CompositeAlarms"]] == ["shop"]
    assert history["AlarmHistoryItems"] == []


def test_children_and_parents(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "slow")
    put_composite(cloudwatch, "ALARM(slow)")

    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="shop")["MetricAlarms"]
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName="slow")["CompositeAlarms"]

    assert [(c["AlarmName"], c["StateValue"]) for c in children] == [
        ("slow", "INSUFFICIENT_DATA")
    ]
    assert sorted(parents[0]) == ["AlarmArn", "AlarmName"]
    assert parents[0]["AlarmName"] == "shop"


def test_children_are_asked_for_alone(cloudwatch: Any) -> None:
    code, _ = refusal(
        cloudwatch.describe_alarms, ChildrenOfAlarmName="shop", StateValue="OK"
    )

    assert code == "ValidationError"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("ALARM(", "Invalid AlarmRule"),
        ("ALARM(nobody)", "[nobody] in the alarm rule do not exist"),
        ("ALARM(shop)", "cycle"),
        ("OK(above)", "cycle"),
    ],
)
def test_a_bad_rule_is_refused(cloudwatch: Any, rule: str, said: str) -> None:
    put_composite(cloudwatch, "FALSE")
    put_composite(cloudwatch, "ALARM(shop)", "above")

    code, message = refusal(put_composite, client=cloudwatch, rule=rule)

    assert code == "ValidationError"
    assert said in message


def test_a_child_is_not_deleted_without_its_parent(cloudwatch: Any) -> None:
    put_alarm(cloudwatch, "slow")
    put_composite(cloudwatch, "ALARM(slow)")

    code, message = refusal(cloudwatch.delete_alarms, AlarmNames=["slow"])
    cloudwatch.delete_alarms(AlarmNames=["slow", "shop"])

    assert code == "ValidationError"
    assert "composite alarm(s) depending on it" in message
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_a_suppressor_is_refused_as_absent(cloudwatch: Any) -> None:
    code, _ = refusal(
        put_composite, client=cloudwatch, rule="TRUE", ActionsSuppressor="other"
    )

    assert code == "NotImplementedBySandbox"


def test_composites_may_stand_on_each_other_as_high_as_one_likes(
    cloudwatch: Any,
) -> None:
    put_alarm(cloudwatch, "c0")
    for level in range(1, 501):
        put_composite(cloudwatch, f"ALARM(c{level - 1})", f"c{level}")

    set_state(cloudwatch, "c0", "ALARM")

    assert state(cloudwatch, "c500") == "ALARM"


@pytest.mark.parametrize("rule", ["NOT " * 2_000 + "TRUE", "(" * 2_000])
def test_rules_that_nest_too_deeply_are_refused(cloudwatch: Any, rule: str) -> None:
    code, _ = refusal(cloudwatch.put_composite_alarm, AlarmName="a", AlarmRule=rule)

    assert code == "ValidationError"
