"""Log groups and streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import Client
from tests.sandbox.logs.conftest import NOW_MS, Put


def names(answer: Any) -> list[str]:
    return [group["logGroupName"] for group in answer["logGroups"]]


def test_a_group_is_described_as_it_was_made(logs: Any, put: Put) -> None:
    put("12345")
    logs.put_retention_policy(logGroupName="/shop", retentionInDays=14)
    logs.associate_kms_key(logGroupName="/shop", kmsKeyId="arn:aws:kms:::key/1")

    (group,) = logs.describe_log_groups()["logGroups"]

    assert group["arn"] == "arn:aws:logs:eu-west-1:111122223333:log-group:/shop:*"
    assert (group["creationTime"], group["storedBytes"]) == (NOW_MS, 31)
    assert (group["retentionInDays"], group["metricFilterCount"]) == (14, 0)
    assert group["kmsKeyId"] == "arn:aws:kms:::key/1"


def test_groups_come_by_name_in_pages_of_fifty(logs: Any) -> None:
    for n in range(60):
        logs.create_log_group(logGroupName=f"g{n:02}")

    first = logs.describe_log_groups()
    second = logs.describe_log_groups(nextToken=first["nextToken"])

    assert (len(first["logGroups"]), len(second["logGroups"])) == (50, 11)
    assert names(first)[:2] == ["/shop", "g00"]


def test_groups_are_found_by_prefix_and_by_a_part_of_the_name(logs: Any) -> None:
    for name in ("/aws/lambda/Pay", "/aws/ecs/pay", "/pay"):
        logs.create_log_group(logGroupName=name)

    assert names(logs.describe_log_groups(logGroupNamePrefix="/aws/l")) == [
        "/aws/lambda/Pay"
    ]
    assert len(names(logs.describe_log_groups(logGroupNamePattern="PAY"))) == 3
    assert names(logs.list_log_groups(logGroupNamePattern="^/pay|ecs")) == [
        "/aws/ecs/pay",
        "/pay",
    ]
    with pytest.raises(ClientError, match="mutually exclusive"):
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")


def test_a_group_goes_with_its_events(
    logs: Any, put: Put, pass_time: Callable[[float], None]
) -> None:
    put("a")
    logs.delete_log_group(logGroupName="/shop")
    pass_time(1)
    logs.create_log_group(logGroupName="/shop")

    assert logs.filter_log_events(logGroupName="/shop")["events"] == []
    assert logs.describe_log_streams(logGroupName="/shop")["logStreams"] == []


def test_a_protected_group_stays(logs: Any) -> None:
    protect = logs.put_log_group_deletion_protection
    protect(logGroupIdentifier="/shop", deletionProtectionEnabled=True)

    with pytest.raises(ClientError, match="protected"):
        logs.delete_log_group(logGroupName="/shop")


def test_accounts_and_regions_have_groups_of_their_own(
    client: Client, logs: Any
) -> None:
    assert client("logs", region="us-east-1").describe_log_groups()["logGroups"] == []
    assert client("logs", "444455556666").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize("days", [2, 0, 4000])
def test_only_some_retentions_exist(logs: Any, days: int) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.put_retention_policy(logGroupName="/shop", retentionInDays=days)


def test_what_exists_already_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        logs.create_log_group(logGroupName="/shop")
    with pytest.raises(ClientError, match="ResourceAlreadyExists"):
        logs.create_log_stream(logGroupName="/shop", logStreamName="one")


def test_streams_are_ordered_by_name_or_by_their_last_event(
    logs: Any, put: Put
) -> None:
    logs.create_log_stream(logGroupName="/shop", logStreamName="two")
    put("new", stream="two", at=[-10])
    put("newer", at=[-5])

    def order(**asked: Any) -> list[str]:
        found = logs.describe_log_streams(logGroupName="/shop", **asked)
        return [stream["logStreamName"] for stream in found["logStreams"]]

    assert order() == ["one", "two"]
    assert order(orderBy="LastEventTime") == ["two", "one"]
    assert order(orderBy="LastEventTime", descending=True) == ["one", "two"]
    assert order(logStreamNamePrefix="t") == ["two"]
    with pytest.raises(ClientError, match="LastEventTime"):
        order(orderBy="LastEventTime", logStreamNamePrefix="t")


def test_a_stream_says_when_its_events_were(logs: Any, put: Put) -> None:
    put("a", "b", at=[-20, -10])

    (stream,) = logs.describe_log_streams(logGroupName="/shop")["logStreams"]

    assert stream["firstEventTimestamp"] == NOW_MS - 20
    assert stream["lastEventTimestamp"] == NOW_MS - 10
    assert stream["lastIngestionTime"] == NOW_MS
    assert stream["arn"].endswith(":log-group:/shop:log-stream:one")


def test_a_deleted_stream_takes_its_events_with_it(logs: Any, put: Put) -> None:
    put("a")
    logs.delete_log_stream(logGroupName="/shop", logStreamName="one")

    assert logs.filter_log_events(logGroupName="/shop")["events"] == []


def test_tags_are_set_by_name_and_by_arn(logs: Any) -> None:
    arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/shop"
    logs.tag_log_group(logGroupName="/shop", tags={"team": "shop", "old": "1"})
    logs.tag_resource(resourceArn=arn, tags={"env": "prod"})
    logs.untag_log_group(logGroupName="/shop", tags=["old"])

    found = {"team": "shop", "env": "prod"}
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == found
    assert logs.list_tags_log_group(logGroupName="/shop")["tags"] == found
    with pytest.raises(ClientError, match="TooManyTags"):
        logs.tag_resource(resourceArn=arn, tags={str(n): "" for n in range(49)})
