"""Items are recorded as resources change, and only while the recorder runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.config import Config
from sandbox.config.items import Found, Item
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.config.conftest import (
    ALL,
    ONLY_GROUPS,
    ROLE,
    PassTime,
    a_bucket,
    close_port,
    open_port,
)
from tests.sandbox.conftest import NOW, Client

GROUP = "AWS::EC2::SecurityGroup"
BUCKET = "AWS::S3::Bucket"
Record = Callable[..., None]
Group = Callable[..., str]


def history(config: Any, resource_id: str, kind: str = GROUP, **more: Any) -> Any:
    return config.get_resource_config_history(
        resourceType=kind, resourceId=resource_id, **more
    )["configurationItems"]


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_a_change_is_an_item_of_its_own(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    record()
    web = group()
    pass_time(2)
    open_port(client, web, 22)
    pass_time(2)

    newest, oldest = history(config, web)

    assert newest["configurationItemStatus"] == "OK"
    assert oldest["configurationItemStatus"] == "ResourceDiscovered"
    rules = json.loads(newest["configuration"])["ipPermissions"]
    assert rules[0]["ipRanges"] == ["0.0.0.0/0"]
    assert int(newest["configurationStateId"]) > int(oldest["configurationStateId"])


def test_what_was_there_before_is_discovered_at_the_start(
    config: Any, record: Record, group: Group
) -> None:
    web = group()
    record()

    (item,) = history(config, web)

    assert item["configurationItemStatus"] == "ResourceDiscovered"
    assert item["resourceName"] == "web"
    assert item["configurationItemCaptureTime"].timestamp() == NOW + 2


def test_what_did_not_change_is_not_recorded_again(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    group("other")
    pass_time(2)
    pass_time(61)

    assert len(history(config, web)) == 1


def test_a_deleted_resource_keeps_its_history(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    client("ec2").delete_security_group(GroupId=web)
    pass_time(2)

    deleted, _ = history(config, web)

    assert deleted["configurationItemStatus"] == "ResourceDeleted"
    assert deleted["configuration"] == "null"
    listed = config.list_discovered_resources(resourceType=GROUP, resourceIds=[web])
    assert listed["resourceIdentifiers"] == []


def test_while_stopped_nothing_is_recorded_and_nothing_is_made_up_later(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    open_port(client, web, 22)
    pass_time(120)
    close_port(client, web, 22)
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    pass_time(2)

    assert len(history(config, web)) == 1


def test_the_sweep_finds_what_no_call_told_of(
    config: Any, record: Record, group: Group, pass_time: PassTime, sandbox: Sandbox
) -> None:
    record()
    sandbox.cloud._on_call.clear()  # noqa: SLF001 - nobody tells the recorder
    web = group()

    pass_time(61)

    assert len(history(config, web)) == 1


def test_only_wanted_types_are_recorded(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record({"exclusionByResourceTypes": {"resourceTypes": [GROUP]}})

    counts = config.get_discovered_resource_counts()["resourceCounts"]

    types = {count["resourceType"] for count in counts}
    assert GROUP not in types
    assert BUCKET in types


def test_daily_recording_keeps_one_item_a_day(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record(recordingMode={"recordingFrequency": "DAILY"})
    open_port(client, web, 22)
    pass_time(2)
    assert len(history(config, web)) == 1

    pass_time(86_401)

    assert len(history(config, web)) == 2


def test_a_bucket_is_recorded_with_what_is_around_it(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record({"resourceTypes": [BUCKET]})
    a_bucket(client, "photos")
    client("s3").put_bucket_versioning(
        Bucket="photos", VersioningConfiguration={"Status": "Enabled"}
    )
    pass_time(2)

    (item,) = history(config, "photos", BUCKET)

    around = item["supplementaryConfiguration"]
    versioning = json.loads(around["BucketVersioningConfiguration"])
    assert versioning == {"status": "Enabled", "isMfaDeleteEnabled": None}
    grants = json.loads(json.loads(around["AccessControlList"]))["grantList"]
    assert grants[0]["permission"] == "FullControl"


def test_a_change_of_a_bucket_is_seen_without_reading_every_other(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    a_bucket(client, "photos")
    record({"resourceTypes": [BUCKET]})
    client("s3").put_public_access_block(
        Bucket="photos", PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    pass_time(2)

    newest, _ = history(config, "photos", BUCKET)

    block = newest["supplementaryConfiguration"]["PublicAccessBlockConfiguration"]
    assert json.loads(block)["blockPublicAcls"] is True
    assert len(history(config, "deliveries", BUCKET)) == 1


def test_global_resources_are_recorded_where_they_are_wanted(
    config: Any, client: Client, record: Record, pass_time: PassTime
) -> None:
    record(ALL)
    user = client("iam").create_user(UserName="ann")["User"]["UserId"]
    pass_time(2)

    (item,) = history(config, user, "AWS::IAM::User")

    assert item["awsRegion"] == "global"
    assert item["resourceName"] == "ann"


def test_history_is_read_by_time_order_and_page(
    config: Any, client: Client, record: Record, group: Group, pass_time: PassTime
) -> None:
    web = group()
    record()
    for port in (1, 2, 3):
        pass_time(100)
        open_port(client, web, port)
        pass_time(2)

    forward = history(config, web, chronologicalOrder="Forward")
    times = [item["configurationItemCaptureTime"].timestamp() for item in forward]
    assert times == [NOW + 2, NOW + 104, NOW + 206, NOW + 308]
    between = history(config, web, earlierTime=NOW + 104, laterTime=NOW + 206)
    assert len(between) == 2
    pages = config.get_paginator("get_resource_config_history").paginate(
        resourceType=GROUP, resourceId=web, limit=3
    )
    assert [len(page["configurationItems"]) for page in pages] == [3, 1]


def test_a_resource_nobody_has_seen_is_refused(config: Any, record: Record) -> None:
    record()

    code = code_of(
        config.get_resource_config_history, resourceType=GROUP, resourceId="sg-none"
    )

    assert code == "ResourceNotDiscoveredException"


def test_a_batch_says_what_it_did_not_find(
    config: Any, record: Record, group: Group
) -> None:
    web = group()
    record()
    missing = {"resourceType": GROUP, "resourceId": "sg-none"}

    batch = config.batch_get_resource_config(
        resourceKeys=[{"resourceType": GROUP, "resourceId": web}, missing]
    )

    assert batch["baseConfigurationItems"][0]["resourceId"] == web
    assert batch["unprocessedResourceKeys"] == [missing]


def test_history_of_the_past_can_be_written(
    config: Any, record: Record, sandbox: Sandbox
) -> None:
    record()
    service = sandbox.service("config")
    assert isinstance(service, Config)
    old = Found(GROUP, "sg-old", {"groupId": "sg-old"}, "old")

    service.write_history(
        (SHOP, HOME_REGION),
        [
            Item(old, SHOP, HOME_REGION, NOW - 3_600, "OK", 2),
            Item(old, SHOP, HOME_REGION, NOW - 7_200, "ResourceDiscovered", 1),
        ],
    )

    states = [item["configurationStateId"] for item in history(config, "sg-old")]
    assert states == ["2", "1"]


@pytest.mark.parametrize(
    "group",
    [
        {"allSupported": True, "resourceTypes": [GROUP]},
        {"allSupported": False},
        {"resourceTypes": [GROUP], "includeGlobalResourceTypes": True},
        {
            "exclusionByResourceTypes": {"resourceTypes": [GROUP]},
            "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"},
        },
    ],
)
def test_a_group_that_says_two_things_is_refused(
    config: Any, group: dict[str, Any]
) -> None:
    recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group}

    code = code_of(config.put_configuration_recorder, ConfigurationRecorder=recorder)

    assert code == "InvalidRecordingGroupException"


def test_a_second_recorder_is_refused(config: Any, record: Record) -> None:
    record()
    recorder = {"name": "two", "roleARN": ROLE, "recordingGroup": ONLY_GROUPS}

    code = code_of(config.put_configuration_recorder, ConfigurationRecorder=recorder)

    assert code == "MaxNumberOfConfigurationRecordersExceededException"


def test_a_recorder_starts_only_with_a_channel_and_a_channel_only_with_a_recorder(
    config: Any,
) -> None:
    channel = {"s3BucketName": "deliveries"}
    code = code_of(config.put_delivery_channel, DeliveryChannel=channel)
    assert code == "NoAvailableConfigurationRecorderException"
    recorder = {"name": "default", "roleARN": ROLE}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)

    code = code_of(
        config.start_configuration_recorder, ConfigurationRecorderName="default"
    )

    assert code == "NoAvailableDeliveryChannelException"


def test_the_channel_of_a_running_recorder_stays(config: Any, record: Record) -> None:
    record()

    code = code_of(config.delete_delivery_channel, DeliveryChannelName="default")

    assert code == "LastDeliveryChannelDeleteFailedException"
