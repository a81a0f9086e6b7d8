"""Events on their way from a bus to the targets of its rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, SHOP, Cloud, Event
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.conftest import NOW, Client

Pass = Callable[[float], None]
ORDERS = json.dumps({"source": ["shop.orders"]})


def a_queue(client: Client, name: str, account: str = SHOP) -> str:
    client("sqs", account).create_queue(QueueName=name)
    return f"arn:aws:sqs:{HOME_REGION}:{account}:{name}"


def a_rule(client: Client, pattern: str, target: dict[str, Any], **more: Any) -> None:
    events = client("events")
    events.put_rule(Name="rule", EventPattern=pattern, **more)
    events.put_targets(Rule="rule", Targets=[{"Id": "one", **target}])


def put(client: Client, detail: Any, source: str = "shop.orders") -> Any:
    entry = {"Source": source, "DetailType": "Order", "Detail": json.dumps(detail)}
    return client("events").put_events(Entries=[entry])


def bodies(client: Client, name: str, account: str = SHOP) -> list[Any]:
    sqs = client("sqs", account)
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_an_event_reaches_the_target_of_a_rule_that_matches(
    client: Client, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})

    put(client, {"id": 7})
    put(client, {"id": 8}, "shop.carts")
    pass_time(0)

    (event,) = bodies(client, "queue")
    assert event["detail"] == {"id": 7}
    assert event["account"] == SHOP
    assert event["time"] == "2026-09-21T14:13:20Z"
    assert (event["version"], event["detail-type"]) == ("0", "Order")


def test_what_services_tell_is_heard_on_the_default_bus(
    client: Client, cloud: Cloud, pass_time: Pass
) -> None:
    pattern = json.dumps({"source": ["aws.ecs"], "resources": [{"prefix": "arn:"}]})
    a_rule(client, pattern, {"Arn": a_queue(client, "queue")})

    cloud.emit(Event(SHOP, HOME_REGION, "aws.ecs", "Told", {}, NOW, ("arn:x",)))
    cloud.emit(Event(PAYMENTS, HOME_REGION, "aws.ecs", "Told", {}, NOW, ("arn:x",)))
    pass_time(0)

    assert [event["account"] for event in bodies(client, "queue")] == [SHOP]


@pytest.mark.parametrize(
    ("state", "heard"),
    [
        ("ENABLED", ["StopTask"]),
        ("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", ["ListTasks", "StopTask"]),
        ("DISABLED", []),
    ],
)
def test_reading_calls_are_heard_only_by_rules_for_all_calls(
    client: Client, cloud: Cloud, pass_time: Pass, state: str, heard: list[str]
) -> None:
    pattern = json.dumps({"detail-type": ["AWS API Call via CloudTrail"]})
    a_rule(client, pattern, {"Arn": a_queue(client, "queue")}, State=state)

    for name in ("ListTasks", "StopTask"):
        detail = {"eventName": name, "readOnly": name.startswith("List")}
        kind = "AWS API Call via CloudTrail"
        cloud.emit(Event(SHOP, HOME_REGION, "aws.ecs", kind, detail, NOW))
    pass_time(0)

    names = [event["detail"]["eventName"] for event in bodies(client, "queue")]
    assert sorted(names) == heard


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.items[1]"}, "b"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"id": "$.detail.id", "items": "$.detail.items"},
                    "InputTemplate": '{"said": "order <id>", "items": <items>, '
                    '"rule": <aws.events.rule-name>}',
                }
            },
            {"said": "order 7", "items": ["a", "b"], "rule": "rule"},
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"gone": "$.detail.gone"},
                    "InputTemplate": '"nothing: <gone>"',
                }
            },
            "nothing: ",
        ),
    ],
)
def test_a_target_gets_what_it_asks_for(
    client: Client, pass_time: Pass, given: dict[str, Any], sent: Any
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue"), **given})

    put(client, {"id": 7, "items": ["a", "b"]})
    pass_time(0)

    assert bodies(client, "queue") == [sent]


def test_one_bad_target_harms_nobody_else(client: Client, pass_time: Pass) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    dead = a_queue(client, "dead")
    gone = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:gone"
    bad = {"Id": "bad", "Arn": gone, "DeadLetterConfig": {"Arn": dead}}
    client("events").put_targets(Rule="rule", Targets=[bad])

    assert put(client, {"id": 7})["FailedEntryCount"] == 0
    pass_time(0)

    assert [event["detail"] for event in bodies(client, "queue")] == [{"id": 7}]
    assert [event["detail"] for event in bodies(client, "dead")] == [{"id": 7}]


def test_a_lost_or_doubled_delivery_is_as_asked_for(
    client: Client, cloud: Cloud, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    cloud.faults.add(Fault(FaultKind.LOST, "events.targets", count=1))
    cloud.faults.add(Fault(FaultKind.DUPLICATE, "events.targets"))

    put(client, {"id": 1})
    put(client, {"id": 2})
    pass_time(0)

    assert [event["detail"]["id"] for event in bodies(client, "queue")] == [2, 2]


def test_entries_fail_one_by_one(client: Client) -> None:
    good = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    bad = [{**good, "Detail": "{"}, {**good, "Source": "aws.ecs"}, {"Source": "shop"}]

    answer = client("events").put_events(Entries=[good, *bad])

    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None, "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument",
    ]  # fmt: skip


def test_too_many_or_too_large_entries_are_refused(client: Client) -> None:
    put_events = client("events").put_events
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    large = {**entry, "Detail": json.dumps({"text": "x" * 262_144})}

    assert code_of(put_events, Entries=[entry] * 11) == "ValidationException"
    assert code_of(put_events, Entries=[large]) == "ValidationException"


def test_a_schedule_fires_by_itself(client: Client, pass_time: Pass) -> None:
    events = client("events")
    events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")
    target = {"Id": "one", "Arn": a_queue(client, "queue")}
    events.put_targets(Rule="tick", Targets=[target])

    pass_time(301)
    pass_time(0)

    (event,) = bodies(client, "queue")
    assert event["detail-type"] == "Scheduled Event"
    assert event["time"] == "2026-09-21T14:18:20Z"
    assert event["resources"] == [f"arn:aws:events:{HOME_REGION}:{SHOP}:rule/tick"]


def test_a_bus_hears_of_another_account_only_what_its_policy_allows(
    client: Client, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    bus = f"arn:aws:events:{HOME_REGION}:{SHOP}:event-bus/default"
    entry = {"Source": "shop.orders", "DetailType": "Order", "EventBusName": bus}

    for number in (1, 2):
        detail = json.dumps({"id": number})
        client("events", PAYMENTS).put_events(Entries=[{**entry, "Detail": detail}])
        client("events").put_permission(
            StatementId="payments", Principal=PAYMENTS, Action="events:PutEvents"
        )
    pass_time(0)

    assert [event["detail"]["id"] for event in bodies(client, "queue")] == [2]


def test_a_rule_sends_on_to_another_bus(client: Client, pass_time: Pass) -> None:
    events = client("events")
    arn = events.create_event_bus(Name="orders")["EventBusArn"]
    a_rule(client, ORDERS, {"Arn": arn})
    events.put_rule(Name="all", EventBusName="orders", EventPattern=ORDERS)
    target = {"Id": "one", "Arn": a_queue(client, "queue")}
    events.put_targets(Rule="all", EventBusName="orders", Targets=[target])

    put(client, {"id": 7})
    pass_time(0)
    pass_time(0)

    assert [event["detail"] for event in bodies(client, "queue")] == [{"id": 7}]


def test_topics_streams_and_log_groups_are_targets(
    client: Client, pass_time: Pass
) -> None:
    topic = client("sns").create_topic(Name="topic")["TopicArn"]
    client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=a_queue(client, "queue"),
        Attributes={"RawMessageDelivery": "true"},
    )
    client("kinesis").create_stream(StreamName="stream", ShardCount=1)
    stream = f"arn:aws:kinesis:{HOME_REGION}:{SHOP}:stream/stream"
    client("logs").create_log_group(logGroupName="/events")
    group = f"arn:aws:logs:{HOME_REGION}:{SHOP}:log-group:/events"
    a_rule(client, ORDERS, {"Arn": topic})
    more = [{"Id": "two", "Arn": stream}, {"Id": "three", "Arn": group}]
    client("events").put_targets(Rule="rule", Targets=more)

    put(client, {"id": 7})
    pass_time(0)

    (streamed,) = records(client, "stream")
    streams = client("logs").describe_log_streams(logGroupName="/events")
    assert bodies(client, "queue")[0]["detail"] == {"id": 7}
    assert streamed["detail"] == {"id": 7}
    assert len(streams["logStreams"]) == 1


def records(client: Client, stream: str) -> list[Any]:
    kinesis = client("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = kinesis.get_records(ShardIterator=start)["Records"]
    return [json.loads(record["Data"]) for record in found]


def test_a_pattern_that_is_wrong_makes_no_rule(client: Client) -> None:
    code = code_of(client("events").put_rule, Name="rule", EventPattern='{"a": "x"}')

    assert code == "InvalidEventPatternException"
    assert client("events").list_rules()["Rules"] == []


def test_a_rule_with_targets_stays(client: Client) -> None:
    events = client("events")
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})

    assert code_of(events.delete_rule, Name="rule") == "ValidationException"
    events.remove_targets(Rule="rule", Ids=["one"])
    events.delete_rule(Name="rule")

    assert code_of(events.describe_rule, Name="rule") == "ResourceNotFoundException"


def test_a_sixth_target_is_too_many(client: Client) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    more = [{"Id": str(n), "Arn": a_queue(client, "queue")} for n in range(5)]

    answer = client("events").put_targets(Rule="rule", Targets=more)

    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["ErrorCode"] == "LimitExceededException"


def test_rules_come_in_pages(client: Client) -> None:
    events = client("events")
    for number in range(5):
        events.put_rule(Name=f"rule-{number}", EventPattern=ORDERS)

    first = events.list_rules(Limit=3)
    rest = events.list_rules(Limit=3, NextToken=first["NextToken"])

    names = [rule["Name"] for page in (first, rest) for rule in page["Rules"]]
    assert names == [f"rule-{number}" for number in range(5)]
