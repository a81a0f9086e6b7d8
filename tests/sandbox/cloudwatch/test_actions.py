"""Whom alarms tell, and what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.kernel.cloud import Cloud, Event
from tests.sandbox.cloudwatch.conftest import datum, expression, metric
from tests.sandbox.cloudwatch.test_alarms import NO_METRIC, put, put_alarm
from tests.sandbox.cloudwatch.test_composites import put_composite, set_state
from tests.sandbox.conftest import Client


@pytest.fixture
def topic(client: Client) -> str:
    """A topic whose messages arrive in the queue `heard`."""
    made: str = client("sns").create_topic(Name="ops")["TopicArn"]
    client("sqs").create_queue(QueueName="heard")
    queue = "arn:aws:sqs:eu-west-1:111122223333:heard"
    client("sns").subscribe(TopicArn=made, Protocol="sqs", Endpoint=queue)
    return made


def heard(client: Client) -> list[dict[str, Any]]:
    """What arrived, with SNS's envelope."""
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]


@pytest.fixture
def events(cloud: Cloud) -> list[Event]:
    found: list[Event] = []
    cloud.on_event(found.append)
    return found


def test_sns_gets_the_notification(cloudwatch: Any, client: Client, topic: str) -> None:
    put(cloudwatch, datum(9, 1))
    put_alarm(cloudwatch, AlarmActions=[topic], AlarmDescription="too slow")

    envelope = heard(client)[0]

    assert envelope["Subject"] == 'ALARM: "slow" in EU (Ireland)'
    message = json.loads(envelope["Message"])
    trigger = message.pop("Trigger")
    assert message.pop("NewStateReason").startswith("Threshold Crossed: 1 out of the")
    assert message == {
        "AlarmName": "slow",
        "AlarmDescription": "too slow",
        "AWSAccountId": "111122223333",
        "AlarmConfigurationUpdatedTimestamp": "2026-09-21T14:13:20.000+0000",
        "NewStateValue": "ALARM",
        "StateChangeTime": "2026-09-21T14:13:20.000+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:slow",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
    }
    assert trigger == {
        "MetricName": "Latency",
        "Namespace": "Shop",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5,
        "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": "",
    }


def test_a_set_state_takes_the_actions_of_that_state(
    cloudwatch: Any, client: Client, topic: str
) -> None:
    put_alarm(cloudwatch, OKActions=[topic])

    set_state(cloudwatch, "slow", "ALARM")
    silent = heard(client)
    set_state(cloudwatch, "slow", "OK")
    set_state(cloudwatch, "slow", "OK")

    assert silent == []
    assert [m["Subject"] for m in heard(client)] == ['OK: "slow" in EU (Ireland)']


def test_disabled_actions_are_not_taken(
    cloudwatch: Any, client: Client, topic: str
) -> None:
    put_alarm(cloudwatch, AlarmActions=[topic])

    cloudwatch.disable_alarm_actions(AlarmNames=["slow"])
    set_state(cloudwatch, "slow", "ALARM")
    silent = heard(client)
    cloudwatch.enable_alarm_actions(AlarmNames=["slow"])
    set_state(cloudwatch, "slow", "OK")
    set_state(cloudwatch, "slow", "ALARM")

    assert silent == []
    assert len(heard(client)) == 1


def test_composites_name_the_children_that_changed(
    cloudwatch: Any, client: Client, topic: str
) -> None:
    put_alarm(cloudwatch)
    put_composite(cloudwatch, "ALARM(slow)", AlarmActions=[topic])

    set_state(cloudwatch, "slow", "ALARM")

    message = json.loads(heard(client)[0]["Message"])
    assert message["AlarmRule"] == "ALARM(slow)"
    assert message["TriggeringChildren"] == [
        {
            "Arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:slow",
            "State": {"Value": "ALARM", "Timestamp": "2026-09-21T14:13:20.000+0000"},
        }
    ]


def test_actions_and_their_failures_are_in_the_history(
    cloudwatch: Any, topic: str
) -> None:
    nobody = "arn:aws:sns:eu-west-1:111122223333:nobody"
    put_alarm(cloudwatch, AlarmActions=[topic, nobody])

    set_state(cloudwatch, "slow", "ALARM")

    items = cloudwatch.describe_alarm_history(
        HistoryItemType="Action", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert items[0]["HistorySummary"] == f"Successfully executed action {topic}"
    assert items[1]["HistorySummary"].startswith(f"Failed to execute action {nobody}")
    outcomes = [json.loads(item["HistoryData"])["actionState"] for item in items]
    assert outcomes == ["Succeeded", "Failed"]


def test_eventbridge_hears_of_changes(cloudwatch: Any, events: list[Event]) -> None:
    put_alarm(cloudwatch)

    set_state(cloudwatch, "slow", "ALARM")

    made, changed = events
    assert made.detail_type == "CloudWatch Alarm Configuration Change"
    assert made.detail["operation"] == "create"
    assert changed.detail_type == "CloudWatch Alarm State Change"
    assert changed.source == "aws.cloudwatch"
    assert changed.resources == (
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:slow",
    )
    assert changed.detail["state"] == {
        "reason": "test",
        "timestamp": "2026-09-21T14:13:20.000+0000",
        "value": "ALARM",
    }
    assert changed.detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert changed.detail["configuration"]["metrics"][0]["metricStat"] == {
        "metric": {"dimensions": {}, "name": "Latency", "namespace": "Shop"},
        "period": 60,
        "stat": "Sum",
    }


def test_events_tell_expressions(cloudwatch: Any, events: list[Event]) -> None:
    asked = [metric("m1", ReturnData=False), expression("m1 * 2", Label="double")]
    put_alarm(cloudwatch, **NO_METRIC, Metrics=asked)

    told = events[0].detail["configuration"]["metrics"]

    assert told[1] == {
        "id": "e1",
        "expression": "m1 * 2",
        "label": "double",
        "returnData": True,
    }
    assert told[0]["returnData"] is False


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("arn:aws:lambda:eu-west-1:111122223333:function:nobody", "not found"),
        ("arn:aws:automate:eu-west-1:ec2:stop", "no actions of automate"),
    ],
)
def test_actions_that_cannot_be_taken_fail_in_the_history(
    cloudwatch: Any, action: str, said: str
) -> None:
    put_alarm(cloudwatch, AlarmActions=[action])

    set_state(cloudwatch, "slow", "ALARM")

    item = cloudwatch.describe_alarm_history(HistoryItemType="Action")
    data = json.loads(item["AlarmHistoryItems"][0]["HistoryData"])
    assert data["actionState"] == "Failed"
    assert said in data["error"]
