"""Metric filters and subscription filters."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kernel.cloud import SHOP, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from sandbox.logs.filters import MetricFilter
from sandbox.logs.metrics import data_of, samples_of
from sandbox.logs.store import Row
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.logs.conftest import NOW_MS, Put

PassTime = Callable[[float], None]
STREAM = f"arn:aws:kinesis:eu-west-1:{SHOP}:stream/out"
ROLE = f"arn:aws:iam::{SHOP}:role/to-kinesis"


def metric_filter(logs: Any, pattern: str = "ERROR", **transformation: Any) -> None:
    to = {"metricName": "Errors", "metricNamespace": "Shop", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName="/shop",
        filterName="errors",
        filterPattern=pattern,
        metricTransformations=[{**to, **transformation}],
    )


def sums(client: Client, **asked: Any) -> list[float]:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="Shop",
        MetricName="Errors",
        StartTime=NOW - 600,
        EndTime=NOW + 600,
        Period=60,
        Statistics=["Sum"],
        **asked,
    )
    points = sorted(found["Datapoints"], key=lambda point: point["Timestamp"])
    return [point["Sum"] for point in points]


def row(message: str, ms: int = 0) -> Row:
    return Row(60_000 + ms, 0, 1, 1, message)


def test_matches_become_samples_of_their_minutes(
    client: Client, logs: Any, put: Put, pass_time: PassTime
) -> None:
    metric_filter(logs)
    put("ERROR a", "fine", "ERROR b", "ERROR c", at=[-120_000, -119_000, -118_000, 0])

    pass_time(1)

    assert sums(client) == [2.0, 1.0]


def test_values_are_taken_out_of_json_with_their_dimensions() -> None:
    to = MetricFilter(
        "f", "{ $.ms = * }", "M", "N", "$.ms", 0, None, "Milliseconds",
        {"Path": "$.path"},
    )  # fmt: skip
    rows = [
        row('{"ms": 5, "path": "/a"}'),
        row('{"ms": 5, "path": "/a"}', 59_999),
        row('{"ms": 7.5, "path": "/b"}', 60_000),
        row('{"ms": 1}'),
        row('{"ms": "slow", "path": "/a"}'),
    ]

    first, second = data_of(to, samples_of(to, rows).samples)

    assert (first["Timestamp"], first["Unit"]) == (60, "Milliseconds")
    assert (first["Values"], first["Counts"]) == ([5.0], [2.0])
    assert first["Dimensions"] == [{"Name": "Path", "Value": "/a"}]
    assert (second["Timestamp"], second["Values"]) == (120, [7.5])


def test_values_are_taken_out_of_columns() -> None:
    to = MetricFilter("f", "[..., size]", "M", "N", "$size", 0)

    (datum,) = data_of(to, samples_of(to, [row("a b 10"), row("c 20")]).samples)

    assert datum["Values"] == [10.0, 20.0]


def test_a_minute_with_events_but_no_match_gets_the_default(
    client: Client, logs: Any, put: Put, pass_time: PassTime
) -> None:
    metric_filter(logs, defaultValue=0)
    put("fine", "ERROR", at=[-120_000, -60_000])

    pass_time(121)
    pass_time(61)

    assert sums(client) == [0.0, 1.0]


def test_metric_filters_are_described_and_counted(logs: Any) -> None:
    metric_filter(logs, "{ $.a = 1 }", dimensions={"A": "$.a"})

    (found,) = logs.describe_metric_filters(
        metricName="Errors", metricNamespace="Shop"
    )["metricFilters"]

    assert (found["filterName"], found["filterPattern"]) == ("errors", "{ $.a = 1 }")
    assert found["metricTransformations"][0]["dimensions"] == {"A": "$.a"}
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    logs.delete_metric_filter(logGroupName="/shop", filterName="errors")
    assert logs.describe_metric_filters()["metricFilters"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": "{ $.a = "},
        {"metricValue": "many"},
        {"dimensions": {"A": "$.a"}},
        {"pattern": "{ $.a = 1 }", "dimensions": {"A": "$.a"}, "defaultValue": 0},
        {"pattern": "[a]", "dimensions": dict.fromkeys("ABCD", "$a")},
    ],
)
def test_metric_filters_that_aws_refuses(logs: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        metric_filter(logs, **wrong)


def test_five_filters_of_a_group_may_have_expressions(logs: Any) -> None:
    to = {"metricName": "M", "metricNamespace": "N", "metricValue": "1"}

    def put_one(n: int) -> None:
        logs.put_metric_filter(
            logGroupName="/shop",
            filterName=f"f{n}",
            filterPattern="%E[0-9]+%",
            metricTransformations=[to],
        )

    for n in range(5):
        put_one(n)
    put_one(0)
    with pytest.raises(ClientError, match="LimitExceeded"):
        put_one(5)


def test_a_pattern_is_tried_on_messages(logs: Any) -> None:
    found = logs.test_metric_filter(
        filterPattern="[w1=ERROR, code]",
        logEventMessages=["ERROR 500", "INFO 200", "ERROR 404"],
    )["matches"]

    assert [one["eventNumber"] for one in found] == [1, 3]
    assert found[1]["extractedValues"] == {"$w1": "ERROR", "$code": "404"}


@pytest.fixture
def kinesis(client: Client) -> Any:
    made = client("kinesis")
    made.create_stream(StreamName="out", ShardCount=1)
    return made


def subscribe(logs: Any, name: str = "out", pattern: str = "ERROR") -> None:
    logs.put_subscription_filter(
        logGroupName="/shop",
        filterName=name,
        filterPattern=pattern,
        destinationArn=STREAM,
        roleArn=ROLE,
    )


def arrived(kinesis: Any) -> list[dict[str, Any]]:
    shard = kinesis.list_shards(StreamName="out")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(
        StreamName="out", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=start)["Records"]
    return [json.loads(gzip.decompress(record["Data"])) for record in records]


def test_matching_events_arrive_with_the_ids_of_a_search(
    logs: Any, kinesis: Any, put: Put, pass_time: PassTime
) -> None:
    subscribe(logs)
    put("ERROR a", "fine")
    pass_time(1)

    _, envelope = arrived(kinesis)

    (event,) = logs.filter_log_events(logGroupName="/shop", filterPattern="ERROR")[
        "events"
    ]
    assert envelope == {
        "messageType": "DATA_MESSAGE",
        "owner": SHOP,
        "logGroup": "/shop",
        "logStream": "one",
        "subscriptionFilters": ["out"],
        "logEvents": [
            {"id": event["eventId"], "timestamp": NOW_MS, "message": "ERROR a"}
        ],
    }


def test_what_is_forwarded_is_counted(
    client: Client, logs: Any, kinesis: Any, put: Put, pass_time: PassTime
) -> None:
    subscribe(logs)
    put("ERROR one", "fine", "ERROR two")
    pass_time(1)
    names = {"LogGroupName": "/shop", "DestinationType": "Kinesis", "FilterName": "out"}

    answer = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Logs",
        MetricName="ForwardedLogEvents",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        StartTime=NOW - 300,
        EndTime=NOW + 300,
        Period=600,
        Statistics=["Sum"],
    )

    assert [point["Sum"] for point in answer["Datapoints"]] == [2.0]


def test_a_new_subscription_sends_a_control_message(logs: Any, kinesis: Any) -> None:
    subscribe(logs)

    (envelope,) = arrived(kinesis)

    assert envelope["messageType"] == "CONTROL_MESSAGE"
    assert envelope["logEvents"][0]["message"] == (
        "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
    )


def test_a_destination_that_does_not_answer_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError, match="Could not deliver test message"):
        subscribe(logs)

    assert not logs.describe_subscription_filters(logGroupName="/shop")[
        "subscriptionFilters"
    ]


def test_a_group_has_two_subscriptions(logs: Any, kinesis: Any) -> None:
    subscribe(logs, "a")
    subscribe(logs, "b")
    subscribe(logs, "b", "changed")

    with pytest.raises(ClientError, match="LimitExceeded"):
        subscribe(logs, "c")

    found = logs.describe_subscription_filters(logGroupName="/shop")
    assert [one["filterPattern"] for one in found["subscriptionFilters"]] == [
        "ERROR",
        "changed",
    ]


def test_deliveries_are_doubled_and_late_on_demand(
    cloud: Cloud, logs: Any, kinesis: Any, put: Put, pass_time: PassTime
) -> None:
    subscribe(logs)
    where = "logs.subscriptions"
    cloud.faults.add(Fault(FaultKind.DUPLICATE, where=where, count=1))
    cloud.faults.add(Fault(FaultKind.LATE, where=where, count=1, seconds=30))
    put("ERROR")

    pass_time(1)
    assert len(arrived(kinesis)) == 1
    pass_time(30)
    assert len(arrived(kinesis)) == 3


def test_a_destination_that_throttles_is_tried_again(
    cloud: Cloud, logs: Any, kinesis: Any, put: Put, pass_time: PassTime
) -> None:
    subscribe(logs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud.clients, "get", lambda *_: Throttles())
        put("ERROR")
        pass_time(1)
    assert len(arrived(kinesis)) == 1

    pass_time(61)

    assert len(arrived(kinesis)) == 2


class Throttles:
    """A stream that takes no more."""

    def put_record(self, **_: Any) -> None:
        said: Any = {
            "Error": {"Code": "ProvisionedThroughputExceededException"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        raise ClientError(said, "PutRecord")


def test_firehose_gets_the_same_envelope(
    client: Client, logs: Any, put: Put, pass_time: PassTime
) -> None:
    s3 = client("s3")
    s3.create_bucket(
        Bucket="logs-out", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client("firehose").create_delivery_stream(
        DeliveryStreamName="out",
        S3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::logs-out",
        },
    )
    logs.put_subscription_filter(
        logGroupName="/shop",
        filterName="f",
        filterPattern="",
        destinationArn=f"arn:aws:firehose:eu-west-1:{SHOP}:deliverystream/out",
        roleArn=ROLE,
    )
    put("hello")
    pass_time(1)

    bodies = [
        s3.get_object(Bucket="logs-out", Key=one["Key"])["Body"].read()
        for one in s3.list_objects_v2(Bucket="logs-out")["Contents"]
    ]
    envelopes = [json.loads(gzip.decompress(_unwrapped(body))) for body in bodies]
    kinds = {one["messageType"] for one in envelopes}
    assert kinds == {"CONTROL_MESSAGE", "DATA_MESSAGE"}


def _unwrapped(body: bytes) -> bytes:
    """moto may hand records on in base64."""
    return body if body[:2] == b"\x1f\x8b" else base64.b64decode(body)
