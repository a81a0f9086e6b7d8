"""Every answer of AWS about metrics, alarms and logs that was recorded is read through
the door that would ask for it, field by field; what nobody reads is never asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.audit import policy
from apps.discovery.aws import Door, Target
from apps.monitoring.alarms.cloudwatch import Alarms
from apps.monitoring.alarms.records import alarms_of
from apps.monitoring.logs.cloudwatch_logs import CloudWatchLogs
from apps.monitoring.metrics.cloudwatch import statistics_points
from tests.conftest import cases_folder

HERE = Target("111122223333", "eu-west-1")
FOLDERS = {"logs": "logs", "monitoring": "cloudwatch"}
# Recorded for other purposes: what changes things, and what tells of no log or metric.
NEVER_ASKED = {
    "logs:AssociateKmsKey",
    "logs:DeleteLogGroup",
    "logs:DescribeDeliveryDestinations",
    "logs:DescribeResourcePolicies",
    "logs:GetDeliveryDestinationPolicy",
    "logs:PutResourcePolicy",
    "logs:PutRetentionPolicy",
    "cloudwatch:DescribeAlarmsForMetric",
    "cloudwatch:DescribeInsightRules",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListTagsForResource",
}
Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """How an answer is read, and what is to come of it: an item for each in `items`,
    whose fields are as `expected` takes them from the item itself."""

    read: Callable[[Told], Iterable[Any]]
    items: Callable[[Told], Iterable[Told]]
    expected: Callable[[Told], Told]


def of_logs(ask: Callable[[CloudWatchLogs], Any]) -> Callable[[Told], list[Any]]:
    return lambda answer: list(ask(CloudWatchLogs(HERE)))


def group(said: Told) -> Told:
    return {
        "name": said.get("logGroupName", ""),
        "arn": said["arn"].removesuffix(":*"),
        "created_ms": said.get("creationTime"),
        "stored_bytes": said.get("storedBytes", 0),
        "retention_days": said.get("retentionInDays"),
        "group_class": said.get("logGroupClass", "STANDARD"),
        "kms_key": said.get("kmsKeyId", ""),
        "metric_filters": said.get("metricFilterCount", 0),
        "data_protection": said.get("dataProtectionStatus", ""),
    }


def stream(said: Told) -> Told:
    return {
        "name": said["logStreamName"],
        "created_ms": said.get("creationTime"),
        "first_event_ms": said.get("firstEventTimestamp"),
        "last_event_ms": said.get("lastEventTimestamp"),
        "last_ingestion_ms": said.get("lastIngestionTime"),
    }


def subscription(said: Told) -> Told:
    return {
        "name": said["filterName"],
        "group": said.get("logGroupName", ""),
        "destination": said["destinationArn"],
        "pattern": said.get("filterPattern", ""),
        "created_ms": said.get("creationTime"),
        "role": said.get("roleArn", ""),
        "distribution": said.get("distribution", ""),
    }


def metric_filter(said: Told) -> Told:
    return {
        "name": said["filterName"],
        "group": said.get("logGroupName", ""),
        "pattern": said.get("filterPattern", ""),
        "created_ms": said.get("creationTime"),
        "metrics": [transformation(one) for one in said["metricTransformations"]],
    }


def transformation(said: Told) -> Told:
    return {
        "namespace": said["metricNamespace"],
        "name": said["metricName"],
        "value": said["metricValue"],
        "default": said.get("defaultValue"),
        "unit": said.get("unit", ""),
        "dimensions": sorted(said.get("dimensions", {}).items()),
    }


def event(said: Told) -> Told:
    return {
        "timestamp_ms": said["timestamp"],
        "message": said["message"],
        "stream": said.get("logStreamName", "one"),
        "ingestion_ms": said.get("ingestionTime"),
        "id": said.get("eventId", ""),
    }


def alarm(said: Told) -> Told:
    changed = said["StateUpdatedTimestamp"]
    return {
        "kind": "composite" if "AlarmRule" in said else "metric",
        "arn": said["AlarmArn"],
        "name": said["AlarmName"],
        "state": said["StateValue"],
        "reason": said.get("StateReason", ""),
        "since": said.get("StateTransitionedTimestamp", changed),
        "updated_at": changed,
        "evaluation_state": said.get("EvaluationState", ""),
        "are_actions_enabled": said.get("ActionsEnabled", True),
        "settings": {name: as_text(value) for name, value in said.items()},
    }


def as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def alarms_in(answer: Told) -> Iterator[Told]:
    yield from answer.get("MetricAlarms", ())
    yield from answer.get("CompositeAlarms", ())


def points(answer: Told) -> list[Told]:
    """Each point of each statistic and unit."""
    return [
        {"statistic": name, "unit": unit, "second": second, "value": value}
        for (name, unit), found in statistics_points(answer).items()
        for second, value in found.items()
    ]


def values(answer: Told) -> Iterator[Told]:
    for point in sorted(answer["Datapoints"], key=lambda one: one["Timestamp"]):
        for name, value in {**point, **point.get("ExtendedStatistics", {})}.items():
            if name not in {"Timestamp", "Unit", "ExtendedStatistics"}:
                yield {**point, "statistic": name, "value": value}


def point(said: Told) -> Told:
    return {
        "statistic": said["statistic"],
        "unit": said.get("Unit", "None"),
        "second": int(said["Timestamp"].timestamp()),
        "value": said["value"],
    }


READINGS: Mapping[str, Reading] = {
    "logs:DescribeLogGroups": Reading(
        of_logs(lambda logs: logs.groups()), lambda one: one["logGroups"], group
    ),
    "logs:DescribeLogStreams": Reading(
        of_logs(lambda logs: [s for page in logs.stream_pages("/g") for s in page]),
        lambda one: one["logStreams"],
        stream,
    ),
    "logs:DescribeSubscriptionFilters": Reading(
        of_logs(lambda logs: logs.subscription_filters("/g")),
        lambda one: one["subscriptionFilters"],
        subscription,
    ),
    "logs:DescribeMetricFilters": Reading(
        of_logs(lambda logs: logs.metric_filters("/g")),
        lambda one: one["metricFilters"],
        metric_filter,
    ),
    "logs:GetLogEvents": Reading(
        of_logs(lambda logs: next(iter(logs.stream_events("/g", "one", 0, 1 << 45)))),
        lambda one: one["events"],
        event,
    ),
    "cloudwatch:DescribeAlarms": Reading(
        lambda answer: list(Alarms(HERE).all()), alarms_in, alarm
    ),
    "cloudwatch:DescribeAlarmsForMetric": Reading(
        lambda answer: list(alarms_of(answer)), alarms_in, alarm
    ),
    "cloudwatch:GetMetricStatistics": Reading(points, values, point),
}


def recorded() -> Iterator[Any]:
    for folder, service in FOLDERS.items():
        for path in sorted((cases_folder() / "aws-responses" / folder).glob("*.jsonl")):
            for at, line in enumerate(path.read_text().splitlines()):
                action = f"{service}:{path.stem}"
                if action in READINGS:
                    yield pytest.param(action, line, id=f"{action}-{at}")


def as_boto3_gives_it(found: dict[str, Any]) -> Any:
    """Times as boto3 makes them of what is on the wire."""
    if found.pop("__class__", None) == "datetime":
        return datetime(**found, tzinfo=UTC)
    moment = found.get("Timestamp")
    if isinstance(moment, str):
        found["Timestamp"] = datetime.fromisoformat(moment)
    return found


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Told], None]:
    """AWS says this to whatever it is asked."""

    def arrange(answer: Told) -> None:
        monkeypatch.setattr(Door, "__init__", lambda *_: None)
        monkeypatch.setattr(Door, "call", lambda *_, **__: answer)
        monkeypatch.setattr(Door, "pages", lambda *_, **__: iter([answer]))

    return arrange


@pytest.mark.cases
@pytest.mark.parametrize(("action", "line"), list(recorded()))
def test_every_field_is_as_aws_said_it(
    cases: Path, action: str, line: str, answered: Callable[[Told], None]
) -> None:
    reading = READINGS[action]
    answer = json.loads(line, object_hook=as_boto3_gives_it)["data"]
    answer.pop("nextToken", None)
    answered(answer)

    found = [as_lists(one) for one in reading.read(answer)]

    expected = [as_lists(reading.expected(one)) for one in reading.items(answer)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def as_lists(one: Any) -> Any:
    """A dataclass or mapping with nothing but dicts, lists and plain values in it."""
    if isinstance(one, Mapping):
        return {name: as_lists(value) for name, value in sorted(one.items())}
    if isinstance(one, list | tuple):
        return [as_lists(value) for value in one]
    return as_lists(asdict(one)) if hasattr(one, "__dataclass_fields__") else one


@pytest.mark.cases
def test_no_recorded_answer_is_left_out(cases: Path) -> None:
    found = {
        f"{service}:{path.stem}"
        for folder, service in FOLDERS.items()
        for path in (cases / "aws-responses" / folder).iterdir()
    }

    assert found
    assert found - READINGS.keys() - NEVER_ASKED == set()


def test_what_is_never_asked_is_in_no_policy() -> None:
    named = policy.page()

    assert "logs:FilterLogEvents" in named
    assert [action for action in NEVER_ASKED if f'"{action}"' in named] == []
