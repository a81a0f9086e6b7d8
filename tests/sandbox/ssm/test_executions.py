"""Executions as they are listed, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Client
from tests.sandbox.ssm.automations import Pass, a_document, api, code_of, run

DAY = 86_400
FINE = api("fine", "sqs", "ListQueues")
SLEEP = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
FILTERS = [
    ("ExecutionStatus", "Success", 1),
    ("ExecutionStatus", "Failed", 0),
    ("DocumentNamePrefix", "Ow", 1),
    ("DocumentNamePrefix", "AWS-", 0),
    ("AutomationType", "Local", 1),
    ("AutomationType", "CrossAccount", 0),
    ("StartTimeAfter", "2026-09-21T14:00:00Z", 1),
    ("StartTimeAfter", "2026-09-21T15:00:00Z", 0),
    ("StartTimeBefore", "2026-09-21T15:00:00Z", 1),
    ("StartTimeBefore", "2026-09-21T14:00:00Z", 0),
]


def listed(client: Client, **asked: Any) -> list[Any]:
    answer = client("ssm").describe_automation_executions(**asked)
    found: list[Any] = answer["AutomationExecutionMetadataList"]
    return found


@pytest.mark.parametrize(("key", "value", "count"), FILTERS)
def test_executions_are_filtered(
    client: Client, pass_time: Pass, key: str, value: str, count: int
) -> None:
    run(client, pass_time, a_document(client, FINE))

    assert len(listed(client, Filters=[{"Key": key, "Values": [value]}])) == count


def test_every_filter_must_hold(client: Client, pass_time: Pass) -> None:
    done = run(client, pass_time, a_document(client, FINE))
    by_id = {"Key": "ExecutionId", "Values": [done["AutomationExecutionId"]]}
    failed = {"Key": "ExecutionStatus", "Values": ["Failed", "TimedOut"]}

    assert len(listed(client, Filters=[by_id])) == 1
    assert listed(client, Filters=[by_id, failed]) == []


def test_a_running_step_is_found_by_its_action(client: Client, pass_time: Pass) -> None:
    run(client, pass_time, a_document(client, SLEEP))
    sleeping = {"Key": "CurrentAction", "Values": ["aws:sleep"]}

    (found,) = listed(client, Filters=[sleeping])

    assert (found["CurrentStepName"], found["CurrentAction"]) == ("s", "aws:sleep")
    pass_time(3_600)
    assert listed(client, Filters=[sleeping]) == []


def test_executions_come_in_pages_newest_first(client: Client) -> None:
    start, name = client("ssm").start_automation_execution, a_document(client, FINE)
    ids = [start(DocumentName=name)["AutomationExecutionId"] for _ in range(5)]
    describe = client("ssm").describe_automation_executions

    first = describe(MaxResults=3)
    rest = describe(MaxResults=3, NextToken=first["NextToken"])

    found = [
        one["AutomationExecutionId"]
        for page in (first, rest)
        for one in page["AutomationExecutionMetadataList"]
    ]
    assert found == ids[::-1]
    assert "NextToken" not in rest


STEPS = [
    ("StepName", "two", ["two"]),
    ("Action", "aws:executeAwsApi", ["one", "two", "three"]),
    ("Action", "aws:sleep", []),
    ("StepExecutionStatus", "Success", ["one"]),
    ("StepExecutionStatus", "Pending", ["three"]),
    ("StartTimeAfter", "2026-09-21T14:00:00Z", ["one", "two"]),
    ("StartTimeBefore", "2026-09-21T14:00:00Z", []),
]


@pytest.mark.parametrize(("key", "value", "names"), STEPS)
def test_steps_are_filtered(
    client: Client, pass_time: Pass, key: str, value: str, names: list[str]
) -> None:
    steps = [{**FINE, "name": name} for name in ("one", "two", "three")]
    steps[1] = {**api("two", "sqs", "GetQueueUrl", QueueName="gone")}
    done = run(client, pass_time, a_document(client, *steps))

    found = client("ssm").describe_automation_step_executions(
        AutomationExecutionId=done["AutomationExecutionId"],
        Filters=[{"Key": key, "Values": [value]}],
    )["StepExecutions"]

    assert [step["StepName"] for step in found] == names


def test_steps_come_in_pages_and_backwards(client: Client, pass_time: Pass) -> None:
    steps = [{**FINE, "name": name} for name in "abc"]
    done = run(client, pass_time, a_document(client, *steps))
    asked = {"AutomationExecutionId": done["AutomationExecutionId"], "MaxResults": 2}
    describe = client("ssm").describe_automation_step_executions

    first = describe(**asked)
    rest = describe(**asked, NextToken=first["NextToken"])
    back = describe(**asked, ReverseOrder=True)

    assert [s["StepName"] for s in first["StepExecutions"]] == ["a", "b"]
    assert [s["StepName"] for s in rest["StepExecutions"]] == ["c"]
    assert [s["StepName"] for s in back["StepExecutions"]] == ["c", "b"]


def test_an_execution_is_kept_for_thirty_days(client: Client, pass_time: Pass) -> None:
    done = run(client, pass_time, a_document(client, FINE))
    execution = done["AutomationExecutionId"]

    pass_time(30 * DAY - 10)
    assert len(listed(client)) == 1
    pass_time(20)

    assert listed(client) == []
    gone = code_of(
        client("ssm").get_automation_execution, AutomationExecutionId=execution
    )
    assert gone == "AutomationExecutionNotFoundException"


def test_a_token_is_forgotten_with_its_execution(
    client: Client, pass_time: Pass
) -> None:
    start, name = client("ssm").start_automation_execution, a_document(client, FINE)
    token = "3b4c2f4e-8a3c-4a3e-9a55-0a1b2c3d4e5f"
    first = start(DocumentName=name, ClientToken=token)["AutomationExecutionId"]

    pass_time(31 * DAY)
    pass_time(31 * DAY)
    second = start(DocumentName=name, ClientToken=token)["AutomationExecutionId"]

    assert second != first


def test_what_still_runs_is_never_forgotten(client: Client, pass_time: Pass) -> None:
    waits = {
        "name": "a",
        "action": "aws:pause",
        "timeoutSeconds": 90 * DAY,
        "inputs": {},
    }
    run(client, pass_time, a_document(client, waits))

    pass_time(31 * DAY)

    assert [one["AutomationExecutionStatus"] for one in listed(client)] == ["Waiting"]


def test_places_do_not_see_each_other(client: Client, pass_time: Pass) -> None:
    run(client, pass_time, a_document(client, FINE))

    there = client("ssm", region="us-east-1").describe_automation_executions()

    assert there["AutomationExecutionMetadataList"] == []
