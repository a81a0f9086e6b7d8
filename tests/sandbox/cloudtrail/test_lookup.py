"""LookupEvents finds management events, newest first and not too often."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.clock import SetClock
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.test_identity import refused


@pytest.fixture
def lookup(client: Client, clock: SetClock) -> Any:
    """Asks at most as often as CloudTrail allows, and gives the names found."""
    cloudtrail = client("cloudtrail")

    def ask(**parameters: Any) -> list[str]:
        clock.advance(1)
        events = cloudtrail.lookup_events(**parameters)["Events"]
        return [event["EventName"] for event in events]

    return ask


@pytest.fixture
def queues(client: Client, clock: SetClock) -> list[str]:
    names = ["first", "second", "third"]
    for name in names:
        client("sqs").create_queue(QueueName=name)
        clock.advance(10)
    return names


def attribute(key: str, value: str) -> list[dict[str, str]]:
    return [{"AttributeKey": key, "AttributeValue": value}]


def test_the_newest_comes_first(lookup: Any, client: Client, queues: list[str]) -> None:
    client("sns").create_topic(Name="later")

    assert lookup() == ["CreateTopic", "CreateQueue", "CreateQueue", "CreateQueue"]


def test_both_ends_of_the_time_are_included(lookup: Any, queues: list[str]) -> None:
    assert len(lookup(StartTime=NOW, EndTime=NOW + 10)) == 2


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [
        ("EventName", "CreateQueue", 3),
        ("EventName", "CreateTopic", 0),
        ("EventSource", "sqs.amazonaws.com", 3),
        ("ReadOnly", "false", 3),
        ("ReadOnly", "true", 0),
    ],
)
def test_one_attribute_narrows_the_search(
    lookup: Any, queues: list[str], key: str, value: str, count: int
) -> None:
    assert len(lookup(LookupAttributes=attribute(key, value))) == count


def test_events_are_found_by_the_resource_they_changed(
    lookup: Any, client: Client
) -> None:
    iam_region = client("cloudtrail", region="us-east-1")
    client("iam").create_user(UserName="eve")

    found = iam_region.lookup_events(LookupAttributes=attribute("ResourceName", "eve"))

    (event,) = found["Events"]
    assert event["Resources"] == [
        {"ResourceType": "AWS::IAM::User", "ResourceName": "eve"}
    ]
    assert event["EventTime"].timestamp() == NOW


def test_pages_go_on_where_the_one_before_ended(
    client: Client, clock: SetClock, queues: list[str]
) -> None:
    cloudtrail = client("cloudtrail")
    first = cloudtrail.lookup_events(MaxResults=2)
    second = cloudtrail.lookup_events(MaxResults=2, NextToken=first["NextToken"])

    seen = [event["EventId"] for event in first["Events"] + second["Events"]]
    assert len(set(seen)) == 3
    assert "NextToken" not in second


def test_a_third_question_in_a_second_is_too_many(client: Client) -> None:
    cloudtrail = client("cloudtrail")
    cloudtrail.lookup_events()
    cloudtrail.lookup_events()

    assert refused(cloudtrail.lookup_events)[0] == "ThrottlingException"


def test_two_attributes_are_one_too_many(client: Client) -> None:
    two = attribute("EventName", "x") + attribute("ReadOnly", "true")

    code, _ = refused(client("cloudtrail").lookup_events, LookupAttributes=two)

    assert code in ("ValidationException", "InvalidLookupAttributesException")


def test_events_are_forgotten_after_90_days(
    lookup: Any, client: Client, clock: SetClock, pass_time: Any
) -> None:
    client("sqs").create_queue(QueueName="old")

    pass_time(91 * 86_400)

    assert lookup(StartTime=0) == []
