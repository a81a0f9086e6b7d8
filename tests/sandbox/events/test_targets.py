"""What each kind of target receives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP
from tests.sandbox.cloudtrail.conftest import bucket_policy
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.ecs.test_ecs import a_definition
from tests.sandbox.events.test_events import (
    ORDERS,
    a_queue,
    a_rule,
    bodies,
    put,
    records,
)
from tests.sandbox.ssm.automations import a_document, api
from tests.sandbox.test_identity import policy

Pass = Callable[[float], None]


def arn_of(service: str, resource: str, account: str = SHOP) -> str:
    return f"arn:aws:{service}:{HOME_REGION}:{account}:{resource}"


def test_a_log_group_gets_the_event_as_a_line_of_its_own(
    client: Client, pass_time: Pass
) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/events")
    a_rule(client, ORDERS, {"Arn": arn_of("logs", "log-group:/events:*")})

    put(client, {"id": 7})
    put(client, {"id": 8})
    pass_time(0)

    found = logs.filter_log_events(logGroupName="/events")["events"]
    details = [json.loads(line["message"])["detail"]["id"] for line in found]
    assert sorted(details) == [7, 8]
    assert {line["timestamp"] for line in found} == {round(NOW * 1_000)}
    assert len({line["logStreamName"] for line in found}) == 2


def test_a_delivery_stream_puts_the_event_in_its_bucket(
    client: Client, pass_time: Pass
) -> None:
    s3 = client("s3")
    place = {"LocationConstraint": HOME_REGION}
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration=place)
    to = {
        "RoleARN": f"arn:aws:iam::{SHOP}:role/lake",
        "BucketARN": "arn:aws:s3:::lake",
    }
    client("firehose").create_delivery_stream(
        DeliveryStreamName="lake", ExtendedS3DestinationConfiguration=to
    )
    a_rule(client, ORDERS, {"Arn": arn_of("firehose", "deliverystream/lake")})

    put(client, {"id": 7})
    pass_time(0)

    (found,) = s3.list_objects_v2(Bucket="lake")["Contents"]
    body = s3.get_object(Bucket="lake", Key=found["Key"])["Body"].read()
    assert json.loads(body)["detail"] == {"id": 7}


def test_a_state_machine_starts_with_the_event_as_its_input(
    client: Client, pass_time: Pass
) -> None:
    machines = client("stepfunctions")
    steps = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    made = machines.create_state_machine(
        name="orders",
        definition=json.dumps(steps),
        roleArn=f"arn:aws:iam::{SHOP}:role/orders",
    )["stateMachineArn"]
    a_rule(client, ORDERS, {"Arn": made, "InputPath": "$.detail"})

    put(client, {"id": 7})
    pass_time(0)

    (run,) = machines.list_executions(stateMachineArn=made)["executions"]
    told = machines.describe_execution(executionArn=run["executionArn"])
    assert json.loads(told["input"]) == {"id": 7}


def test_a_task_runs_with_the_overrides_of_the_input(
    client: Client, pass_time: Pass
) -> None:
    ecs = client("ecs")
    cluster = ecs.create_cluster(clusterName="shop")["cluster"]["clusterArn"]
    vpc = {"awsvpcConfiguration": {"Subnets": ["subnet-a"]}}
    run = {
        "TaskDefinitionArn": a_definition(client),
        "TaskCount": 2,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": vpc,
    }
    over = {"containerOverrides": [{"name": "app", "command": ["report", "7"]}]}
    a_rule(
        client,
        ORDERS,
        {"Arn": cluster, "EcsParameters": run, "Input": json.dumps(over)},
    )

    put(client, {"id": 7})
    pass_time(0)

    arns = ecs.list_tasks(cluster="shop")["taskArns"]
    tasks = ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
    overrides = [task["overrides"]["containerOverrides"] for task in tasks]
    assert overrides == [over["containerOverrides"]] * 2
    assert {task["startedBy"] for task in tasks} == {"events-rule/rule"}


def test_an_automation_gets_its_parameters_from_the_event(
    client: Client, pass_time: Pass
) -> None:
    step = api("make", "sqs", "CreateQueue", QueueName="order-{{ Id }}")
    a_document(client, step, parameters={"Id": {"type": "String"}})
    transformer = {
        "InputPathsMap": {"id": "$.detail.id"},
        "InputTemplate": '{"Id": ["<id>"]}',
    }
    arn = arn_of("ssm", "automation-definition/Own:1")
    a_rule(client, ORDERS, {"Arn": arn, "InputTransformer": transformer})

    put(client, {"id": 7})
    for _ in range(2):
        pass_time(0)

    assert client("sqs").get_queue_url(QueueName="order-7")
    ssm = client("ssm")
    (run,) = ssm.describe_automation_executions()["AutomationExecutionMetadataList"]
    assert run["DocumentVersion"] == "1"


def test_a_fifo_queue_gets_the_group_and_no_event_twice(
    client: Client, pass_time: Pass
) -> None:
    fifo = {"FifoQueue": "true"}
    client("sqs").create_queue(QueueName="orders.fifo", Attributes=fifo)
    group = {"MessageGroupId": "orders"}
    target = {"Arn": arn_of("sqs", "orders.fifo"), "SqsParameters": group}
    a_rule(client, ORDERS, target)

    event_id = put(client, {"id": 7})["Entries"][0]["EventId"]
    pass_time(0)

    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="orders.fifo")["QueueUrl"]
    (found,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert found["Attributes"]["MessageGroupId"] == "orders"
    assert found["Attributes"]["MessageDeduplicationId"] == event_id


@pytest.mark.parametrize(
    ("given", "key"),
    [({"PartitionKeyPath": "$.detail.shop"}, "north"), ({}, None)],
)
def test_a_stream_is_keyed_by_a_part_of_the_event_or_its_id(
    client: Client, pass_time: Pass, given: dict[str, str], key: str | None
) -> None:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    target = {"Arn": arn_of("kinesis", "stream/stream"), "KinesisParameters": given}
    a_rule(client, ORDERS, target if given else {"Arn": target["Arn"]})

    event_id = put(client, {"shop": "north"})["Entries"][0]["EventId"]
    pass_time(0)

    shard = kinesis.list_shards(StreamName="stream")["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(
        StreamName="stream", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=start)["Records"]
    assert record["PartitionKey"] == (key or event_id)
    assert records(client, "stream")[0]["detail"] == {"shop": "north"}


def test_a_bus_of_another_account_hears_the_event_as_it_was(
    client: Client, pass_time: Pass
) -> None:
    theirs = client("events", PAYMENTS)
    theirs.create_event_bus(Name="in")
    theirs.put_rule(Name="all", EventBusName="in", EventPattern=ORDERS)
    target = {"Id": "one", "Arn": a_queue(client, "heard", PAYMENTS)}
    theirs.put_targets(Rule="all", EventBusName="in", Targets=[target])
    a_rule(client, ORDERS, {"Arn": arn_of("events", "event-bus/in", PAYMENTS)})

    event_id = put(client, {"id": 7})["Entries"][0]["EventId"]
    pass_time(0)
    pass_time(0)

    (event,) = bodies(client, "heard", PAYMENTS)
    assert (event["id"], event["account"]) == (event_id, SHOP)


def test_five_targets_of_a_rule_all_hear_it(client: Client, pass_time: Pass) -> None:
    client("events").put_rule(Name="rule", EventPattern=ORDERS)
    targets = [{"Id": n, "Arn": a_queue(client, f"queue-{n}")} for n in "abcde"]
    client("events").put_targets(Rule="rule", Targets=targets)

    put(client, {"id": 7})
    pass_time(0)

    heard = [len(bodies(client, f"queue-{n}")) for n in "abcde"]
    assert heard == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("state", ["removed", "disabled"])
def test_a_target_hears_nothing_any_more(
    client: Client, pass_time: Pass, state: str
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    if state == "removed":
        client("events").remove_targets(Rule="rule", Ids=["one"])
    else:
        client("events").disable_rule(Name="rule")

    put(client, {"id": 7})
    pass_time(0)

    assert bodies(client, "queue") == []


@pytest.fixture
def anns(signed: Client, user: Callable[..., Any]) -> Client:
    """A person's clients; what services only read CloudTrail leaves out."""
    keys = user("ann", policy("ecs:*"))
    return lambda service: signed(service, keys)


def an_api_call_rule(client: Client, **more: Any) -> None:
    pattern = {
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["ecs.amazonaws.com"]},
    }
    a_rule(client, json.dumps(pattern), {"Arn": a_queue(client, "calls")}, **more)


def a_trail(client: Client) -> None:
    s3 = client("s3", region="us-east-1")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(Bucket="trails", Policy=bucket_policy("trails"))
    trails = client("cloudtrail")
    trails.create_trail(Name="all", S3BucketName="trails", IsMultiRegionTrail=True)
    trails.start_logging(Name="all")


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("ENABLED", ["CreateCluster"]),
        (
            "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
            ["CreateCluster", "ListClusters"],
        ),
        ("DISABLED", []),
    ],
)
def test_a_rule_hears_the_calls_cloudtrail_records(
    client: Client, anns: Client, pass_time: Pass, state: str, names: list[str]
) -> None:
    a_trail(client)
    an_api_call_rule(client, State=state)

    ecs = anns("ecs")
    ecs.create_cluster(clusterName="shop")
    ecs.list_clusters()
    pass_time(0)

    found = bodies(client, "calls")
    assert sorted(event["detail"]["eventName"] for event in found) == names
    assert {event["source"] for event in found} <= {"aws.ecs"}


def test_without_a_trail_no_rule_hears_of_calls(
    client: Client, pass_time: Pass
) -> None:
    an_api_call_rule(client)

    client("ecs").create_cluster(clusterName="shop")
    pass_time(0)

    assert bodies(client, "calls") == []
