"""Filter expressions find the traces that GetTraceSummaries finds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from apps.tracing.spans.segments import spans_of
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.parsing import read
from apps.tracing.traces.filters.subjects import Subject
from sandbox.kernel.cloud import HOME_REGION, SHOP
from tests.sandbox.conftest import client, cloud, sandbox
from tests.sandbox.xray.shop import (
    CALL,
    START,
    WINDOW,
    call,
    callee,
    put,
    segment,
    status,
    summaries,
    trace_id,
)

__all__ = ["client", "cloud", "sandbox"]

_HTTP = {
    "request": {
        "url": "https://shop/api/v2/cart",
        "method": "POST",
        "user_agent": "curl/8",
        "client_ip": "203.0.113.9",
    },
    "response": {"status": 502},
}
_THROWN = {"exceptions": [{"type": "Timeout", "message": "no stock left"}]}
_TABLE = {"namespace": "aws", "aws": {"table_name": "carts", "operation": "GetItem"}}
_TRACES: list[list[dict[str, Any]]] = [
    [
        segment(
            end_time=START + 2.5,
            http=_HTTP,
            user="ann",
            aws={"ec2": {"instance_id": "i-7", "availability_zone": "eu-west-1a"}},
            resource_arn="arn:aws:ecs:web",
            annotations={"age": 30, "tier": "gold", "paid": False},
            subsegments=[
                call("DynamoDB", id="4" * 16, **_TABLE),
                call(end_time=START + 2.4, fault=True),
            ],
        ),
        callee(end_time=START + 2.3, fault=True, cause=_THROWN, parent_id=CALL),
    ],
    [segment(**status(200), annotations={"age": 3, "paid": True})],
    [segment(**status(404), user="bob", subsegments=[call("stock", **status(500))])],
    [segment(**status(429), origin="AWS::Lambda")],
    [segment(in_progress=True, end_time=None, subsegments=[call(error=True)])],
    [
        segment(
            subsegments=[call("SQS", namespace="aws", aws={"queue_url": "q/jobs"})]
        ),
        callee("worker", origin="AWS::Lambda::Function", **status(429)),
    ],
    [
        segment(
            subsegments=[
                {
                    "name": "render", "id": "5" * 16, "start_time": START,
                    "end_time": START + 0.19,
                    "annotations": {"tier": "silver", "size": 2.5},
                    "subsegments": [call("db", sql={"sanitized_query": "select 1"})],
                }
            ]
        ),
    ],
    [callee("orphan", error=True)],
]  # fmt: skip
_CAUSE = [
    {
        "Services": [
            {"Name": "web", "EntityPath": [{"Name": "web"}, {"Name": "orders"}]},
            {"Name": "orders", "EntityPath": [{"Name": "orders"}]},
        ]
    }
]
_EXPRESSIONS = [
    "ok", "!ok", "ok = false", "error", "!error", "throttle", "throttle != true",
    "fault", "!fault", "partial", "!partial", "inferred", "!inferred", "first",
    "coverage > 0", "responsetime > 2", "responsetime = 2.5", "responsetime < 0.3",
    "duration <= 2.5", "duration >= 0.2 AND duration <= 1", "http.status = 502",
    "http.status != 200", "http.status >= 400 http.status < 500", "http.url",
    "!http.url", "http.url CONTAINS '/v2/'", "http.url BEGINSWITH 'https://shop/'",
    "http.url ENDSWITH 'cart' or user = 'bob'", "http.method = 'POST'",
    "http.method != 'POST'", "http.useragent BEGINSWITH 'curl'", "user CONTAINS ''",
    "http.clientip = '203.0.113.9'", "user = 'ann'", "user != 'bob'", "!user",
    "instance.id = 'i-7'", "availabilityzone ENDSWITH '1a'", "resource.arn",
    "annotation.age", "annotation.age > 29", "annotation[age] < 30", "!annotation.age",
    "annotation.tier = 'gold'", "annotation.tier != 'gold'", "annotation.paid",
    "annotation.paid = false", "!annotation.paid", "annotation.age = '30'",
    "annotation.size = 2.5", "annotation.Age", "annotation.age CONTAINS '3'",
    "name = 'orders'", "type = 'AWS::Lambda'", "type BEGINSWITH 'AWS::'",
    "service('orders')", "!service('orders')", "service()", "service() { fault }",
    "service() { !fault }", "service('web') { root AND http.status = 502 }",
    "service() { throttle }", "service() { error !throttle }", "service('carts')",
    "service('carts') { inferred }", "service('web') { annotation.tier = 'gold' }",
    "service('web') { annotation.tier = 'silver' }", "service('web') { partial }",
    "service(id(type: 'AWS::DynamoDB::Table'))", "id(name: 'web')",
    "service(id(type: 'Database::SQL'))", "service('q/jobs')",
    f"service(id(name: 'web', account.id: '{SHOP}'))", "service('worker') { ok }",
    "service('orders') { responsetime > 2 AND name = 'orders' }",
    "service('web') { duration > 2 user }", "service() { root error }",
    "edge('web', 'orders')", "edge('web', 'orders') { fault }", "edge('web', 'carts')",
    "edge('web', 'carts') { fault }", "edge(id(type: 'client'), 'web')",
    "!edge('orders', 'web')", "edge('web', 'stock') { fault http.status = 500 }",
    "edge('web', 'orders') { error }", "edge('web', 'q/jobs')",
    "edge('web', 'worker')", "edge('web', 'db')", "edge('web', id(type: 'remote'))",
    "rootcause.fault.service", "rootcause.fault.service { name = 'orders' }",
    "rootcause.fault.service { last and name = 'orders' and index = 1 }",
    "rootcause.fault.service { inferred }", "rootcause.fault.service { index > 5 }",
    "rootcause.fault.entity { remote and name = 'orders' }",
    "rootcause.fault.entity { first and name = 'web' }",
    "rootcause.fault.exception { last and message CONTAINS 'no stock' }",
    "rootcause.fault.exception { name = 'Timeout' }", "rootcause.error.service",
    "rootcause.error.entity { last and name = 'stock' }",
    "rootcause.error.service { last type = 'AWS::Lambda' }",
    "rootcause.responsetime.entity { coverage > 0.9 and name = 'orders' }",
    "rootcause.responsetime.entity { coverage < 0.5 }",
    "rootcause.responsetime.service { last and type = 'Database::SQL' }",
    "rootcause.responsetime.entity { first and coverage = 1 }",
    f"rootcause.json = #{json.dumps(_CAUSE)}", f"json = #{json.dumps(_CAUSE)}",
    f"rootcause.json != #{json.dumps(_CAUSE)}", "group.name = 'nobody'",
    "group.name != 'nobody'", "fault AND user = 'bob'", "fault OR user = 'bob'",
    "ok !partial duration <3", "NOT (fault OR error)", "!(throttle partial)",
    "ok = TRUE and RESPONSETIME < 5 Or Fault",
]  # fmt: skip


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    found: dict[str, list[Any]] = defaultdict(list)
    for document in _documents():
        found[document["trace_id"]] += spans_of(document, SHOP, HOME_REGION)
    return {name: Subject(spans) for name, spans in found.items()}


def _made_up(chance: Random) -> list[dict[str, Any]]:
    """A trace of services that call each other, AWS and databases, and may fail."""
    web = segment(**_ending(chance))
    documents, calls = [web], []
    for number in range(chance.randrange(4)):
        made = call(
            chance.choice(["orders", "stock", "DynamoDB", "SQS", "db"]),
            id=f"{number + 4:016x}",
            end_time=START + chance.choice([0.06, 0.1, 0.19]),
            **_ending(chance),
        )
        if made["name"] in ("DynamoDB", "SQS"):
            made |= {"namespace": "aws", "aws": {"table_name": "carts"}}
        elif made["name"] == "db":
            made["sql"] = {"sanitized_query": "select 1"}
        calls.append(made)
        if chance.random() < 0.6:
            answered = callee(
                made["name"],
                id=f"{number + 40:016x}",
                parent_id=made["id"] if chance.random() < 0.9 else "f" * 16,
                **_ending(chance),
            )
            documents.append(answered)
    nested = {"name": "work", "id": "9" * 16, "start_time": START, "end_time": START}
    web["subsegments"] = [{**nested, "subsegments": calls}] if calls[2:] else calls
    return documents


def _ending(chance: Random) -> dict[str, Any]:
    return {
        **chance.choice([{}, {}, {"fault": True}, {"error": True}, {"throttle": True}]),
        **chance.choice([{}, status(200), status(429), status(502), {"http": _HTTP}]),
        **chance.choice([{}, {}, {"cause": _THROWN}]),
        "annotations": chance.choice(
            [{}, {"age": chance.randrange(40)}, {"size": 2.5}]
        ),
        "user": chance.choice([None, "ann", "bob"]),
    }


def _documents() -> list[dict[str, Any]]:
    chance = Random(5)  # noqa: S311  # traces need no secret
    traces = [*_TRACES, *(_made_up(chance) for _ in range(40))]
    return [
        {name: value for name, value in {**one, "trace_id": trace_id(at)}.items()
         if value is not None}
        for at, documents in enumerate(traces)
        for one in documents
    ]  # fmt: skip


@pytest.fixture
def xray(client: Callable[..., Any]) -> Any:
    made = client("xray")
    assert put(made, *_documents()) == []
    return made


def test_the_same_traces_are_found_as_by_xray(
    xray: Any, subjects: dict[str, Subject]
) -> None:
    """One test of many expressions, as a sandbox takes longer than all of them."""
    differing, sizes = {}, set()
    for expression in _EXPRESSIONS:
        expected = {
            one["Id"] for one in summaries(xray, FilterExpression=expression, **WINDOW)
        }
        node = read(expression)
        found = {name for name, one in subjects.items() if matches(node, one)}
        sizes.add(len(expected))
        if found != expected:
            differing[expression] = (sorted(found - expected), sorted(expected - found))

    assert not differing
    assert len(sizes) > 4, "the expressions tell traces apart"
