"""Violations handed on to a bucket and a topic, and requests from a queue, with the
real protocols of S3, SNS and SQS on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from apps.audit.models import (
    ComplianceRule,
    RecordTarget,
    RepairQueue,
    RepairRequest,
    Violation,
    ViolationRecord,
)
from apps.audit.relay import answering, publishing, receiving
from apps.discovery import buckets
from apps.discovery.aws import forget_sessions
from apps.discovery.models import Account, Resource
from tests.factories import ACCOUNT, an_account

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
REGION = "eu-west-1"
GROUP = "sg-0123456789abcdef0"


def clock() -> datetime:
    return NOW


class Cloud:
    """A bucket, and a topic that tells a queue."""

    def __init__(self, endpoint: str) -> None:
        options = {"region_name": REGION, "endpoint_url": endpoint}
        self.s3: Any = boto3.client("s3", **options)  # type: ignore[call-overload]
        self.sns: Any = boto3.client("sns", **options)  # type: ignore[call-overload]
        self.sqs: Any = boto3.client("sqs", **options)  # type: ignore[call-overload]
        where = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket="records", CreateBucketConfiguration=where)
        self.topic = self.sns.create_topic(Name="violations")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="repairs")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:repairs"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def object(self, key: str) -> dict[str, Any]:
        body = self.s3.get_object(Bucket="records", Key=key)["Body"].read()
        found: dict[str, Any] = json.loads(body)
        return found

    def keys(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket="records").get("Contents", ())
        return [one["Key"] for one in found]

    def waiting(self) -> int:
        told = self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in (
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", REGION),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(buckets, "_LONG_POLL_SECONDS", 0)
    requests.post(f"{endpoint}/moto-api/reset", timeout=10).raise_for_status()
    forget_sessions()
    yield Cloud(endpoint)
    forget_sessions()


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def target(account: Account, cloud: Cloud) -> RecordTarget:
    made = RecordTarget.objects.create(
        name="Records", account=account, region=REGION, bucket="records",
        topic_arn=cloud.topic,
    )  # fmt: skip
    RecordTarget.objects.update(created_at=NOW - timedelta(days=1))
    return made


@pytest.fixture
def violation(account: Account) -> Violation:
    rule = ComplianceRule.objects.create(
        slug="incoming-ssh-disabled", title="No SSH from everywhere",
        kind=ComplianceRule.Kind.MANAGED, identifier="INCOMING_SSH_DISABLED",
        resource_types=["AWS::EC2::SecurityGroup"], severity="high",
    )  # fmt: skip
    resource = Resource.objects.create(
        account=ACCOUNT, region=REGION, type="AWS::EC2::SecurityGroup",
        resource_id=GROUP, name="catalog", source="config", captured_at=NOW,
        first_seen_at=NOW,
    )  # fmt: skip
    return Violation.objects.create(
        rule=rule, resource=resource, account=ACCOUNT, region=REGION,
        reason="0.0.0.0/0 may reach port 22.", opened_at=NOW, seen_at=NOW,
        cause_event_id="e-1", cause_event="AuthorizeSecurityGroupIngress",
        cause_actor="anna", cause_at=NOW,
    )  # fmt: skip


def publish(now: datetime = NOW) -> None:
    publishing.note_new(now)
    for record_id in publishing.due(now):
        publishing.publish(record_id, lambda: now)


def test_violation_is_written_to_the_bucket_and_told_to_the_topic(
    cloud: Cloud, target: RecordTarget, violation: Violation
) -> None:
    publish()

    key = f"violations/{ACCOUNT}/{REGION}/2026/11/01/{violation.pk}-opened.json"
    record = cloud.object(key)
    assert record["rule"]["identifier"] == "INCOMING_SSH_DISABLED"
    assert record["resource"]["id"] == GROUP
    assert record["cause"]["actor"] == "anna"
    assert record["openedAt"] == "2026-11-01T12:00:00.000Z"
    assert record["resolvedAt"] is None
    assert cloud.waiting() == 1


def test_resolution_is_a_record_of_its_own(
    cloud: Cloud, target: RecordTarget, violation: Violation
) -> None:
    publish()
    Violation.objects.update(resolved_at=NOW + timedelta(minutes=5))
    publish(NOW + timedelta(minutes=6))
    publish(NOW + timedelta(minutes=7))

    assert [key.rsplit("-", 1)[1] for key in sorted(cloud.keys())] == [
        "opened.json",
        "resolved.json",
    ]
    assert cloud.waiting() == 2


def test_what_the_bucket_refuses_is_tried_again_and_said(
    cloud: Cloud, target: RecordTarget, violation: Violation
) -> None:
    RecordTarget.objects.update(bucket="not-there")
    publish()
    target.refresh_from_db()
    assert "NoSuchBucket" in target.problem
    assert cloud.waiting() == 0

    RecordTarget.objects.update(bucket="records")
    publish(NOW + timedelta(minutes=1))

    target.refresh_from_db()
    assert target.problem == ""
    assert ViolationRecord.objects.get().done_at is not None
    assert len(cloud.keys()) == 1


def test_worker_that_died_after_the_object_writes_no_second_and_tells_once(
    cloud: Cloud, target: RecordTarget, violation: Violation
) -> None:
    publishing.note_new(NOW)
    ViolationRecord.objects.update(
        stored_at=NOW, claimed_until=NOW + timedelta(seconds=90)
    )
    publish(NOW + timedelta(seconds=60))
    assert cloud.waiting() == 0, "the other may still be at it"

    publish(NOW + timedelta(seconds=91))

    assert cloud.waiting() == 1
    assert cloud.keys() == []


def test_messages_become_requests_each_once(
    cloud: Cloud, target: RecordTarget, violation: Violation, account: Account
) -> None:
    queue = RepairQueue.objects.create(
        name="Repairs", account=account, region=REGION, queue_url=cloud.queue
    )
    publish()
    (message,) = cloud.sqs.receive_message(QueueUrl=cloud.queue, VisibilityTimeout=0)[
        "Messages"
    ]
    for _ in range(2):
        cloud.sqs.send_message(QueueUrl=cloud.queue, MessageBody=message["Body"])
    cloud.sqs.send_message(QueueUrl=cloud.queue, MessageBody="what is this")

    receiving.receive(queue.pk, clock)

    (request,) = RepairRequest.objects.all()
    assert request.violation == violation
    assert request.times == 3
    queue.refresh_from_db()
    assert "1 messages of the queue were left in it" in queue.problem


def test_request_about_an_account_that_is_not_connected_is_refused(
    cloud: Cloud, account: Account
) -> None:
    queue = RepairQueue.objects.create(
        name="Repairs", account=account, region=REGION, queue_url=cloud.queue
    )
    request = RepairRequest.objects.create(
        digest="d", queue=queue, origin="config", account="999999999999",
        region=REGION, resource_type="AWS::EC2::SecurityGroup", resource_id=GROUP,
        rule="restricted-ssh", received_at=NOW, due_at=NOW,
    )  # fmt: skip

    answering.answer(request.pk, clock)

    request.refresh_from_db()
    assert request.answer == "Account 999999999999 is not connected here."
    assert answering.due(NOW) == []
