"""Calls that reach elsewhere, or hold what no SDK would send."""

from __future__ import annotations

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.assembly import Sandbox
from sandbox.kernel.calls import Call
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.errors import ApiError
from sandbox.kernel.principals import service_principal
from tests.sandbox.conftest import NOW, Client
from tests.sandbox.logs.conftest import NOW_MS, Put, messages

OTHER = "210987654321"
ARN = f"arn:aws:logs:{HOME_REGION}:{SHOP}:log-group:/shop"
FAR = 2**63 - 1


def raw(sandbox: Sandbox, operation: str, **parameters: Any) -> Mapping[str, Any]:
    """The handler's answer to parameters as JSON may carry them."""
    who = service_principal("tests.amazonaws.com", SHOP)
    call = Call("logs", operation, parameters, SHOP, HOME_REGION, who, NOW, "r")
    operations: Any = sandbox.service("logs")
    return operations.operations[operation](call)  # type: ignore[no-any-return]


READS: list[tuple[str, dict[str, Any]]] = [
    ("filter_log_events", {"logGroupIdentifier": ARN}),
    ("get_log_events", {"logGroupIdentifier": ARN, "logStreamName": "one"}),
    ("describe_log_streams", {"logGroupIdentifier": ARN}),
    ("list_tags_for_resource", {"resourceArn": ARN}),
    (
        "start_query",
        {
            "logGroupIdentifiers": [ARN],
            "startTime": 1,
            "endTime": 2,
            "queryString": "limit 1",
        },
    ),
]


@pytest.mark.parametrize(("operation", "asked"), READS)
def test_an_arn_does_not_open_another_accounts_logs(
    client: Client, put: Put, operation: str, asked: Mapping[str, Any]
) -> None:
    put("secret")

    with pytest.raises(ClientError, match="AccessDeniedException"):
        getattr(client("logs", OTHER), operation)(**asked)


@pytest.mark.parametrize(("operation", "asked"), READS)
def test_an_arn_does_not_open_another_regions_logs(
    client: Client, put: Put, operation: str, asked: Mapping[str, Any]
) -> None:
    put("elsewhere")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        getattr(client("logs", SHOP, "us-west-2"), operation)(**asked)


def test_a_query_is_of_who_started_it(client: Client, logs: Any) -> None:
    asked = {"logGroupIdentifiers": [ARN], "startTime": 1, "endTime": 2}
    query = logs.start_query(queryString="limit 1", **asked)["queryId"]

    assert logs.describe_queries()["queries"][0]["queryId"] == query
    assert client("logs", OTHER).describe_queries()["queries"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("logs", OTHER).get_query_results(queryId=query)


@pytest.mark.parametrize("token", ["at-²", "at-" + "9" * 5_000, "at--1"])
def test_a_page_that_is_none_is_refused(logs: Any, token: str) -> None:
    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.describe_log_groups(nextToken=token)


def test_a_token_beyond_all_time_is_refused(logs: Any, put: Put) -> None:
    put("a", "b")
    token = logs.filter_log_events(logGroupName="/shop", limit=1)["nextToken"]
    way, question, issued, _ = urlsafe_b64decode(token).decode().split("/")
    forged = f"{way}/{question}/{issued}/{10**40}-0-0"

    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.filter_log_events(
            logGroupName="/shop",
            limit=1,
            nextToken=urlsafe_b64encode(forged.encode()).decode(),
        )


def test_the_last_moment_there_is_can_be_asked_for(logs: Any, put: Put) -> None:
    put("a")

    found = logs.filter_log_events(logGroupName="/shop", endTime=FAR)
    got = logs.get_log_events(logGroupName="/shop", logStreamName="one", endTime=FAR)
    fields = logs.get_log_group_fields(logGroupName="/shop", time=10**17)
    query = logs.start_query(
        logGroupName="/shop", startTime=0, endTime=FAR, queryString="limit 1"
    )

    assert messages(found) == ["a"] == messages(got)
    assert fields["logGroupFields"] == []
    assert logs.get_query_results(**_id(query))["status"] == "Complete"


def _id(query: Mapping[str, Any]) -> dict[str, str]:
    return {"queryId": query["queryId"]}


@pytest.mark.parametrize("moment", [2**63, 1.5, 1e30, "1", True])
@pytest.mark.parametrize("member", ["startTime", "endTime"])
def test_a_moment_that_is_no_long_is_refused(
    sandbox: Sandbox, logs: Any, member: str, moment: Any
) -> None:
    group = {"logGroupName": "/shop"}
    asked: dict[str, Any] = {member: moment}
    with pytest.raises(ApiError, match="SerializationException"):
        raw(sandbox, "FilterLogEvents", **group, **asked)
    with pytest.raises(ApiError, match="SerializationException"):
        raw(sandbox, "GetLogEvents", **group, logStreamName="one", **asked)
    with pytest.raises(ApiError, match="SerializationException"):
        raw(sandbox, "GetLogGroupFields", **group, time=moment)


@pytest.mark.parametrize(
    "odd",
    [
        {"logEvents": "abc"},
        {"logEvents": ["abc"]},
        {"logEvents": [{"timestamp": NOW_MS, "message": 5}]},
        {"logEvents": [{"timestamp": "x", "message": "a"}]},
        {"logEvents": [{"timestamp": float("nan"), "message": "a"}]},
        {"logEvents": [{"timestamp": 2**63, "message": "a"}]},
        {"logEvents": [{"timestamp": True, "message": "a"}]},
        {"logGroupName": ["/shop"]},
        {"logStreamName": {"one": 1}},
    ],
)
def test_events_of_another_kind_cannot_be_read(
    sandbox: Sandbox, logs: Any, odd: Mapping[str, Any]
) -> None:
    right = {"timestamp": NOW_MS, "message": "a"}
    names = {"logGroupName": "/shop", "logStreamName": "one", "logEvents": [right]}

    with pytest.raises(ApiError, match="SerializationException"):
        raw(sandbox, "PutLogEvents", **{**names, **odd})


def test_definitions_can_be_listed_while_others_are_put(
    sandbox: Sandbox, logs: Any
) -> None:
    def put_many() -> None:
        for at in range(300):
            raw(sandbox, "PutQueryDefinition", name=f"q{at}", queryString="limit 1")

    threads = [threading.Thread(target=put_many) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        raw(sandbox, "DescribeQueryDefinitions")
    assert len(raw(sandbox, "DescribeQueryDefinitions")["queryDefinitions"]) == 900
