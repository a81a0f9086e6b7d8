"""Answers recorded of AWS: ours have the same members and keep the same settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.logs.filters import SubscriptionFilter
from tests.conftest import cases_folder
from tests.sandbox.conftest import Client

pytestmark = pytest.mark.cases


def recorded(operation: str, key: str) -> list[Any]:
    """Everything that AWS answered under the key, one parameter each."""
    file = cases_folder() / "aws-responses" / "logs" / f"{operation}.jsonl"
    lines = file.read_text().splitlines() if file.exists() else ()
    return [
        pytest.param(item, id=f"{answer['src']}-{at}")
        for answer in map(json.loads, lines)
        for at, item in enumerate(answer["data"].get(key, ()))
    ]


@pytest.mark.parametrize("group", recorded("DescribeLogGroups", "logGroups"))
def test_groups(client: Client, group: Mapping[str, Any]) -> None:
    logs, name = client("logs"), group["logGroupName"]
    key = {"kmsKeyId": group["kmsKeyId"]} if "kmsKeyId" in group else {}
    logs.create_log_group(logGroupName=name, **key)
    if "retentionInDays" in group:
        days = group["retentionInDays"]
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)

    (ours,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    assert ours.keys() >= group.keys()
    for member in ("logGroupName", "retentionInDays", "kmsKeyId", "metricFilterCount"):
        assert ours.get(member) == group.get(member)
    assert ours["arn"].split(":")[5:] == group["arn"].split(":")[5:]


@pytest.mark.parametrize("stream", recorded("DescribeLogStreams", "logStreams"))
def test_streams(sandbox: Sandbox, client: Client, stream: Mapping[str, Any]) -> None:
    service: Any = sandbox.service("logs")
    name = stream["logStreamName"]
    times = [stream[at] for at in ("firstEventTimestamp", "lastEventTimestamp")]
    service.write_history(
        (SHOP, HOME_REGION),
        ("group", name),
        [(at, "event") for at in times],
        stream["lastIngestionTime"],
    )

    (ours,) = client("logs").describe_log_streams(logGroupName="group")["logStreams"]

    assert ours.keys() >= stream.keys()
    for member in ("firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime"):
        assert ours[member] == stream[member]
    assert len(ours["uploadSequenceToken"]) == len(stream["uploadSequenceToken"])


@pytest.mark.parametrize("event", recorded("GetLogEvents", "events"))
def test_events(sandbox: Sandbox, client: Client, event: Mapping[str, Any]) -> None:
    service: Any = sandbox.service("logs")
    service.write_history(
        (SHOP, HOME_REGION),
        ("group", "stream"),
        [(event["timestamp"], event["message"])],
        event["ingestionTime"],
    )

    answer = client("logs").get_log_events(logGroupName="group", logStreamName="stream")

    assert answer["events"] == [event]


@pytest.mark.parametrize("given", recorded("DescribeMetricFilters", "metricFilters"))
def test_metric_filters(client: Client, given: Mapping[str, Any]) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=given["logGroupName"])
    sent = {
        member: given[member]
        for member in (
            "logGroupName", "filterName", "filterPattern", "metricTransformations",
        )
    }  # fmt: skip
    logs.put_metric_filter(**sent)

    (ours,) = logs.describe_metric_filters()["metricFilters"]

    assert ours.keys() >= given.keys()
    assert {member: ours[member] for member in sent} == sent


@pytest.mark.parametrize(
    "given", recorded("DescribeSubscriptionFilters", "subscriptionFilters")
)
def test_subscription_filters(given: Mapping[str, Any]) -> None:
    ours = SubscriptionFilter(
        given["filterName"],
        given["filterPattern"],
        given["destinationArn"],
        given["creationTime"],
        given.get("roleArn", ""),
        given.get("distribution", "ByLogStream"),
    ).described(given["logGroupName"])

    assert {member: ours[member] for member in given} == given
