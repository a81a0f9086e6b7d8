"""The seven shapes a queue may hold, and what is none of them."""

import json
from typing import Any

import pytest

from apps.discovery.notifications import ObjectNotice, UnknownNotice, read_notice

KEY = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/07/01/a file+.json.gz"
ENCODED = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/07/01/a+file%2B.json.gz"
CLOUDTRAIL = {"s3Bucket": "logs", "s3ObjectKey": [KEY]}
S3 = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "logs"},
                "object": {"key": ENCODED, "size": 1024},
            },
        }
    ]
}
EVENTBRIDGE = {
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "logs"}, "object": {"key": KEY, "size": 1024}},
}


def in_sns(message: object) -> str:
    text = message if isinstance(message, str) else json.dumps(message)
    return json.dumps(
        {"Type": "Notification", "TopicArn": "arn:aws:sns:eu:1:t", "Message": text}
    )


@pytest.mark.parametrize(
    ("body", "size"),
    [
        (in_sns(CLOUDTRAIL), 0),
        (json.dumps(S3), 1024),
        (in_sns(S3), 1024),
        (json.dumps(EVENTBRIDGE), 1024),
        (json.dumps(CLOUDTRAIL), 0),
    ],
    ids=["CloudTrail by SNS", "S3", "S3 by SNS", "EventBridge", "raw delivery"],
)
def test_announces_an_object(body: str, size: int) -> None:
    assert read_notice(body) == [ObjectNotice("logs", KEY, size)]


@pytest.mark.parametrize(
    "body",
    [
        "CloudTrail validation message.",
        in_sns("CloudTrail validation message."),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
        in_sns({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
        json.dumps({"Records": []}),
    ],
)
def test_announces_nothing(body: str) -> None:
    assert read_notice(body) == []


def test_several_objects_in_one_message() -> None:
    body = json.dumps({"s3Bucket": "logs", "s3ObjectKey": ["a", "b"]})

    assert [notice.key for notice in read_notice(body)] == ["a", "b"]


def test_an_object_that_was_removed_is_none() -> None:
    removed = json.loads(json.dumps(S3))
    removed["Records"][0]["eventName"] = "ObjectRemoved:Delete"

    assert read_notice(json.dumps(removed)) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"detail": {}}',
        '{"Records": [{}]}',
        '{"Records": [{"s3": {"bucket": {}, "object": {}}}]}',
        '{"s3Bucket": "b"}',
        '{"s3Bucket": 5, "s3ObjectKey": ["k"]}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(UnknownNotice):
        read_notice(body)


def test_an_envelope_in_an_envelope_is_opened() -> None:
    body: Any = CLOUDTRAIL
    for _ in range(3):
        body = in_sns(body)

    assert read_notice(body) == [ObjectNotice("logs", KEY)]
