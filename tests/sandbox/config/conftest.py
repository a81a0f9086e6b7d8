"""A place that records, with a bucket and a topic whose messages can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import Client

ROLE = f"arn:aws:iam::{SHOP}:role/config"
TOPIC = f"arn:aws:sns:{HOME_REGION}:{SHOP}:config"
PassTime = Callable[[float], None]
ONLY_GROUPS = {"resourceTypes": ["AWS::EC2::SecurityGroup"]}
ALL = {"allSupported": True, "includeGlobalResourceTypes": True}


def a_bucket(client: Client, name: str) -> None:
    client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )


@pytest.fixture
def config(client: Client) -> Any:
    return client("config")


@pytest.fixture
def inbox(client: Client) -> Callable[[], list[dict[str, Any]]]:
    """A topic `config`; gives the messages that came since it was last called."""
    sqs, sns = client("sqs"), client("sns")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.create_topic(Name="config")
    arn = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:inbox"
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while got := sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=3_600
        ).get("Messages"):
            found += [json.loads(json.loads(one["Body"])["Message"]) for one in got]
        return found

    return read


@pytest.fixture
def record(
    config: Any, client: Client, inbox: object, pass_time: PassTime
) -> Callable[..., None]:
    """Start recording what the group says."""

    def start(group: dict[str, Any] = ONLY_GROUPS, **recorder: Any) -> None:
        a_bucket(client, "deliveries")
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": ROLE,
                "recordingGroup": group,
                **recorder,
            }
        )
        channel = {"s3BucketName": "deliveries", "snsTopicARN": TOPIC}
        config.put_delivery_channel(DeliveryChannel=channel)
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        pass_time(2)

    return start


@pytest.fixture
def group(client: Client) -> Callable[..., str]:
    """Makes a security group that lets `port` in from `cidr`."""

    def make(name: str = "web", port: int = 0, cidr: str = "0.0.0.0/0") -> str:
        ec2 = client("ec2")
        made: str = ec2.create_security_group(GroupName=name, Description=name)[
            "GroupId"
        ]
        if port:
            open_port(client, made, port, cidr)
        return made

    return make


def open_port(
    client: Client, group_id: str, port: int, cidr: str = "0.0.0.0/0"
) -> None:
    client("ec2").authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[permission(port, cidr)]
    )


def close_port(client: Client, group_id: str, port: int) -> None:
    client("ec2").revoke_security_group_ingress(
        GroupId=group_id, IpPermissions=[permission(port)]
    )


def permission(port: int, cidr: str = "0.0.0.0/0") -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": cidr}],
    }
