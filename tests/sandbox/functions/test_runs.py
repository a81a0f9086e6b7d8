"""What a run leaves behind, and what becomes of one that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.functions import Lambda
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.functions.functions import a_function
from tests.sandbox.functions.test_invoke import (
    ECHO,
    FAILS,
    a_queue,
    functions,
    invoke,
    waiting,
)

__all__ = ["functions"]

Pass = Callable[[float], None]
GROUP = "/aws/lambda/cart"


def said(client: Client) -> list[str]:
    found = client("logs").filter_log_events(logGroupName=GROUP)["events"]
    return [line["message"] for line in found]


def streams(client: Client) -> list[str]:
    found = client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    return [stream["logStreamName"] for stream in found]


def summed(client: Client, metric: str) -> float:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": "cart"}],
        StartTime=NOW - 3_600,
        EndTime=NOW + 86_400,
        Period=86_400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_what_it_prints_is_in_its_log_between_start_and_end(client: Client) -> None:
    a_function(client, ECHO)

    _, answer = invoke(client, {"id": 7})

    request_id = answer["ResponseMetadata"]["RequestId"]
    start, printed, end, report = said(client)
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert printed == "got {'id': 7}"
    assert end == f"END RequestId: {request_id}"
    assert "\tMemory Size: 128 MB\t" in report


def test_an_error_is_one_line_of_the_log_after_what_was_printed(
    client: Client,
) -> None:
    code = "def handle(event, context):\n  print('before')\n  raise KeyError('cart')"
    a_function(client, code)

    invoke(client)

    _, printed, error, _, _ = said(client)
    assert printed == "before"
    assert error.startswith("[ERROR] KeyError: 'cart'\rTraceback (most recent call")
    assert "shop.py" in error


def test_a_run_out_of_time_says_so_and_keeps_what_it_printed(client: Client) -> None:
    code = """
        import time
        def handle(event, context):
            print("waiting")
            time.sleep(60)
    """
    a_function(client, code, Timeout=1)

    _, answer = invoke(client)

    request_id = answer["ResponseMetadata"]["RequestId"]
    _, printed, late, _, report = said(client)
    assert printed == "waiting"
    assert (
        late
        == f"2026-09-21T14:13:20.000Z {request_id} Task timed out after 1.00 seconds"
    )
    assert report.endswith("\tStatus: timeout")


@pytest.mark.parametrize(("code", "errors"), [(ECHO, 0), (FAILS, 2)])
def test_runs_and_errors_are_counted(client: Client, code: str, errors: int) -> None:
    a_function(client, code)

    invoke(client)
    invoke(client)

    assert (summed(client, "Invocations"), summed(client, "Errors")) == (2, errors)
    assert summed(client, "Duration") > 0


def test_a_log_group_that_was_deleted_comes_back(client: Client) -> None:
    a_function(client, ECHO)
    invoke(client, {"id": 1})
    client("logs").delete_log_group(logGroupName=GROUP)

    invoke(client, {"id": 2})

    assert "got {'id': 2}" in said(client)
    assert summed(client, "Invocations") == 2


def test_a_day_has_its_own_log_stream(client: Client, pass_time: Pass) -> None:
    a_function(client, ECHO)

    invoke(client)
    invoke(client)
    pass_time(86_400)
    invoke(client)

    days = sorted(name.partition("[")[0] for name in streams(client))
    assert days == ["2026/09/21/", "2026/09/22/"]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("import gone", "Runtime.ImportModuleError",
         "Unable to import module 'shop': No module named 'gone'"),
        ("x = 1", "Runtime.HandlerNotFound",
         "Handler 'handle' missing on module 'shop'"),
        ("def handle(e, c): return {1, 2}", "Runtime.MarshalError",
         "Unable to marshal response: Object of type set is not JSON serializable"),
    ],
)  # fmt: skip
def test_code_that_cannot_run_says_why(
    client: Client, code: str, kind: str, message: str
) -> None:
    a_function(client, code)

    payload, answer = invoke(client)

    assert answer["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == (kind, message)


def test_a_run_leaves_nothing_on_the_disk_but_the_code(
    client: Client, cloud: Cloud
) -> None:
    a_function(client, ECHO)

    invoke(client)
    invoke(client)

    (only,) = (cloud.home / "functions").iterdir()
    assert only.is_dir()


def to(client: Client, **settings: Any) -> None:
    client("lambda").put_function_event_invoke_config(FunctionName="cart", **settings)


def wait_for(functions: Lambda, pass_time: Pass, *seconds: int) -> None:
    for one in (0, *seconds):
        pass_time(one)
        functions.settle()


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_failed_event_is_tried_as_often_as_asked(
    client: Client, functions: Lambda, pass_time: Pass, most: int
) -> None:
    a_function(client, FAILS)
    failed = {"OnFailure": {"Destination": a_queue(client, "failed")}}
    to(client, MaximumRetryAttempts=most, DestinationConfig=failed)

    invoke(client, {"id": 7}, InvocationType="Event")
    wait_for(functions, pass_time, 60, 120)

    (record,) = [json.loads(body) for body in waiting(client, "failed")]
    assert record["requestContext"]["approximateInvokeCount"] == most + 1
    assert record["requestPayload"] == {"id": 7}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "Empty"
    assert summed(client, "Invocations") == most + 1


def test_a_retry_waits_a_minute_and_then_two(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, FAILS)
    invoke(client, InvocationType="Event")
    wait_for(functions, pass_time)

    counts = []
    for seconds in (59, 1, 119, 1):
        wait_for(functions, pass_time, seconds)
        counts.append(summed(client, "Invocations"))

    assert counts == [1, 2, 2, 3]


def test_an_event_that_is_too_old_is_not_tried_again(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, FAILS)
    failed = {"OnFailure": {"Destination": a_queue(client, "failed")}}
    to(client, MaximumEventAgeInSeconds=90, DestinationConfig=failed)

    invoke(client, InvocationType="Event")
    wait_for(functions, pass_time, 60, 120)

    (record,) = [json.loads(body) for body in waiting(client, "failed")]
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_a_success_goes_nowhere_near_the_failures(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, ECHO)
    done, failed = a_queue(client, "done"), a_queue(client, "failed")
    both = {"OnSuccess": {"Destination": done}, "OnFailure": {"Destination": failed}}
    to(client, DestinationConfig=both)

    invoke(client, {"id": 7}, InvocationType="Event")
    wait_for(functions, pass_time, 60)

    (record,) = [json.loads(body) for body in waiting(client, "done")]
    assert record["requestContext"]["condition"] == "Success"
    assert waiting(client, "failed") == []


def test_a_destination_that_is_gone_is_counted(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, ECHO)
    gone = f"arn:aws:sqs:{HOME_REGION}:{SHOP}:gone"
    to(client, DestinationConfig={"OnSuccess": {"Destination": gone}})

    invoke(client, InvocationType="Event")
    wait_for(functions, pass_time)

    assert summed(client, "DestinationDeliveryFailures") == 1


def mapped(client: Client, **more: Any) -> str:
    """A queue whose messages the function gets; the mapping's id."""
    made = client("lambda").create_event_source_mapping(
        FunctionName="cart", EventSourceArn=a_queue(client, "work"), **more
    )
    return str(made["UUID"])


def send(client: Client, *messages: str) -> None:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    for message in messages:
        sqs.send_message(QueueUrl=url, MessageBody=message)


REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ('{"batchItemFailures": [{"itemIdentifier": bad}]}', ["bad"]),
        ('{"batchItemFailures": []}', []),
        ('{"batchItemFailures": None}', []),
        ("{}", []),
        ("None", []),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', ["bad", "good"]),
        ('{"batchItemFailures": [{"itemIdentifier": None}]}', ["bad", "good"]),
        ('{"batchItemFailures": [{"itemIdentifier": "x"}]}', ["bad", "good"]),
        ('{"batchItemFailures": [{"id": bad}]}', ["bad", "good"]),
        ('"done"', ["bad", "good"]),
    ],
)
def test_only_messages_that_are_done_leave_the_queue(
    client: Client, functions: Lambda, pass_time: Pass, answer: str, left: list[str]
) -> None:
    """What cannot be understood keeps the whole batch, as AWS has it."""
    code = f"""
        def handle(event, context):
            (bad,) = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
            return {answer}
    """
    a_function(client, code)
    mapped(client, **REPORTS)
    send(client, "good", "bad")

    pass_time(1)
    functions.settle()

    assert sorted(waiting(client, "work")) == left


def test_failures_are_for_those_who_asked_to_report_them(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    bad = '{"batchItemFailures": [{"itemIdentifier": ""}]}'
    a_function(client, f"def handle(event, context): return {bad}")
    mapped(client)
    send(client, "one")

    pass_time(1)
    functions.settle()

    assert waiting(client, "work") == []


def test_a_function_sees_the_message_as_aws_writes_it(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    code = """
        import json
        def handle(event, context):
            (record,) = event["Records"]
            print(json.dumps(record, sort_keys=True))
    """
    a_function(client, code)
    mapped(client)
    send(client, "one")

    pass_time(1)
    functions.settle()

    (line,) = [text for text in said(client) if text.startswith("{")]
    record = json.loads(line)
    assert (record["body"], record["eventSource"]) == ("one", "aws:sqs")
    assert record["eventSourceARN"] == f"arn:aws:sqs:{HOME_REGION}:{SHOP}:work"
    assert record["awsRegion"] == HOME_REGION
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_mapping_that_is_off_reads_nothing(
    client: Client, functions: Lambda, pass_time: Pass
) -> None:
    a_function(client, ECHO)
    mapping = mapped(client)
    client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    send(client, "one")

    pass_time(1)
    functions.settle()

    assert waiting(client, "work") == ["one"]
