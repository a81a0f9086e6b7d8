"""State machines really run, a state a second, and tell of it as AWS does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.shop.estate.sites import trust
from tests.sandbox.conftest import Client

Pass = Callable[[float], None]


def machine(client: Client, **states: Mapping[str, Any]) -> str:
    """It starts at the first of the states."""
    role = client("iam").create_role(
        RoleName="machine",
        AssumeRolePolicyDocument=trust(Service="states.amazonaws.com"),
    )["Role"]["Arn"]
    definition = {"StartAt": next(iter(states)), "States": states}
    made = client("stepfunctions").create_state_machine(
        name="repair", definition=json.dumps(definition), roleArn=role
    )
    return str(made["stateMachineArn"])


def run(client: Client, pass_time: Pass, arn: str, **given: Any) -> Any:
    states = client("stepfunctions")
    started = states.start_execution(stateMachineArn=arn, input=json.dumps(given))
    for _ in range(6):
        pass_time(1)
    return states.describe_execution(executionArn=started["executionArn"])


def kinds(client: Client, execution: Mapping[str, Any]) -> list[str]:
    history = client("stepfunctions").get_execution_history(
        executionArn=execution["executionArn"]
    )
    return [event["type"] for event in history["events"]]


def end(kind: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "End": True, **more}


def test_a_task_calls_aws_and_leaves_its_result(
    client: Client, pass_time: Pass
) -> None:
    client("s3").create_bucket(
        Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    look = end(
        "Task",
        Resource="arn:aws:states:::aws-sdk:s3:getBucketLocation",
        Parameters={"Bucket.$": "$.bucket"},
        ResultPath="$.found",
    )

    ended = run(client, pass_time, machine(client, Look=look), bucket="shop")

    assert ended["status"] == "SUCCEEDED"
    output = json.loads(ended["output"])
    assert output == {"bucket": "shop", "found": {"LocationConstraint": "eu-west-1"}}
    assert kinds(client, ended) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_a_failure_is_caught_or_ends_the_execution(
    client: Client, pass_time: Pass
) -> None:
    look = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getBucketLocation",
        "Parameters": {"Bucket.$": "$.bucket"},
        "Catch": [{"ErrorEquals": ["NoSuchBucket"], "Next": "Say"}],
        "Next": "Say",
    }
    fail = {"Type": "Fail", "Error": "Own", "Cause": "because"}

    ended = run(
        client, pass_time, machine(client, Look=look, Say=fail), bucket="absent"
    )

    assert (ended["status"], ended["error"], ended["cause"]) == (
        "FAILED",
        "Own",
        "because",
    )
    assert kinds(client, ended)[4:] == [
        "TaskFailed",
        "TaskStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ]


@pytest.mark.parametrize(
    ("rule", "goes"),
    [
        ({"Variable": "$.n", "NumericGreaterThan": 3}, True),
        ({"Variable": "$.n", "NumericEquals": 4}, False),
        ({"Variable": "$.s", "StringEquals": "x"}, True),
        ({"Variable": "$.absent", "IsPresent": True}, False),
        ({"Variable": "$.s", "NumericEquals": 1}, False),
        ({"Not": {"Variable": "$.s", "StringEquals": "y"}}, True),
        ({"And": [{"Variable": "$.b", "BooleanEquals": True},
                  {"Variable": "$.n", "NumericLessThanEquals": 5}]}, True),
    ],
)  # fmt: skip
def test_choices(
    client: Client, pass_time: Pass, rule: Mapping[str, Any], *, goes: bool
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{**rule, "Next": "Yes"}],
        "Default": "No",
    }
    arn = machine(client, Which=choice, Yes={"Type": "Succeed"}, No=end("Fail"))

    ended = run(client, pass_time, arn, n=5, s="x", b=True)

    assert ended["status"] == ("SUCCEEDED" if goes else "FAILED")


def test_waiting_takes_its_time_and_can_be_stopped(
    client: Client, pass_time: Pass
) -> None:
    states = client("stepfunctions")
    arn = machine(
        client, Wait={"Type": "Wait", "Seconds": 60, "Next": "P"}, P=end("Pass")
    )

    running = run(client, pass_time, arn)
    assert running["status"] == "RUNNING"

    named = {"executionArn": running["executionArn"]}
    states.stop_execution(**named, cause="enough")
    stopped = states.describe_execution(**named)
    assert (stopped["status"], stopped["cause"]) == ("ABORTED", "enough")


def test_a_name_starts_one_execution(client: Client, pass_time: Pass) -> None:
    states = client("stepfunctions")
    arn = machine(client, P=end("Pass"))
    asked = {"stateMachineArn": arn, "name": "once"}

    first, second = states.start_execution(**asked), states.start_execution(**asked)
    assert first["executionArn"] == second["executionArn"]

    pass_time(1)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(**asked)
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 1
