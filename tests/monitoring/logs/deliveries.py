"""The other ways of log events in a sandbox: Kinesis, Firehose and files in S3."""

from __future__ import annotations

import base64
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from django.test import Client

from apps.monitoring.logs import collecting
from apps.monitoring.logs.keys import new_key
from apps.monitoring.models import LogSource
from apps.search import store
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.factories import gzipped
from tests.monitoring.logs.world import World

STREAM, ARCHIVE, EXPORTS = "logs", "archive", "exports"


def source(world: World, kind: str, **fields: Any) -> LogSource:
    named = {"name": kind, "account": world.scope.account, "region": HOME_REGION}
    return LogSource.objects.create(kind=kind, **{**named, **fields})


def a_stream(world: World, client: Any, shards: int = 1) -> Any:
    """A stream of Kinesis, and the source that reads it."""
    made = client("kinesis")
    made.create_stream(StreamName=STREAM, ShardCount=shards)
    source(world, "kinesis", stream=STREAM)
    return made


def subscribe(client: Any, group: str, name: str = "all", to: str = "") -> None:
    client("logs").put_subscription_filter(
        logGroupName=group,
        filterName=name,
        filterPattern="",
        destinationArn=to or f"arn:aws:kinesis:{HOME_REGION}:{SHOP}:stream/{STREAM}",
        roleArn=f"arn:aws:iam::{SHOP}:role/logs",
    )


def collect(world: World, *kinds: str) -> None:
    """What a worker does when the clock ticks."""
    for source_id in collecting.due_sources(world.now()):
        if not kinds or LogSource.objects.filter(pk=source_id, kind__in=kinds).exists():
            collecting.collect(source_id, store.engine(), world.now)


def a_bucket(client: Any, name: str) -> Any:
    s3 = client("s3")
    where = {"LocationConstraint": HOME_REGION}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return s3


def firehose_into(client: Any, bucket: str, prefix: str = "") -> str:
    """The ARN of a Firehose that puts what it gets into files of a bucket."""
    made = client("firehose").create_delivery_stream(
        DeliveryStreamName="to-s3",
        S3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{SHOP}:role/firehose",
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": prefix,
        },
    )
    arn: str = made["DeliveryStreamARN"]
    return arn


def export(world: World, s3: Any, group: str, prefix: str = "shop") -> None:
    """What CreateExportTask writes: for each stream a file of lines with their times,
    which tell neither group nor id."""
    task = f"{prefix}/{uuid4()}"
    s3.put_object(Bucket=EXPORTS, Key=f"{prefix}/aws-logs-write-test", Body=b"Success")
    lines = defaultdict[str, list[tuple[int, str]]](list)
    for (name, stream, time_ms, message), count in world.events().items():
        if name == group:
            lines[stream] += [(time_ms, message)] * count
    for stream, told in lines.items():
        text = "".join(f"{_moment(at)} {message}\n" for at, message in sorted(told))
        key = f"{task}/{stream.replace('/', '-')}/000000.gz"
        s3.put_object(Bucket=EXPORTS, Key=key, Body=gzipped(text.encode()))


def announce(client: Any, queue: str, bucket: str, *keys: str) -> None:
    """S3's notice of each object, in a message of its own."""
    for key in keys:
        item = {"bucket": {"name": bucket}, "object": {"key": quote(key), "size": 1}}
        said = {"eventName": "ObjectCreated:Put", "s3": item}
        body = json.dumps({"Records": [said]})
        client("sqs").send_message(QueueUrl=queue, MessageBody=body)


def keys(s3: Any, bucket: str) -> list[str]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return [one["Key"] for one in listed]


def _moment(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms // 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1_000:03d}Z"


@dataclass
class Firehose:
    """Firehose reading a stream of Kinesis and posting to Trailmap: whatever is not
    answered with 200 is posted again, and some of what is."""

    stream: Any
    source: LogSource
    chance: random.Random
    waiting: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _iterator: str = ""
    _key: str = ""

    def __post_init__(self) -> None:
        self._key = new_key(self.source, datetime.now(UTC))
        (shard,) = self.stream.list_shards(StreamName=STREAM)["Shards"]
        self._iterator = self.stream.get_shard_iterator(
            StreamName=STREAM,
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]

    def take(self) -> None:
        """What came to the stream since, in requests of some records."""
        found = self.stream.get_records(ShardIterator=self._iterator)
        self._iterator = found["NextShardIterator"]
        records = [base64.b64encode(one["Data"]).decode() for one in found["Records"]]
        for at in range(0, len(records), 3):
            self.waiting.append(self._request(records[at : at + 3]))

    def _request(self, records: list[str]) -> bytes:
        said = [{"data": one} for one in records]
        return json.dumps(
            {"requestId": str(uuid4()), "timestamp": 1, "records": said}
        ).encode()

    def post(self) -> None:
        for body in list(self.waiting):
            headers = {
                "X-Amz-Firehose-Access-Key": self._key,
                "X-Amz-Firehose-Request-Id": json.loads(body)["requestId"],
            }
            answer = Client().post(
                f"/ingest/firehose/{self.source.pk}",
                body,
                content_type="application/json",
                headers=headers,
            )
            self.answers.append(answer.status_code)
            if answer.status_code == 200 and self.chance.random() < 0.8:
                self.waiting.remove(body)
