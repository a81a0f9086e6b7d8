"""Reads queues for functions and deletes what they have done.

Source: Lambda Developer Guide, "Using Lambda with Amazon SQS".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.functions import catalog
from sandbox.functions.runner import Ran
from sandbox.kernel.cloud import Cloud

log = logging.getLogger(__name__)

Run = Callable[[tuple[str, str], str, bytes], Ran]
Background = Callable[[Callable[[], None]], None]


class Poller:
    def __init__(self, cloud: Cloud, run: Run, in_background: Background) -> None:
        self._cloud = cloud
        self._run = run
        self._in_background = in_background

    def look(self, now: float) -> None:
        """Give what waits in each queue to its function."""
        for mapping in catalog.mappings():
            try:
                self._take(mapping)
            except ClientError as error:
                log.info("%s cannot be read: %s", mapping.queue_arn, error)

    def _take(self, mapping: catalog.Mapping) -> None:
        sqs, url = self._queue(mapping)
        messages = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=mapping.batch,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages")
        if messages:
            self._in_background(lambda: self._give(mapping, messages))

    def _queue(self, mapping: catalog.Mapping) -> tuple[Any, str]:
        _, _, _, region, account, name = mapping.queue_arn.split(":", 5)
        sqs = self._cloud.client("sqs", account, region, "lambda.amazonaws.com")
        return sqs, sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def _give(self, mapping: catalog.Mapping, messages: list[Any]) -> None:
        records = [_record(message, mapping) for message in messages]
        payload = json.dumps({"Records": records}).encode()
        ran = self._run(mapping.place, mapping.function_arn, payload)
        if ran.is_error:
            return  # they come back when their visibility timeout is over
        known = {str(one["MessageId"]) for one in messages}
        kept = _failed(ran, known) if mapping.reports_failures else set()
        done = [one for one in messages if one["MessageId"] not in kept]
        self._delete(mapping, done)

    def _delete(self, mapping: catalog.Mapping, done: Iterable[Any]) -> None:
        sqs, url = self._queue(mapping)
        for message in done:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _record(message: Any, mapping: catalog.Mapping) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "dataType": value["DataType"],
            }
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.queue_arn,
        "awsRegion": mapping.place[1],
    }


def _failed(ran: Ran, known: set[str]) -> set[str]:
    """The messages the function says it could not do; all of them if it cannot be
    understood, as "Reporting batch item failures" has it."""
    answer = json.loads(ran.payload)
    try:
        failures = answer["batchItemFailures"] if answer else None
        failed = {one["itemIdentifier"] for one in failures or ()}
    except (KeyError, TypeError):
        return known
    return failed if failed.issubset(known) else known
