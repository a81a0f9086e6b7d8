"""Schedules that really fire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import Client
from tests.sandbox.events.test_events import a_queue, bodies, code_of

Pass = Callable[[float], None]
ROLE = f"arn:aws:iam::{SHOP}:role/schedules"


def schedule(client: Client, expression: str, **more: Any) -> str:
    target = {"Arn": a_queue(client, "queue"), "RoleArn": ROLE, **more.pop("to", {})}
    made = client("scheduler").create_schedule(
        Name="nightly",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        **more,
    )
    return str(made["ScheduleArn"])


def test_a_rate_fires_again_and_again(client: Client, pass_time: Pass) -> None:
    schedule(client, "rate(1 minute)", to={"Input": '{"run": 1}'})

    for _ in range(2):
        pass_time(60)
        pass_time(0)

    assert bodies(client, "queue") == [{"run": 1}] * 3


def test_a_rate_fires_first_at_once(client: Client, pass_time: Pass) -> None:
    """AWS: "If you do not provide a StartDate, your schedule starts immediately"."""
    schedule(client, "rate(1 hour)")

    pass_time(1)
    pass_time(0)

    assert [e["time"] for e in bodies(client, "queue")] == ["2026-09-21T14:13:20Z"]


def test_a_rate_fires_first_on_its_start(client: Client, pass_time: Pass) -> None:
    schedule(client, "rate(1 hour)", StartDate=1_790_000_300)

    for seconds in (299, 1, 0):
        pass_time(seconds)

    assert [e["time"] for e in bodies(client, "queue")] == ["2026-09-21T14:18:20Z"]


def test_a_schedule_follows_the_clocks_of_its_zone(
    client: Client, pass_time: Pass
) -> None:
    """09:00 in Tokyo is midnight in UTC."""
    zone = {"ScheduleExpressionTimezone": "Asia/Tokyo"}
    schedule(client, "cron(0 9 * * ? *)", **zone)

    pass_time(35_199)
    pass_time(0)
    assert bodies(client, "queue") == []
    pass_time(1)
    pass_time(0)

    assert [e["time"] for e in bodies(client, "queue")] == ["2026-09-22T00:00:00Z"]


def test_a_target_that_is_gone_leaves_a_dead_letter(
    client: Client, pass_time: Pass
) -> None:
    gone = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:gone"
    dead = {"Arn": a_queue(client, "dead")}
    to = {"Arn": gone, "Input": '{"run": 1}', "DeadLetterConfig": dead}
    schedule(client, "at(2026-09-21T14:20:00)", to=to)

    pass_time(400)
    pass_time(0)

    assert bodies(client, "dead") == [{"run": 1}]
    found = client("cloudwatch").list_metrics(Namespace="AWS/Scheduler")["Metrics"]
    assert {metric["Dimensions"][0]["Value"] for metric in found} == {"default"}
    assert {metric["MetricName"] for metric in found} == {
        "TargetErrorCount", "InvocationsSentToDeadLetterCount",
    }  # fmt: skip


def test_an_event_the_bus_refuses_is_a_dead_letter(
    client: Client, pass_time: Pass
) -> None:
    bus = f"arn:aws:events:{HOME_REGION}:{SHOP}:event-bus/default"
    to = {
        "Arn": bus,
        "Input": "no JSON",
        "EventBridgeParameters": {"DetailType": "Night", "Source": "shop.night"},
        "DeadLetterConfig": {"Arn": a_queue(client, "dead")},
    }
    schedule(client, "at(2026-09-21T14:20:00)", to=to)

    pass_time(400)
    pass_time(0)

    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=url)["Messages"]] == [
        "no JSON"
    ]


def test_a_group_takes_its_schedules_along(client: Client, pass_time: Pass) -> None:
    scheduler = client("scheduler")
    scheduler.create_schedule_group(Name="nights")
    schedule(client, "rate(1 minute)", GroupName="nights")

    scheduler.delete_schedule_group(Name="nights")
    pass_time(120)
    pass_time(0)

    assert bodies(client, "queue") == []
    assert scheduler.list_schedules()["Schedules"] == []
    assert code_of(scheduler.delete_schedule_group, Name="default") == (
        "ValidationException"
    )


def test_schedules_are_listed_by_group_prefix_and_state(client: Client) -> None:
    scheduler = client("scheduler")
    scheduler.create_schedule_group(Name="nights")
    schedule(client, "rate(1 hour)", GroupName="nights", State="DISABLED")
    schedule(client, "rate(1 hour)")

    def groups(**asked: Any) -> list[str]:
        found = scheduler.list_schedules(**asked)["Schedules"]
        return [one["GroupName"] for one in found]

    assert groups() == ["default", "nights"]
    assert groups(GroupName="nights") == groups(State="DISABLED") == ["nights"]
    assert groups(NamePrefix="night") == ["default", "nights"]
    assert groups(NamePrefix="day") == []
    first = scheduler.list_schedules(MaxResults=1)
    rest = scheduler.list_schedules(MaxResults=1, NextToken=first["NextToken"])
    assert [one["GroupName"] for one in rest["Schedules"]] == ["nights"]
    assert "NextToken" not in rest


def test_a_moment_comes_once_and_takes_the_schedule_along(
    client: Client, pass_time: Pass
) -> None:
    arn = schedule(client, "at(2026-09-21T14:20:00)", ActionAfterCompletion="DELETE")

    pass_time(3_600)
    pass_time(0)

    (event,) = bodies(client, "queue")
    assert (event["source"], event["resources"]) == ("aws.scheduler", [arn])
    assert event["time"] == "2026-09-21T14:20:00Z"
    assert client("scheduler").list_schedules()["Schedules"] == []


def test_an_input_may_name_its_schedule(client: Client, pass_time: Pass) -> None:
    text = '{"at": "<aws.scheduler.scheduled-time>"}'
    schedule(client, "cron(15 14 * * ? *)", to={"Input": text})

    pass_time(101)
    pass_time(0)

    assert bodies(client, "queue") == [{"at": "2026-09-21T14:15:00Z"}]


def test_a_schedule_that_is_off_or_over_is_silent(
    client: Client, pass_time: Pass
) -> None:
    arn = schedule(client, "rate(1 minute)", EndDate=1_790_000_090)
    pass_time(600)
    pass_time(0)
    assert len(bodies(client, "queue")) == 2

    scheduler = client("scheduler")
    updated = scheduler.update_schedule(
        Name="nightly",
        State="DISABLED",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": a_queue(client, "other"), "RoleArn": ROLE},
    )
    pass_time(60)
    pass_time(0)
    assert updated["ScheduleArn"] == arn
    assert bodies(client, "other") == []


def test_a_schedule_puts_events_on_a_bus(client: Client, pass_time: Pass) -> None:
    events = client("events")
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["shop.night"]}))
    target = {"Id": "one", "Arn": a_queue(client, "heard")}
    events.put_targets(Rule="rule", Targets=[target])
    bus = f"arn:aws:events:{HOME_REGION}:{SHOP}:event-bus/default"
    put = {"DetailType": "Night", "Source": "shop.night"}
    to = {"Arn": bus, "Input": '{"n": 1}', "EventBridgeParameters": put}
    schedule(client, "rate(1 minute)", to=to)

    pass_time(1)
    pass_time(0)
    pass_time(0)

    assert [event["detail"] for event in bodies(client, "heard")] == [{"n": 1}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"expression": "rate(1 minutes)"},
        {"expression": "rate(1 minute)", "ScheduleExpressionTimezone": "Mars/Base"},
    ],
)
def test_what_is_no_schedule_is_refused(client: Client, wrong: dict[str, str]) -> None:
    assert code_of(schedule, client=client, **wrong) == "ValidationException"


def test_a_name_is_taken_once_in_its_group(client: Client) -> None:
    schedule(client, "rate(1 hour)")

    again = code_of(schedule, client=client, expression="rate(1 hour)")
    gone = code_of(client("scheduler").get_schedule, Name="gone")
    nowhere = code_of(
        schedule, client=client, expression="rate(1 hour)", GroupName="gone"
    )

    assert (again, gone) == ("ConflictException", "ResourceNotFoundException")
    assert nowhere == "ResourceNotFoundException"


@pytest.mark.parametrize(("asked", "kinds"), [(True, ["Object Created"]), (False, [])])
def test_a_bucket_tells_of_its_objects_if_asked(
    client: Client, pass_time: Pass, asked: bool, kinds: list[str]
) -> None:
    events, s3 = client("events"), client("s3")
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["aws.s3"]}))
    target = {"Id": "one", "Arn": a_queue(client, "queue")}
    events.put_targets(Rule="rule", Targets=[target])
    place = {"LocationConstraint": HOME_REGION}
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration=place)
    wanted: dict[str, Any] = {"EventBridgeConfiguration": {}} if asked else {}
    s3.put_bucket_notification_configuration(
        Bucket="bucket", NotificationConfiguration=wanted
    )

    s3.put_object(Bucket="bucket", Key="a b.txt", Body=b"12345")
    pass_time(0)
    pass_time(0)

    found = bodies(client, "queue")
    assert [event["detail-type"] for event in found] == kinds
    assert all(event["detail"]["object"]["key"] == "a b.txt" for event in found)
    assert all(event["detail"]["object"]["size"] == 5 for event in found)
