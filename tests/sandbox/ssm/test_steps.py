"""Documents of one's own, step after step."""

from __future__ import annotations

import pytest

from sandbox.kernel.cloud import SHOP, Cloud, Event
from tests.sandbox.conftest import Client
from tests.sandbox.ssm.automations import (
    Pass,
    a_document,
    api,
    code_of,
    get,
    run,
)


def test_steps_hand_on_what_they_found(client: Client, pass_time: Pass) -> None:
    make = {
        **api("make", "sqs", "CreateQueue", QueueName="q-{{ Name }}"),
        "outputs": [{"Name": "Url", "Selector": "$.QueueUrl", "Type": "String"}],
    }
    by = {"by": "{{ automation:EXECUTION_ID }}"}
    tag = api("tag", "sqs", "TagQueue", QueueUrl="{{ make.Url }}", Tags=by)
    declared = {"Name": {"type": "String", "default": "one"}}
    name = a_document(client, make, tag, parameters=declared, outputs=["make.Url"])

    done = run(client, pass_time, name)

    url = client("sqs").get_queue_url(QueueName="q-one")["QueueUrl"]
    assert done["Outputs"] == {"make.Url": [url]}
    tags = client("sqs").list_queue_tags(QueueUrl=url)["Tags"]
    assert tags == {"by": done["AutomationExecutionId"]}


def test_a_failure_aborts_unless_the_step_says_otherwise(
    client: Client, pass_time: Pass
) -> None:
    bad = api("bad", "sqs", "GetQueueUrl", QueueName="gone")
    repair = api("repair", "sqs", "CreateQueue", QueueName="gone")
    never = api("never", "sqs", "CreateQueue", QueueName="never")
    name = a_document(
        client, {**bad, "onFailure": "step:repair"}, never, {**repair, "isEnd": True}
    )

    done = run(client, pass_time, name)

    assert done["AutomationExecutionStatus"] == "Success"
    statuses = [step["StepStatus"] for step in done["StepExecutions"]]
    assert statuses == ["Failed", "Pending", "Success"]


def test_an_abort_says_which_call_failed(client: Client, pass_time: Pass) -> None:
    bad = api("bad", "sqs", "GetQueueUrl", QueueName="gone")
    name = a_document(client, bad, api("never", "sqs", "ListQueues"))

    done = run(client, pass_time, name)

    assert done["AutomationExecutionStatus"] == "Failed"
    assert "when calling the GetQueueUrl operation" in done["FailureMessage"]
    assert done["StepExecutions"][1]["StepStatus"] == "Pending"


@pytest.mark.parametrize(("wanted", "step"), [("yes", "first"), ("no", "second")])
def test_a_branch_goes_where_its_choice_says(
    client: Client, pass_time: Pass, wanted: str, step: str
) -> None:
    choice = {"NextStep": "first", "Variable": "{{ Want }}", "StringEquals": "yes"}
    branch = {
        "name": "branch",
        "action": "aws:branch",
        "inputs": {"Choices": [choice], "Default": "second"},
    }
    steps = [
        {**api(name, "sqs", "ListQueues"), "isEnd": True}
        for name in ("first", "second")
    ]
    name = a_document(client, branch, *steps, parameters={"Want": {"type": "String"}})

    done = run(client, pass_time, name, Want=[wanted])

    succeeded = [
        one["StepName"]
        for one in done["StepExecutions"]
        if one["StepStatus"] == "Success"
    ]
    assert succeeded == ["branch", step]


def test_a_step_waits_for_a_property_until_its_time_is_over(
    client: Client, pass_time: Pass
) -> None:
    wait = {
        "name": "wait",
        "action": "aws:waitForAwsResourceProperty",
        "timeoutSeconds": 60,
        "inputs": {
            "Service": "sqs",
            "Api": "ListQueues",
            "PropertySelector": "$.QueueUrls[0]",
            "DesiredValues": ["never"],
        },
    }
    waiting = run(client, pass_time, a_document(client, wait))
    assert waiting["AutomationExecutionStatus"] == "InProgress"

    pass_time(61)

    done = get(client, waiting["AutomationExecutionId"])
    assert done["AutomationExecutionStatus"] == "TimedOut"


def test_a_sleep_takes_its_time(client: Client, pass_time: Pass) -> None:
    sleep = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1M"}}
    sleeping = run(client, pass_time, a_document(client, sleep))
    assert sleeping["AutomationExecutionStatus"] == "InProgress"

    pass_time(60)

    done = get(client, sleeping["AutomationExecutionId"])
    assert done["AutomationExecutionStatus"] == "Success"


@pytest.mark.parametrize(
    ("signal", "status"), [("Approve", "Success"), ("Reject", "Failed")]
)
def test_an_approval_is_waited_for(
    client: Client, pass_time: Pass, signal: str, status: str
) -> None:
    ssm = client("ssm")
    approve = {
        "name": "approve",
        "action": "aws:approve",
        "inputs": {"Approvers": [f"arn:aws:iam::{SHOP}:root"]},
    }
    waiting = run(client, pass_time, a_document(client, approve))
    assert waiting["AutomationExecutionStatus"] == "Waiting"
    execution = waiting["AutomationExecutionId"]

    ssm.send_automation_signal(AutomationExecutionId=execution, SignalType=signal)
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == status


def test_only_an_approver_approves(client: Client, pass_time: Pass) -> None:
    inputs = {"Approvers": ["arn:aws:iam::111122223333:user/boss"]}
    step = {"name": "approve", "action": "aws:approve", "inputs": inputs}
    waiting = run(client, pass_time, a_document(client, step))

    code = code_of(
        client("ssm").send_automation_signal,
        AutomationExecutionId=waiting["AutomationExecutionId"],
        SignalType="Approve",
    )

    assert code == "InvalidAutomationSignalException"


def test_an_automation_is_cancelled(client: Client, pass_time: Pass) -> None:
    sleep = {"name": "s", "action": "aws:sleep", "inputs": {"Duration": "PT1H"}}
    running = run(client, pass_time, a_document(client, sleep))
    execution = running["AutomationExecutionId"]
    stop = client("ssm").stop_automation_execution

    stop(AutomationExecutionId=execution)
    pass_time(0)

    assert get(client, execution)["AutomationExecutionStatus"] == "Cancelled"
    again = code_of(stop, AutomationExecutionId=execution)
    assert again == "InvalidAutomationStatusUpdateException"


def test_the_same_token_starts_once(client: Client) -> None:
    start = client("ssm").start_automation_execution
    name = a_document(client, api("one", "sqs", "ListQueues"))
    token = "3b4c2f4e-8a3c-4a3e-9a55-0a1b2c3d4e5f"

    ids = {
        start(DocumentName=name, ClientToken=token)["AutomationExecutionId"]
        for _ in range(2)
    }

    assert len(ids) == 1


def test_eventbridge_hears_how_it_ends(
    client: Client, pass_time: Pass, cloud: Cloud
) -> None:
    heard: list[Event] = []
    cloud.on_event(heard.append)

    run(client, pass_time, a_document(client, api("one", "sqs", "ListQueues")))

    kind = "EC2 Automation Execution Status-change Notification"
    assert [(e.detail_type, e.detail["Status"]) for e in heard] == [
        (kind, "InProgress"), (kind, "Success"),
    ]  # fmt: skip
