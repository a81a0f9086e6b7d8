"""Functions that really run."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.functions import Lambda
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import Client
from tests.sandbox.functions.functions import a_function

Pass = Callable[[float], None]
ECHO = """
    import os
    def handle(event, context):
        print("got", event)
        return {"event": event, "stage": os.environ.get("STAGE"),
                "name": context.function_name}
"""
FAILS = """
    class Empty(Exception): pass
    def handle(event, context):
        raise Empty("the cart is empty")
"""


def invoke(client: Client, event: Any = None, **more: Any) -> tuple[Any, Any]:
    """The answer's payload, and all of the answer."""
    answer = client("lambda").invoke(
        FunctionName="cart", Payload=json.dumps(event or {}).encode(), **more
    )
    return json.loads(answer["Payload"].read() or b"null"), answer


def a_queue(client: Client, name: str) -> str:
    client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})
    return f"arn:aws:sqs:{HOME_REGION}:{SHOP}:{name}"


def waiting(client: Client, name: str) -> list[str]:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", ())]


@pytest.fixture
def functions(sandbox: Sandbox) -> Lambda:
    room = sandbox.service("lambda")
    assert isinstance(room, Lambda)
    return room


def test_a_function_answers_its_event(client: Client) -> None:
    a_function(client, ECHO, Environment={"Variables": {"STAGE": "demo"}})

    payload, answer = invoke(client, {"id": 7})

    assert payload == {"event": {"id": 7}, "stage": "demo", "name": "cart"}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer


def test_what_it_raises_is_the_answer(client: Client) -> None:
    a_function(client, FAILS)

    payload, answer = invoke(client)

    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Empty"
    assert payload["errorMessage"] == "the cart is empty"
    assert 'raise Empty("the cart is empty")' in payload["stackTrace"][0]


def test_the_tail_of_the_log_comes_with_the_answer(client: Client) -> None:
    a_function(client, ECHO)

    _, answer = invoke(client, {"id": 7}, LogType="Tail")

    said = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert said[0].startswith("START RequestId: ")
    assert said[1] == "got {'id': 7}"
    assert said[-1].startswith("REPORT RequestId: ")


def test_a_run_leaves_a_log_group_and_metrics(client: Client) -> None:
    a_function(client, ECHO)

    invoke(client)

    groups = client("logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/cart"]
    found = client("cloudwatch").list_metrics(Namespace="AWS/Lambda")["Metrics"]
    names = {metric["MetricName"] for metric in found}
    assert names == {"Invocations", "Errors", "Duration"}


def test_a_function_that_takes_too_long_is_ended(client: Client) -> None:
    code = "import time\ndef handle(event, context): time.sleep(60)"
    a_function(client, code, Timeout=1)

    payload, answer = invoke(client)

    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_function_that_exits_is_an_error(client: Client) -> None:
    a_function(client, "import sys\ndef handle(event, context): sys.exit(3)")

    payload, _ = invoke(client)

    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("exit status 3")


def test_a_function_calls_the_sandbox_as_its_role(
    client: Client, functions: Lambda, url: str
) -> None:
    code = """
        import boto3
        def handle(event, context):
            return boto3.client("sts").get_caller_identity()["Arn"]
    """
    a_function(client, code)
    functions.endpoint_url = url

    payload, _ = invoke(client)

    assert payload == f"arn:aws:sts::{SHOP}:assumed-role/runs/cart"


def test_an_event_is_run_later(client: Client, functions: Lambda) -> None:
    a_function(client, ECHO)
    queue = a_queue(client, "done")
    client("lambda").put_function_event_invoke_config(
        FunctionName="cart",
        DestinationConfig={"OnSuccess": {"Destination": queue}},
    )

    _, answer = invoke(client, {"id": 7}, InvocationType="Event")
    functions.settle()

    assert answer["StatusCode"] == 202
    (record,) = [json.loads(body) for body in waiting(client, "done")]
    assert record["requestPayload"] == {"id": 7}
    assert record["responsePayload"]["event"] == {"id": 7}


def test_a_failed_event_is_tried_twice_more(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, FAILS)
    queue = a_queue(client, "failed")
    client("lambda").put_function_event_invoke_config(
        FunctionName="cart", DestinationConfig={"OnFailure": {"Destination": queue}}
    )

    invoke(client, InvocationType="Event")
    for seconds in (0, 61, 121):
        pass_time(seconds)
        functions.settle()

    (record,) = [json.loads(body) for body in waiting(client, "failed")]
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestContext"]["condition"] == "RetriesExhausted"


@pytest.mark.parametrize(("code", "left"), [(ECHO, []), (FAILS, ["one"])])
def test_a_message_that_is_done_leaves_its_queue(
    client: Client, functions: Lambda, pass_time: Pass, code: str, left: list[str]
) -> None:
    a_function(client, code)
    queue = a_queue(client, "work")
    client("lambda").create_event_source_mapping(
        FunctionName="cart", EventSourceArn=queue
    )
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")

    pass_time(1)
    functions.settle()

    assert waiting(client, "work") == left


def test_nothing_runs_on_a_dry_run(client: Client) -> None:
    a_function(client, FAILS)

    _, answer = invoke(client, InvocationType="DryRun")

    assert answer["StatusCode"] == 204


def test_refusals_carry_aws_codes(client: Client) -> None:
    functions = client("lambda")
    with pytest.raises(ClientError) as gone:
        functions.invoke(FunctionName="gone")
    a_function(client, ECHO)
    with pytest.raises(ClientError) as bad:
        functions.invoke(FunctionName="cart", Payload=b"{")

    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert bad.value.response["Error"]["Code"] == "InvalidRequestContentException"
