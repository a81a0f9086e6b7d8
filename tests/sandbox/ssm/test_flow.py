"""From step to step: attempts, failures, jumps, waiting and signals."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import Client
from tests.sandbox.ssm.automations import (
    Pass,
    a_document,
    api,
    code_of,
    get,
    run,
)

BAD = api("bad", "sqs", "GetQueueUrl", QueueName="gone")
FINE = api("fine", "sqs", "ListQueues")
ROOT = f"arn:aws:iam::{SHOP}:root"


def ran(done: Any) -> dict[str, str]:
    return {step["StepName"]: step["StepStatus"] for step in done["StepExecutions"]}


@pytest.mark.parametrize(
    ("more", "status", "next_status"),
    [
        ({}, "Failed", "Pending"),
        ({"onFailure": "Abort"}, "Failed", "Pending"),
        ({"onFailure": "Continue"}, "Success", "Success"),
        ({"onFailure": "Continue", "isCritical": True}, "Failed", "Success"),
        ({"onFailure": "step:fine"}, "Success", "Success"),
        ({"onFailure": "step:fine", "isCritical": "true"}, "Failed", "Success"),
        ({"onFailure": "step:fine", "isCritical": False}, "Success", "Success"),
    ],
)
def test_a_failure_counts_as_the_step_says(
    client: Client,
    pass_time: Pass,
    more: dict[str, Any],
    status: str,
    next_status: str,
) -> None:
    done = run(client, pass_time, a_document(client, {**BAD, **more}, FINE))

    assert done["AutomationExecutionStatus"] == status
    assert ran(done) == {"bad": "Failed", "fine": next_status}


@pytest.mark.parametrize(("more", "tries"), [({}, 1), ({"maxAttempts": 3}, 3)])
def test_a_step_is_tried_as_often_as_it_may(
    client: Client, cloud: Cloud, pass_time: Pass, more: dict[str, int], tries: int
) -> None:
    asked: list[str] = []
    cloud.on_call(lambda finished: asked.append(finished.call.operation))

    done = run(client, pass_time, a_document(client, {**BAD, **more}))

    assert done["AutomationExecutionStatus"] == "Failed"
    assert asked.count("GetQueueUrl") == tries


def test_the_end_is_where_a_step_says(client: Client, pass_time: Pass) -> None:
    name = a_document(client, {**FINE, "isEnd": True}, BAD)

    done = run(client, pass_time, name)

    assert done["AutomationExecutionStatus"] == "Success"
    assert ran(done) == {"fine": "Success", "bad": "Pending"}


def test_a_step_may_jump_over_others(client: Client, pass_time: Pass) -> None:
    last = api("last", "sqs", "CreateQueue", QueueName="last")
    name = a_document(client, {**FINE, "nextStep": "last"}, BAD, last)

    done = run(client, pass_time, name)

    assert ran(done) == {"fine": "Success", "bad": "Pending", "last": "Success"}
    assert done["StepExecutions"][0]["NextStep"] == "last"


def test_a_jump_to_nowhere_fails(client: Client, pass_time: Pass) -> None:
    done = run(client, pass_time, a_document(client, {**FINE, "nextStep": "gone"}))

    assert done["AutomationExecutionStatus"] == "Failed"
    assert "gone" in done["FailureMessage"]


@pytest.mark.parametrize("key", ["nextStep", "onFailure"])
def test_steps_never_go_round_in_circles(
    client: Client, pass_time: Pass, key: str
) -> None:
    """A step runs once; an automation that comes back to it ends."""
    step = {**BAD, "onFailure": "step:bad"}
    if key == "nextStep":
        step = {**FINE, "nextStep": "fine"}

    done = run(client, pass_time, a_document(client, step))

    assert done["AutomationExecutionStatus"] == "Failed"
    assert "has run already" in done["FailureMessage"]


@pytest.mark.parametrize(
    "step",
    [
        api("bad", "nosuchservice", "List"),
        api("bad", "sqs", "NoSuchCall"),
        api("bad", "sqs", "GetQueueUrl", Wrong="x"),
        {"name": "bad", "action": "aws:sleep", "inputs": {"Duration": "soon"}},
        {"name": "bad", "action": "aws:runCommand", "inputs": {}},
        {
            "name": "bad",
            "action": "aws:branch",
            "inputs": {
                "Choices": [{"NextStep": "bad", "Variable": ["a"], "NumericEquals": 1}]
            },
        },
        {"name": "bad", "action": "aws:executeAwsApi", "inputs": {"Api": "List"}},
    ],
)
def test_a_step_that_makes_no_sense_fails_and_harms_no_other(
    client: Client, pass_time: Pass, step: dict[str, Any]
) -> None:
    """Another automation goes on while this one ends."""
    group_id = client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
    bad = client("ssm").start_automation_execution(
        DocumentName=a_document(client, step)
    )["AutomationExecutionId"]

    other = run(
        client,
        pass_time,
        "AWS-DisablePublicAccessForSecurityGroup",
        GroupId=[group_id],
    )

    assert get(client, bad)["AutomationExecutionStatus"] == "Failed"
    assert other["AutomationExecutionStatus"] == "Success"


def test_a_document_without_steps_is_done(client: Client, pass_time: Pass) -> None:
    done = run(client, pass_time, a_document(client))

    assert done["AutomationExecutionStatus"] == "Success"


def test_a_step_that_times_out_may_be_passed_over(
    client: Client, pass_time: Pass
) -> None:
    sleep = {
        "name": "long",
        "action": "aws:sleep",
        "timeoutSeconds": 10,
        "onFailure": "Continue",
        "inputs": {"Duration": "PT1H"},
    }
    started = run(client, pass_time, a_document(client, sleep, FINE))

    pass_time(10)

    done = get(client, started["AutomationExecutionId"])
    assert done["AutomationExecutionStatus"] == "Success"
    assert ran(done) == {"long": "TimedOut", "fine": "Success"}


@pytest.mark.parametrize(
    ("duration", "seconds"), [("PT10S", 10), ("PT2M", 120), ("PT1H", 3_600)]
)
def test_a_sleep_ends_neither_early_nor_late(
    client: Client, pass_time: Pass, duration: str, seconds: int
) -> None:
    step = {
        "name": "s",
        "action": "aws:sleep",
        "timeoutSeconds": 9_999,
        "inputs": {"Duration": duration},
    }
    started = run(client, pass_time, a_document(client, step))  # a second in
    execution = started["AutomationExecutionId"]

    pass_time(seconds - 3)
    assert get(client, execution)["AutomationExecutionStatus"] == "InProgress"
    pass_time(1)

    assert get(client, execution)["AutomationExecutionStatus"] == "Success"


def test_a_pause_lasts_until_it_is_resumed(client: Client, pass_time: Pass) -> None:
    ssm = client("ssm")
    pause = {"name": "pause", "action": "aws:pause", "inputs": {}}
    started = run(client, pass_time, a_document(client, pause, FINE))
    execution = {"AutomationExecutionId": started["AutomationExecutionId"]}
    assert started["AutomationExecutionStatus"] == "Waiting"
    refused = code_of(ssm.send_automation_signal, SignalType="Approve", **execution)
    assert refused == "InvalidAutomationSignalException"

    ssm.send_automation_signal(SignalType="Resume", **execution)
    pass_time(0)

    assert ran(get(client, *execution.values())) == {
        "pause": "Success", "fine": "Success",
    }  # fmt: skip
    late = code_of(ssm.send_automation_signal, SignalType="Resume", **execution)
    assert late == "AutomationStepNotFoundException"


def test_two_approvals_come_from_two_approvers(client: Client, pass_time: Pass) -> None:
    me = "tests.amazonaws.com"
    inputs = {"Approvers": [ROOT, me], "MinRequiredApprovals": 2}
    step = {"name": "approve", "action": "aws:approve", "inputs": inputs}
    started = run(client, pass_time, a_document(client, step))
    execution = started["AutomationExecutionId"]

    for _ in range(2):
        client("ssm").send_automation_signal(
            AutomationExecutionId=execution, SignalType="Approve"
        )
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == "Waiting"


def test_an_approval_is_waited_for_a_week(client: Client, pass_time: Pass) -> None:
    step = {"name": "a", "action": "aws:approve", "inputs": {"Approvers": [ROOT]}}
    started = run(client, pass_time, a_document(client, step))
    execution = started["AutomationExecutionId"]

    pass_time(604_790)
    assert get(client, execution)["AutomationExecutionStatus"] == "Waiting"
    pass_time(10)

    assert get(client, execution)["AutomationExecutionStatus"] == "TimedOut"


def test_a_rejection_may_lead_elsewhere(client: Client, pass_time: Pass) -> None:
    step = {
        "name": "approve",
        "action": "aws:approve",
        "onFailure": "step:fine",
        "inputs": {"Approvers": [ROOT]},
    }
    started = run(client, pass_time, a_document(client, step, FINE))
    execution = started["AutomationExecutionId"]

    client("ssm").send_automation_signal(
        AutomationExecutionId=execution, SignalType="Reject"
    )
    pass_time(0)

    done = get(client, execution)
    assert ran(done) == {"approve": "Failed", "fine": "Success"}
    assert "Rejected by" in done["StepExecutions"][0]["FailureMessage"]


def test_completing_is_not_cancelling(client: Client, pass_time: Pass) -> None:
    sleep = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    started = run(client, pass_time, a_document(client, sleep))
    execution = started["AutomationExecutionId"]

    client("ssm").stop_automation_execution(
        AutomationExecutionId=execution, Type="Complete"
    )
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == "Success"


def test_a_document_knows_where_it_runs(client: Client, pass_time: Pass) -> None:
    queue = "{{ global:ACCOUNT_ID }}-{{ global:REGION }}"
    name = a_document(client, api("make", "sqs", "CreateQueue", QueueName=queue))

    run(client, pass_time, name)

    made = f"{SHOP}-{HOME_REGION}"
    assert client("sqs").get_queue_url(QueueName=made)["QueueUrl"].endswith(made)
