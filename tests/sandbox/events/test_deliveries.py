"""A delivery that fails: tried again with growing pauses, kept, counted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.events.deliveries import OF_RULES, Deliveries
from sandbox.events.targets import Message, Targets
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud, Event
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.events.test_events import ORDERS, a_queue, a_rule, bodies, put

Pass = Callable[[float], None]
RULE = f"arn:aws:events:{HOME_REGION}:{SHOP}:rule/rule"
GONE = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:gone"


class Flaky(Targets):
    """A target that answers each try with the next status, and with 200 at the end."""

    def __init__(self, cloud: Cloud, *statuses: int) -> None:
        super().__init__(cloud, lambda arn, event: None, "events.amazonaws.com")
        self._cloud_of_tests = cloud
        self._statuses = list(statuses)
        self.tried: list[float] = []
        self.taken: list[str] = []

    def send(self, message: Message) -> None:
        self.tried.append(self._cloud_of_tests.clock.now() - NOW)
        status = self._statuses.pop(0) if self._statuses else 200
        if status == 200:
            self.taken.append(message.body)
            return
        response: Any = {
            "Error": {"Code": CODES[status], "Message": "not now"},
            "ResponseMetadata": {"HTTPStatusCode": 400 if status == 429 else status},
        }
        raise ClientError(response, "Send")


CODES = {400: "Gone", 429: "TooManyRequestsException", 500: "InternalFailure"}


def give(cloud: Cloud, targets: Targets, **target: Any) -> None:
    message = Message(
        {"Arn": "arn:aws:sns:x:y:z", **target},
        '{"id": 7}',
        {"region": HOME_REGION},
        RULE,
    )
    Deliveries(cloud, targets, OF_RULES).give(SHOP, [message], NOW)


def pass_seconds(pass_time: Pass, seconds: int) -> None:
    pass_time(0)
    for _ in range(seconds):
        pass_time(1)


def dead_letters(client: Client) -> list[dict[str, str]]:
    """What is said of each message in the queue `dead`."""
    sqs = client("sqs")
    found = sqs.receive_message(
        QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
    )
    return [
        {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
        for message in found.get("Messages", ())
    ]


def counted(client: Client, metric: str) -> float:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName=metric,
        Dimensions=[{"Name": "RuleName", "Value": "rule"}],
        StartTime=NOW - 3_600,
        EndTime=NOW + 200_000,
        Period=86_400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


@pytest.mark.parametrize("status", [429, 500])
def test_what_is_refused_for_the_moment_arrives_later(
    client: Client, cloud: Cloud, pass_time: Pass, status: int
) -> None:
    targets = Flaky(cloud, status)

    give(cloud, targets)
    pass_time(0)
    assert targets.taken == []
    pass_time(1)

    assert targets.taken == ['{"id": 7}']
    assert counted(client, "FailedInvocations") == 0


def test_the_pauses_between_tries_double(cloud: Cloud, pass_time: Pass) -> None:
    targets = Flaky(cloud, 500, 500, 500, 500)

    give(cloud, targets)
    pass_seconds(pass_time, 20)

    assert targets.tried == [0, 1, 3, 7, 15]


def test_no_pause_is_longer_than_a_quarter_of_an_hour(
    cloud: Cloud, pass_time: Pass
) -> None:
    targets = Flaky(cloud, *[500] * 13)

    give(cloud, targets)
    for _ in range(60):
        pass_time(60)

    pauses = [b - a for a, b in itertools.pairwise(targets.tried)]
    assert max(pauses) <= 960  # and up to a minute until this test looks


@pytest.mark.parametrize("most", [0, 2])
def test_a_target_is_tried_again_as_often_as_its_policy_says(
    client: Client, cloud: Cloud, pass_time: Pass, most: int
) -> None:
    policy = {"MaximumRetryAttempts": most, "MaximumEventAgeInSeconds": 3_600}
    dead = {"Arn": a_queue(client, "dead")}
    targets = Flaky(cloud, *[500] * 10)

    give(cloud, targets, RetryPolicy=policy, DeadLetterConfig=dead)
    pass_seconds(pass_time, 10)

    assert len(targets.tried) == most + 1
    (said,) = dead_letters(client)
    assert said["RETRY_ATTEMPTS"] == str(most)
    assert said["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


def test_an_event_that_is_too_old_is_not_tried_again(
    client: Client, cloud: Cloud, pass_time: Pass
) -> None:
    dead = {"Arn": a_queue(client, "dead")}
    policy = {"MaximumEventAgeInSeconds": 60}
    targets = Flaky(cloud, *[500] * 10)

    give(cloud, targets, RetryPolicy=policy, DeadLetterConfig=dead)
    pass_seconds(pass_time, 70)

    (said,) = dead_letters(client)
    assert said["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert said["RETRY_ATTEMPTS"] == "5"  # 1 + 2 + 4 + 8 + 16 seconds, not 32 more


def test_what_a_target_refuses_for_good_is_not_tried_again(
    client: Client, cloud: Cloud, pass_time: Pass
) -> None:
    targets = Flaky(cloud, 400)

    give(cloud, targets)
    pass_seconds(pass_time, 5)

    assert (targets.tried, targets.taken) == ([0], [])
    assert counted(client, "FailedInvocations") == 1


def test_what_a_service_tells_late_is_as_young_as_any(
    client: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age that a retry policy limits counts from when the bus hears of it."""
    heard: list[float] = []
    monkeypatch.setattr(
        Deliveries, "give", lambda self, account, messages, now: heard.append(now)
    )
    a_rule(client, json.dumps({"source": ["aws.ecs"]}), {"Arn": GONE})

    cloud.emit(Event(SHOP, HOME_REGION, "aws.ecs", "Told", {}, NOW - 172_800))

    assert heard == [NOW]


def test_what_is_gone_is_not_tried_again_and_kept_with_the_reason(
    client: Client, pass_time: Pass
) -> None:
    dead = {"Arn": a_queue(client, "dead")}
    a_rule(client, ORDERS, {"Arn": GONE, "DeadLetterConfig": dead})

    put(client, {"id": 7})
    pass_time(0)

    (said,) = dead_letters(client)
    assert (said["RULE_ARN"], said["TARGET_ARN"]) == (RULE, GONE)
    assert (said["RETRY_ATTEMPTS"], "NonExistentQueue" in said["ERROR_CODE"]) == (
        "0", True,
    )  # fmt: skip
    assert "does not exist" in said["ERROR_MESSAGE"]
    assert "EXHAUSTED_RETRY_CONDITION" not in said


def test_failures_are_counted_once_each(client: Client, pass_time: Pass) -> None:
    dead = {"Arn": a_queue(client, "dead")}
    a_rule(client, ORDERS, {"Arn": GONE, "DeadLetterConfig": dead})

    put(client, {"id": 7})
    put(client, {"id": 8})
    pass_time(0)

    assert counted(client, "FailedInvocations") == 2
    assert counted(client, "InvocationsSentToDlq") == 2
    assert counted(client, "InvocationsFailedToBeSentToDlq") == 0


def test_a_dead_letter_queue_that_is_gone_is_counted_too(
    client: Client, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": GONE, "DeadLetterConfig": {"Arn": f"{GONE}-too"}})

    put(client, {"id": 7})
    pass_time(0)

    assert counted(client, "FailedInvocations") == 1
    assert counted(client, "InvocationsSentToDlq") == 0
    assert counted(client, "InvocationsFailedToBeSentToDlq") == 1


def test_a_late_delivery_comes_late(
    client: Client, cloud: Cloud, pass_time: Pass
) -> None:
    a_rule(client, ORDERS, {"Arn": a_queue(client, "queue")})
    cloud.faults.add(Fault(FaultKind.LATE, "events.targets", seconds=30))

    put(client, {"id": 7})
    pass_time(29)
    assert bodies(client, "queue") == []
    pass_time(1)

    assert len(bodies(client, "queue")) == 1


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": f"arn:aws:batch:{HOME_REGION}:{SHOP}:job-queue/q"},
        {"Arn": f"arn:aws:ecs:{HOME_REGION}:{SHOP}:cluster/shop"},
        {
            "Arn": f"arn:aws:ssm:{HOME_REGION}:{SHOP}:automation-definition/Own:1",
            "Input": '{"Name": "not a list"}',
        },
        {
            "Arn": f"arn:aws:ssm:{HOME_REGION}:{SHOP}:automation-definition/Own:1",
            "Input": "no JSON",
        },
    ],
)
def test_a_target_that_cannot_take_the_event_is_given_up_at_once(
    client: Client, pass_time: Pass, target: dict[str, Any]
) -> None:
    dead = {"Arn": a_queue(client, "dead")}
    a_rule(client, ORDERS, {**target, "DeadLetterConfig": dead})

    put(client, {"id": 7})
    pass_time(0)

    (said,) = dead_letters(client)
    assert said["ERROR_CODE"] == "INVALID_PARAMETER"
    assert said["RETRY_ATTEMPTS"] == "0"
