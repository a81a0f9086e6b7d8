"""The door to objects in buckets, and to the queues that announce them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from apps.discovery.aws import Door, Target, explained

PERMISSIONS = {
    "bucket": ("s3:GetObject", "s3:ListBucket"),
    "queue": ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
}

_CHUNK_BYTES = 1 << 20
_MESSAGES = 10
_LONG_POLL_SECONDS = 5


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
