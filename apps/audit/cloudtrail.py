"""The door to CloudTrail's data: buckets, queues and LookupEvents.

PERMISSIONS names every action used here; the IAM policy in the docs and `doctor`
are made from it.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from apps.audit.logfile import looked_up
from apps.audit.logrecords import Record
from apps.discovery.aws import Door, Target, explained
from apps.search.intake import Broken

PERMISSIONS = {
    "bucket": ("s3:GetObject", "s3:ListBucket"),
    "queue": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    "lookup": ("cloudtrail:LookupEvents",),
}

_CHUNK_BYTES = 1 << 20
_MESSAGES = 10
_LONG_POLL_SECONDS = 5
_LOOKUP_PAGE = 50


@dataclass(frozen=True, slots=True)
class ListedObject:
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a queue; `receipt` deletes it."""

    body: str
    receipt: str


class Bucket:
    """Objects of one S3 bucket."""

    def __init__(self, target: Target, name: str) -> None:
        self._door = Door(target, "s3")
        self._name = name

    def folders(self, prefix: str) -> list[str]:
        """The folders directly below a prefix, which ends in a slash or is empty."""
        pages = self._door.pages(
            "list_objects_v2", Bucket=self._name, Prefix=prefix, Delimiter="/"
        )
        return [
            folder["Prefix"]
            for page in pages
            for folder in page.get("CommonPrefixes", ())
        ]

    def objects(self, prefix: str) -> Iterator[ListedObject]:
        for page in self._door.pages(
            "list_objects_v2", Bucket=self._name, Prefix=prefix
        ):
            for item in page.get("Contents", ()):
                yield ListedObject(item["Key"], item["Size"])

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of an object as they come in. Raises AwsGone without it."""
        answer = self._door.call("get_object", Bucket=self._name, Key=key)
        with explained(f"s3.get_object of {key}"), closing(answer["Body"]) as body:
            yield from body.iter_chunks(_CHUNK_BYTES)


class Queue:
    """Messages of one SQS queue."""

    def __init__(self, target: Target, url: str) -> None:
        self._door = Door(target, "sqs")
        self._url = url

    def receive(self) -> list[Message]:
        """Up to ten messages; waits a few seconds for the first."""
        answer = self._door.call(
            "receive_message",
            QueueUrl=self._url,
            MaxNumberOfMessages=_MESSAGES,
            WaitTimeSeconds=_LONG_POLL_SECONDS,
        )
        return [
            Message(message["Body"], message["ReceiptHandle"])
            for message in answer.get("Messages", ())
        ]

    def delete(self, message: Message) -> None:
        self._door.call(
            "delete_message", QueueUrl=self._url, ReceiptHandle=message.receipt
        )

    def waiting(self) -> int:
        """About how many messages wait."""
        answer = self._door.call(
            "get_queue_attributes",
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


class Lookup:
    """Management events of the last 90 days, two requests a second."""

    def __init__(self, target: Target) -> None:
        self._door = Door(target, "cloudtrail")

    def pages(
        self, since: datetime, until: datetime
    ) -> Iterator[list[Record | Broken]]:
        """Events between two times, both included, newest first, 50 a page.

        A page may be empty and not the last: only the token tells.
        """
        token: dict[str, str] = {}
        while True:
            answer = self._door.call(
                "lookup_events",
                StartTime=since,
                EndTime=until,
                MaxResults=_LOOKUP_PAGE,
                **token,
            )
            yield [
                one for event in answer.get("Events", ()) for one in looked_up(event)
            ]
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}
