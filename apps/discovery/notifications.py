"""What a queue may hold when a CloudTrail log file was delivered: seven shapes.

1. CloudTrail to SNS to SQS: {"s3Bucket": ..., "s3ObjectKey": [...]} inside SNS.
2. S3 to SQS: {"Records": [{"eventSource": "aws:s3", ...}]}, keys URL-encoded.
3. S3 to SNS to SQS: the second inside SNS.
4. S3 to EventBridge to SQS: {"detail": {"bucket": ..., "object": ...}}.
5. Raw message delivery: the first or third without the SNS envelope.
6. The text `CloudTrail validation message.`, which is no JSON.
7. {"Event": "s3:TestEvent"}.

A message is told by its shape and never by configuration: people put a topic in
between, or take it out, without telling anyone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

_VALIDATION = "CloudTrail validation message."
# Amazon S3 user guide, "naming objects": 1,024 bytes of UTF-8.
_LONGEST_KEY = 1_024
_CREATED_DETAIL = "Object Created"
_CREATED = ("ObjectCreated", "s3:ObjectCreated")


@dataclass(frozen=True, slots=True)
class ObjectNotice:
    """An object that was delivered. `size` in bytes is 0 where nobody said."""

    bucket: str
    key: str
    size: int = 0


class UnknownNotice(ValueError):
    """A message of no known shape; it must stay in the queue's dead letters."""


def read_notice(body: str) -> list[ObjectNotice]:
    """The objects a message announces; none for test and validation messages.

    Raises UnknownNotice for anything that is none of the seven shapes.
    """
    if body.strip().strip('"') == _VALIDATION:
        return []
    message = _json_object(body)
    if isinstance(message.get("Message"), str) and "TopicArn" in message:
        return read_notice(message["Message"])
    return list(_notices(message))


def _notices(message: Mapping[str, Any]) -> Iterator[ObjectNotice]:
    if "s3Bucket" in message:
        yield from _from_cloudtrail(message)
    elif isinstance(message.get("Records"), list):
        for record in message["Records"]:
            yield from _from_s3(record)
    elif isinstance(message.get("detail"), Mapping):
        if message.get("detail-type", _CREATED_DETAIL) == _CREATED_DETAIL:
            yield _from_eventbridge(message["detail"])
    elif message.get("Event") != "s3:TestEvent":
        raise UnknownNotice(
            f"a message with {', '.join(sorted(message)[:8]) or 'nothing'}"
        )


def _from_cloudtrail(message: Mapping[str, Any]) -> Iterator[ObjectNotice]:
    keys = message.get("s3ObjectKey")
    for key in keys if isinstance(keys, list) else [keys]:
        yield _notice(message["s3Bucket"], key, 0)


def _from_s3(record: object) -> Iterator[ObjectNotice]:
    """Version 2.x of S3's notifications; versions to come may only add fields."""
    if not isinstance(record, Mapping) or not isinstance(record.get("s3"), Mapping):
        raise UnknownNotice("a record without s3")
    if not str(record.get("eventName", "ObjectCreated")).startswith(_CREATED):
        return
    bucket, item = record["s3"].get("bucket"), record["s3"].get("object")
    if not isinstance(bucket, Mapping) or not isinstance(item, Mapping):
        raise UnknownNotice("a record without bucket or object")
    key = item.get("key")
    plain = unquote_plus(key) if isinstance(key, str) else key
    yield _notice(bucket.get("name"), plain, item.get("size"))


def _from_eventbridge(detail: Mapping[str, Any]) -> ObjectNotice:
    bucket, item = detail.get("bucket"), detail.get("object")
    if not isinstance(bucket, Mapping) or not isinstance(item, Mapping):
        raise UnknownNotice("an event without bucket or object")
    return _notice(bucket.get("name"), item.get("key"), item.get("size"))


def _notice(bucket: object, key: object, size: object) -> ObjectNotice:
    if not isinstance(bucket, str) or not isinstance(key, str) or not bucket or not key:
        raise UnknownNotice("a notification without a bucket and a key")
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise UnknownNotice(f"a notification of a key that no log has: {key[:60]!r}")
    return ObjectNotice(bucket, key, size if isinstance(size, int) else 0)


def _json_object(body: str) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnknownNotice(f"a message that is no JSON: {body[:60]!r}") from error
    if not isinstance(value, Mapping):
        raise UnknownNotice(f"a message that is no JSON object: {body[:60]!r}")
    return value
