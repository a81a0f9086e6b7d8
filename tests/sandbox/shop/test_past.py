"""The past that Config tells is the one that CloudTrail tells, and leads to today."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.shop.configured import past_items
from sandbox.shop.deployments import PAST, past_of
from sandbox.shop.shop import Shop
from sandbox.shop.topology import CLUSTER, SERVICES
from tests.sandbox.conftest import NOW, Client

KIND = "AWS::ECS::Service"
DAY = 86_400
SERVICE = max(SERVICES.values(), key=lambda each: len(past_of(each)))


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    """A shop whose past is changes only, not requests."""
    built = Shop(sandbox, per_second=0.0)
    built.write_changes(NOW - DAY, NOW, lambda said: None)
    return built


@pytest.fixture
def history(shop: Shop, client: Client) -> Callable[[], list[dict[str, Any]]]:
    """Config's items of the service that was deployed most, oldest first."""
    config = client("config", SERVICE.account)
    arn = (
        f"arn:aws:ecs:{HOME_REGION}:{SERVICE.account}:service/{CLUSTER}/{SERVICE.name}"
    )

    def read() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = config.get_resource_config_history(
            resourceType=KIND, resourceId=arn, chronologicalOrder="Forward"
        )["configurationItems"]
        return items

    return read


def definition(item: dict[str, Any]) -> str:
    arn: str = json.loads(item["configuration"])["TaskDefinition"]
    return arn.rpartition("/")[2]


def test_each_deployment_left_an_item(
    history: Callable[[], list[dict[str, Any]]],
) -> None:
    items, deployments = history(), past_of(SERVICE)

    assert len(deployments) >= 2
    assert [definition(item) for item in items] == [
        f"{SERVICE.name}:{revision}" for revision in range(1, len(deployments) + 2)
    ]
    assert items[0]["configurationItemStatus"] == "ResourceDiscovered"
    assert {item["configurationItemStatus"] for item in items[1:]} == {"OK"}


def test_items_follow_the_calls_that_the_trail_knows(
    history: Callable[[], list[dict[str, Any]]], client: Client
) -> None:
    told = client("cloudtrail", SERVICE.account).lookup_events(
        LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": "UpdateService"}
        ]
    )["Events"]
    updates = sorted(
        event["EventTime"].timestamp()
        for event in told
        if json.loads(event["CloudTrailEvent"])["requestParameters"]["service"]
        == SERVICE.name
    )

    recorded = [i["configurationItemCaptureTime"].timestamp() for i in history()[1:]]

    assert len(updates) == len(recorded)
    for called, item in zip(updates, recorded, strict=True):
        assert 0 <= item - called < 5


def test_the_present_is_the_last_of_the_past(
    history: Callable[[], list[dict[str, Any]]],
    pass_time: Callable[[float], None],
    client: Client,
) -> None:
    before = history()
    pass_time(2)

    (now,) = client("ecs", SERVICE.account).describe_services(
        cluster=CLUSTER, services=[SERVICE.name]
    )["services"]

    assert now["taskDefinition"].endswith(definition(before[-1]))
    assert len(history()) == len(before)


def test_a_deployment_of_today_goes_on_from_there(
    shop: Shop,
    history: Callable[[], list[dict[str, Any]]],
    pass_time: Callable[[float], None],
) -> None:
    pass_time(2)
    shop.changes.deploy(SERVICE)
    pass_time(2)

    *_, before, newest = history()

    last = len(past_of(SERVICE)) + 1
    assert definition(before) == f"{SERVICE.name}:{last}"
    assert definition(newest) == f"{SERVICE.name}:{last + 1}"


def test_deployments_lie_in_order_within_the_past() -> None:
    times = [each.time(NOW - DAY, NOW) for each in PAST]

    assert times == sorted(times)
    assert times[0] > NOW - DAY
    assert times[-1] < NOW


def test_items_are_of_the_account_alone(shop: Shop, cloud: Cloud) -> None:
    items = list(past_items(shop.people.site(SHOP), NOW - DAY, NOW))

    assert {item.account for item in items} == {SHOP}
    assert all(NOW - DAY <= item.captured <= NOW for item in items)
