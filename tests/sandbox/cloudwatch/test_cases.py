"""Alarms as AWS once described them: put here, they read back the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloudwatch.alarms.rules import alarms_in, parse
from tests.conftest import cases_folder
from tests.sandbox.conftest import Client

pytestmark = pytest.mark.cases

# What the alarm is in at the moment, and who has it, is not configuration.
_NOT_PUT = {
    "AlarmArn",
    "AlarmConfigurationUpdatedTimestamp",
    "EvaluationState",
}


def recorded(member: str) -> Iterator[dict[str, Any]]:
    for name in ("DescribeAlarms", "DescribeAlarmsForMetric"):
        file = cases_folder() / "aws-responses" / "monitoring" / f"{name}.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        for line in lines:
            yield from json.loads(line)["data"].get(member, ())


def configuration(alarm: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in alarm.items()
        if name not in _NOT_PUT and not name.startswith("State")
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "metric_alarm" in metafunc.fixturenames:
        metafunc.parametrize("metric_alarm", list(recorded("MetricAlarms")))
    if "composite_alarm" in metafunc.fixturenames:
        metafunc.parametrize("composite_alarm", list(recorded("CompositeAlarms")))


def test_a_metric_alarm_reads_back(
    metric_alarm: dict[str, Any], client: Client
) -> None:
    cloudwatch = client("cloudwatch")
    given = configuration(metric_alarm)

    cloudwatch.put_metric_alarm(**given)

    found = cloudwatch.describe_alarms()["MetricAlarms"][0]
    assert configuration(found) == given
    if metric_alarm["StateReason"].startswith("Unchecked"):
        assert found["StateValue"] == metric_alarm["StateValue"]
        assert found["StateReason"] == metric_alarm["StateReason"]


def test_a_composite_alarm_reads_back(
    composite_alarm: dict[str, Any], client: Client
) -> None:
    cloudwatch = client("cloudwatch")
    for name in alarms_in(parse(composite_alarm["AlarmRule"])):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="FALSE")
    given = configuration(composite_alarm)

    cloudwatch.put_composite_alarm(**given)

    found = cloudwatch.describe_alarms(
        AlarmNames=[given["AlarmName"]], AlarmTypes=["CompositeAlarm"]
    )["CompositeAlarms"][0]
    assert configuration(found) == given
