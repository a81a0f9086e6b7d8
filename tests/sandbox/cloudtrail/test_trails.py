"""Trails deliver what they were asked for, where, and say how it went."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.cloudtrail.conftest import BUCKET, Delivered
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.test_identity import refused

PassTime = Callable[[float], None]


def keys(client: Client) -> list[str]:
    listed = client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [item["Key"] for item in listed]


def test_a_call_arrives_in_the_bucket(
    trail: Any, client: Client, pass_time: PassTime, delivered: Delivered
) -> None:
    client("sqs").create_queue(QueueName="orders")

    pass_time(5)

    (record,) = delivered("CreateQueue")
    assert record["requestParameters"]["queueName"] == "orders"
    assert trail.get_trail_status(Name="shop")["LatestDeliveryTime"].timestamp() == (
        NOW + 5
    )


def test_files_are_named_as_aws_names_them(
    trail: Any, client: Client, pass_time: PassTime
) -> None:
    client("sqs").create_queue(QueueName="orders")

    pass_time(5)

    (key,) = [key for key in keys(client) if f"/{HOME_REGION}/" in key]
    folder, name = key.rsplit("/", 1)
    assert folder == f"AWSLogs/111122223333/CloudTrail/{HOME_REGION}/2026/09/21"
    start = f"111122223333_CloudTrail_{HOME_REGION}_20260921T1413Z_"
    assert name.startswith(start)
    assert name.endswith(".json.gz")
    assert len(name) == len(start) + 16 + len(".json.gz")


def test_a_trail_of_one_region_leaves_the_others_out(
    trail: Any, client: Client, pass_time: PassTime, delivered: Delivered
) -> None:
    trail.update_trail(Name="shop", IsMultiRegionTrail=False)
    client("sqs").create_queue(QueueName="here")
    client("sqs", region="us-east-1").create_queue(QueueName="there")

    pass_time(5)

    names = [r["requestParameters"]["queueName"] for r in delivered("CreateQueue")]
    assert names == ["here"]


def test_a_trail_hears_nothing_of_other_accounts(
    trail: Any, client: Client, pass_time: PassTime, delivered: Delivered
) -> None:
    client("sqs", PAYMENTS).create_queue(QueueName="theirs")

    pass_time(5)

    assert delivered("CreateQueue") == []


def test_a_stopped_trail_delivers_its_end_and_no_more(
    trail: Any, client: Client, pass_time: PassTime, delivered: Delivered
) -> None:
    trail.stop_logging(Name="shop")
    client("sqs").create_queue(QueueName="unseen")

    pass_time(5)

    assert len(delivered("StopLogging")) == 1
    assert delivered("CreateQueue") == []
    assert trail.get_trail_status(Name="shop")["IsLogging"] is False


def test_selectors_leave_reads_out(
    trail: Any, signed: Client, user: Any, pass_time: PassTime, delivered: Delivered
) -> None:
    trail.put_event_selectors(
        TrailName="shop",
        EventSelectors=[{"ReadWriteType": "WriteOnly"}],
    )
    everything = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
        }
    )
    signed("sqs", user("anna", everything)).list_queues()

    pass_time(5)

    assert delivered("ListQueues") == []
    assert len(delivered("CreateUser")) == 1


def test_a_topic_hears_of_each_file(
    trail: Any, client: Client, pass_time: PassTime
) -> None:
    topic = client("sns").create_topic(Name="trail")["TopicArn"]
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="news")["QueueUrl"]
    client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{HOME_REGION}:111122223333:news",
    )
    trail.update_trail(Name="shop", SnsTopicName="trail")

    pass_time(5)

    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    notices = [
        json.loads(json.loads(m["Body"])["Message"]) for m in received["Messages"]
    ]
    said = [key for notice in notices for key in notice["s3ObjectKey"]]
    assert sorted(said) == sorted(keys(client))
    assert {notice["s3Bucket"] for notice in notices} == {BUCKET}


def test_a_bucket_that_is_gone_is_said_in_the_status(
    trail: Any, client: Client, pass_time: PassTime
) -> None:
    client("s3").delete_bucket(Bucket=BUCKET)

    pass_time(5)

    status = trail.get_trail_status(Name="shop")
    assert status["LatestDeliveryError"] == "NoSuchBucket"


def test_a_file_may_come_late(
    trail: Any, client: Client, cloud: Cloud, pass_time: PassTime, delivered: Delivered
) -> None:
    cloud.faults.add(Fault(FaultKind.LATE, where="cloudtrail.files", seconds=60))
    client("sqs").create_queue(QueueName="orders")
    pass_time(5)
    assert delivered("CreateQueue") == []

    pass_time(60)

    assert len(delivered("CreateQueue")) == 1


def test_a_trail_needs_a_bucket(client: Client) -> None:
    code, _ = refused(client("cloudtrail").create_trail, Name="x", S3BucketName="none")

    assert code == "S3BucketDoesNotExistException"


def test_a_trail_needs_a_bucket_that_lets_it_write(client: Client, bucket: str) -> None:
    client("s3").delete_bucket_policy(Bucket=bucket)

    code, _ = refused(client("cloudtrail").create_trail, Name="x", S3BucketName=bucket)

    assert code == "InsufficientS3BucketPolicyException"


def test_a_trail_of_every_region_has_a_shadow_in_the_others(
    trail: Any, client: Client
) -> None:
    (shadow,) = client("cloudtrail", region="us-east-1").describe_trails()["trailList"]

    assert shadow["HomeRegion"] == HOME_REGION


@pytest.mark.parametrize("operation", ["get_trail", "start_logging", "delete_trail"])
def test_an_unknown_trail_is_said_to_be_unknown(client: Client, operation: str) -> None:
    code, _ = refused(getattr(client("cloudtrail"), operation), Name="none")

    assert code == "TrailNotFoundException"


def test_a_name_is_taken_once(trail: Any, bucket: str) -> None:
    code, _ = refused(trail.create_trail, Name="shop", S3BucketName=bucket)

    assert code == "TrailAlreadyExistsException"


def test_data_is_recorded_where_a_trail_asks_for_it(
    trail: Any, client: Client, pass_time: PassTime, delivered: Delivered
) -> None:
    s3 = client("s3")
    where = {"LocationConstraint": HOME_REGION}
    for bucket in ("asked", "not-asked"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    wanted = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::asked/"]}
    trail.put_event_selectors(
        TrailName="shop",
        EventSelectors=[{"ReadWriteType": "WriteOnly", "DataResources": [wanted]}],
    )
    for bucket in ("asked", "not-asked"):
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    s3.get_object(Bucket="asked", Key="a/b")

    pass_time(5)

    (record,) = delivered("PutObject")
    assert record["resources"][0]["ARN"] == "arn:aws:s3:::asked/a/b"
    assert record["managementEvent"] is False
    assert delivered("GetObject") == []


def test_data_is_not_in_the_event_history(trail: Any, client: Client) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="a", Body=b"x")

    names = [event["EventName"] for event in trail.lookup_events()["Events"]]

    assert "PutObject" not in names
