"""Alarms as AWS once described them: put here, they read back the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from sandbox.cloudwatch.alarms.rules import alarms_in, parse
from tests.conftest import cases_folder
from tests.sandbox.conftest import NOW, Client

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


def recorded_statistics() -> Iterator[dict[str, Any]]:
    file = cases_folder() / "aws-responses" / "monitoring" / "GetMetricStatistics.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    for line in lines:
        yield json.loads(line)["data"]


def moment(told: Any) -> float:
    """Seconds of a time as the recordings write it."""
    if isinstance(told, str):
        return datetime.fromisoformat(told).timestamp()
    day = datetime(told["year"], told["month"], told["day"], tzinfo=UTC)
    seconds: int = told["hour"] * 3_600 + told["minute"] * 60 + told["second"]
    return day.timestamp() + seconds


def statistic_set(point: dict[str, Any]) -> dict[str, float]:
    """Samples that have the statistics of a datapoint."""
    average = point.get("Average", point.get("Sum", 0.0))
    total = point.get("Sum", average)
    count = total / average if average else 1.0
    low, high = point.get("Minimum", average), point.get("Maximum", average)
    return {"SampleCount": count, "Sum": total, "Minimum": low, "Maximum": high}


def configuration(alarm: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in alarm.items()
        if name not in _NOT_PUT and not name.startswith("State")
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "metric_alarm" in metafunc.fixturenames:
        metafunc.parametrize("metric_alarm", list(recorded("MetricAlarms")))
    if "statistics" in metafunc.fixturenames:
        found = [case for case in recorded_statistics() if case["Datapoints"]]
        metafunc.parametrize("statistics", found)
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


def newest(statistics: dict[str, Any]) -> dict[float, dict[str, Any]]:
    """Datapoints by time, as far back as PutMetricData takes them."""
    points = {moment(p["Timestamp"]): p for p in statistics["Datapoints"]}
    oldest = max(points) - 12 * 86_400
    return {time: point for time, point in points.items() if time >= oldest}


def test_statistics_read_back(statistics: dict[str, Any], client: Client) -> None:
    """Samples with the recorded statistics, as if the newest were of yesterday."""
    cloudwatch = client("cloudwatch")
    points = newest(statistics)
    later = (NOW - 86_400) // 60 * 60 - max(points)
    times = sorted(points)
    # One period, as long as the recording's: a day where only one is recorded.
    gaps = [b - a for a, b in pairwise(times)]
    period = int(min(gaps, default=86_400))
    named = {"Namespace": "Recorded", "MetricName": statistics["Label"]}
    for time, point in points.items():
        given = {
            "MetricName": statistics["Label"],
            "Timestamp": time + later,
            "StatisticValues": statistic_set(point),
            "Unit": point["Unit"],
        }
        cloudwatch.put_metric_data(Namespace="Recorded", MetricData=[given])
    names = [n for n in statistic_names() if n in points[times[0]]]

    answer = cloudwatch.get_metric_statistics(
        **named,
        StartTime=times[0] + later,
        EndTime=times[-1] + later + period,
        Period=period,
        Statistics=names,
    )

    assert answer["Label"] == statistics["Label"]
    found = {p["Timestamp"].timestamp() - later: p for p in answer["Datapoints"]}
    assert found.keys() == points.keys()
    for time, point in points.items():
        assert found[time]["Unit"] == point["Unit"]
        expected = [point[name] for name in names]
        assert [found[time][name] for name in names] == pytest.approx(expected)


def statistic_names() -> tuple[str, ...]:
    return ("Average", "Sum", "Minimum", "Maximum")
