"""What goes through the delivery channel: notifications, events and files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.config import messages
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.conftest import cases_folder
from tests.sandbox.config.conftest import PassTime, open_port
from tests.sandbox.config.test_recording import GROUP, Group, Record, code_of
from tests.sandbox.conftest import Client

Inbox = Callable[[], list[dict[str, Any]]]
CHANGE = "ConfigurationItemChangeNotification"
CONFIG_KEY = f"AWSLogs/{SHOP}/Config/{HOME_REGION}/2026/9/21"


def delivered(client: Client, key: str) -> dict[str, Any]:
    body = client("s3").get_object(Bucket="deliveries", Key=key)["Body"].read()
    content: dict[str, Any] = json.loads(gzip.decompress(body))
    return content


def test_a_new_resource_and_its_change_are_told(
    client: Client, record: Record, group: Group, pass_time: PassTime, inbox: Inbox
) -> None:
    record()
    inbox()
    web = group()
    pass_time(2)
    open_port(client, web, 22)
    pass_time(2)

    created, changed = inbox()

    assert created["configurationItemDiff"] == {
        "changedProperties": {}, "changeType": "CREATE",
    }  # fmt: skip
    diff = changed["configurationItemDiff"]
    change = diff["changedProperties"]["Configuration.IpPermissions.0"]
    assert diff["changeType"] == change["changeType"].replace("CREATE", "UPDATE")
    assert change["previousValue"] is None
    assert change["updatedValue"]["fromPort"] == 22
    assert changed["configurationItem"]["resourceId"] == web


def test_the_same_is_told_to_eventbridge(
    record: Record, group: Group, pass_time: PassTime, cloud: Cloud
) -> None:
    record()
    events: list[Any] = []
    cloud.on_event(events.append)
    web = group()
    pass_time(2)

    (event,) = events

    assert event.detail_type == "Config Configuration Item Change"
    assert event.source == "aws.config"
    assert event.detail["configurationItem"]["resourceId"] == web
    assert event.resources[0].endswith(f"security-group/{web}")


def test_notifications_may_be_lost(
    record: Record, group: Group, pass_time: PassTime, inbox: Inbox, cloud: Cloud
) -> None:
    record()
    inbox()
    cloud.faults.add(Fault(FaultKind.LOST, "config.notifications"))
    group()
    pass_time(2)

    assert inbox() == []


def test_an_item_too_long_for_a_message_goes_to_the_bucket(  # noqa: PLR0913 - fixtures
    client: Client,
    record: Record,
    group: Group,
    pass_time: PassTime,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record()
    inbox()
    monkeypatch.setattr(messages, "MOST_BYTES", 100)
    web = group()
    pass_time(2)

    (told,) = inbox()

    assert told["messageType"] == "OversizedConfigurationItemChangeNotification"
    assert told["configurationItemSummary"]["resourceId"] == web
    assert "configuration" not in told["configurationItemSummary"]
    key = told["s3DeliverySummary"]["s3BucketLocation"].removeprefix("deliveries/")
    assert delivered(client, key)["configurationItem"]["resourceId"] == web


def test_a_snapshot_is_written_and_told(  # noqa: PLR0913 - fixtures
    config: Any,
    client: Client,
    record: Record,
    group: Group,
    pass_time: PassTime,
    inbox: Inbox,
) -> None:
    web = group()
    record()
    inbox()
    snapshot = config.deliver_config_snapshot(deliveryChannelName="default")
    pass_time(1)

    (told,) = inbox()

    assert told["messageType"] == "ConfigurationSnapshotDeliveryCompleted"
    assert told["configSnapshotId"] == snapshot["configSnapshotId"]
    assert told["s3ObjectKey"].startswith(f"{CONFIG_KEY}/ConfigSnapshot/{SHOP}_Config_")
    items = delivered(client, told["s3ObjectKey"])["configurationItems"]
    assert web in {item["resourceId"] for item in items}


def test_history_files_come_every_six_hours(
    client: Client, record: Record, group: Group, pass_time: PassTime, inbox: Inbox
) -> None:
    record()
    web = group()
    pass_time(2)
    inbox()
    pass_time(6 * 3_600)

    (told,) = [m for m in inbox() if m["messageType"] != CHANGE]

    assert told["messageType"] == "ConfigurationHistoryDeliveryCompleted"
    assert f"_ConfigHistory_{GROUP}_2026" in told["s3ObjectKey"]
    items = delivered(client, told["s3ObjectKey"])["configurationItems"]
    assert web in {item["resourceId"] for item in items}


def test_a_topic_that_went_is_a_failure_of_the_stream(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    record()
    topic = config.describe_delivery_channels()["DeliveryChannels"][0]["snsTopicARN"]
    client("sns").delete_topic(TopicArn=topic)
    group()
    pass_time(2)

    (status,) = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]

    assert status["configStreamDeliveryInfo"]["lastStatus"] == "Failure"


def test_a_channel_needs_a_bucket_that_is_there(config: Any, record: Record) -> None:
    record()
    channel = {"name": "default", "s3BucketName": "nobody"}

    code = code_of(config.put_delivery_channel, DeliveryChannel=channel)

    assert code == "NoSuchBucketException"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shown" in metafunc.fixturenames:
        pages = sorted((cases_folder() / "config").glob("example-*-notification.json"))
        metafunc.parametrize("shown", [m for p in pages for m in _messages(p)])


def _messages(page: Path) -> list[dict[str, Any]]:
    blocks = json.loads(page.read_text())["json_blocks"]
    return [b["value"] for b in blocks if isinstance(b["value"].get("Message"), dict)]


@pytest.mark.cases
def test_a_delivery_is_told_as_the_documentation_shows(shown: dict[str, Any]) -> None:
    message = shown["Message"]
    kind = message["messageType"].removeprefix("Configuration")
    if not kind.endswith("DeliveryCompleted"):
        pytest.skip("not of a delivery")

    said = messages.delivered(
        kind.removesuffix("DeliveryCompleted"),
        message["s3Bucket"],
        message["s3ObjectKey"],
        0.0,
    )

    assert set(said) == set(message) - {"configSnapshotId"}
    assert said["messageType"] == message["messageType"]
    assert said["recordVersion"] == message["recordVersion"]


@pytest.mark.parametrize("topic", ["config", "arn:aws:sns:eu-west-1:1:no:topic"])
def test_what_is_no_topic_is_refused(config: Any, record: Record, topic: str) -> None:
    record()
    channel = {"s3BucketName": "deliveries", "snsTopicARN": topic}

    code = code_of(config.put_delivery_channel, DeliveryChannel=channel)

    assert code == "InvalidSNSTopicARNException"
