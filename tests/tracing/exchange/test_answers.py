"""What Grafana's data sources for Jaeger and Zipkin ask is answered as these tools do,
within the accounts that one may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import ApiToken
from apps.discovery.roles import Role
from apps.search import store
from apps.search.engines.base import DocumentEngine
from apps.tracing.spans import zipkin
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.segments import spans_of
from apps.tracing.spans.span import Span
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_user

pytestmark = pytest.mark.django_db
BEGAN = 1_781_000_000
"""Seconds since 1970."""
WINDOW = f"start={BEGAN - 60}000000&end={BEGAN + 60}000000"
ZIPKIN_WINDOW = f"endTs={BEGAN + 60}000&lookback=120000"

JAEGER_QUERIES = {
    "limit=2": ["t3", "t2"],
    "operation=checkout": ["t3", "t2", "t1"],
    "operation=nothing": [],
    "operation=DynamoDB&minDuration=150ms": ["t3"],
    "operation=DynamoDB&maxDuration=50ms": ["t1"],
    "tags=%7B%22tenant%22%3A%22t2%22%7D": ["t2"],
    "tags=%7B%22error%22%3A%22true%22%7D": ["t2"],
    "tag=tenant:t1": ["t1"],
}
JAEGER_ERRORS = {
    "traces": 400,
    "traces?service=a&minDuration=fast": 400,
    f"traces?service=a&start={BEGAN + 1}000000&end={BEGAN}000000": 400,
    "traces?service=a&limit=0": 400,
    "operations": 400,
    "traces/xyz": 400,
    "traces/00000000000000000000000000000001": 404,
}
ZIPKIN_QUERIES = {
    "": 3,
    "&limit=1": 1,
    "&serviceName=checkout&spanName=dynamodb": 3,
    "&serviceName=other": 0,
    "&remoteServiceName=orders": 3,
    "&annotationQuery=error": 1,
    "&annotationQuery=tenant%3Dt1": 1,
    "&minDuration=400000": 3,
    "&minDuration=600000": 0,
}
LISTS = (
    "jaeger/api/services",
    f"jaeger/api/traces?service=checkout&{WINDOW}",
    f"jaeger/api/dependencies?endTs={BEGAN + 60}000&lookback=120000",
    "zipkin/api/v2/services",
    f"zipkin/api/v2/traces?{ZIPKIN_WINDOW}",
    f"zipkin/api/v2/dependencies?{ZIPKIN_WINDOW}",
)


def a_trace(number: int, **members: Any) -> list[Span]:
    """A request to checkout that reads a table, in X-Ray."""
    start = BEGAN + number
    document = {
        "trace_id": f"1-{BEGAN:08x}-{number:024x}",
        "id": f"{number:016x}",
        "name": "checkout",
        "start_time": start,
        "end_time": start + 0.5,
        "annotations": {"tenant": f"t{number}"},
        "subsegments": [
            {
                "id": f"{number + 1_000:016x}",
                "name": "DynamoDB",
                "namespace": "aws",
                "start_time": start + 0.1,
                "end_time": start + 0.1 * number,
                "aws": {"operation": "GetItem", "table_name": "orders"},
                **members,
            }
        ],
    }
    return spans_of(document, ACCOUNT, "eu-west-1")


def keep(*spans: Span) -> None:
    intake = SpanIntake(store.engine())
    intake.take_spans("test", [(span, 0) for span in spans])
    intake.commit()


@pytest.fixture
def client(engine: DocumentEngine) -> Client:
    """Somebody who sees everything, and three traces."""
    keep(*a_trace(1), *a_trace(2, fault=True), *a_trace(3))
    return signed_in("vera", Role.VIEWER)


def data(client: Client, path: str) -> Any:
    answer = client.get(f"/jaeger/api/{path}").json()
    assert answer["errors"] is None
    assert answer["total"] == len(answer["data"])
    return answer["data"]


def tenants(traces: list[dict[str, Any]]) -> list[str]:
    return [
        tag["value"]
        for trace in traces
        for span in trace["spans"]
        for tag in span["tags"]
        if tag["key"] == "tenant"
    ]


def test_jaeger_lists_services_and_operations(client: Client) -> None:
    assert data(client, "services") == ["checkout"]
    # Grafana lists operations of the last days: these are not of these.
    assert data(client, "services/checkout/operations") == []


def test_jaeger_finds_traces_newest_first(client: Client) -> None:
    assert tenants(data(client, f"traces?service=checkout&{WINDOW}")) == [
        "t3",
        "t2",
        "t1",
    ]


def test_jaeger_finds_traces_by_one_of_their_spans(client: Client) -> None:
    found = {
        query: tenants(data(client, f"traces?service=checkout&{WINDOW}&{query}"))
        for query in JAEGER_QUERIES
    }

    assert found == JAEGER_QUERIES


def test_jaeger_finds_nothing_outside_of_the_time(client: Client) -> None:
    early = f"start={BEGAN - 60}000000&end={BEGAN}000000"

    assert data(client, f"traces?service=checkout&{early}") == []


def test_jaeger_tells_a_trace_whichever_form_its_id_has(client: Client) -> None:
    w3c = f"{BEGAN:08x}{1:024x}"

    told = [
        data(client, f"traces/{trace_id}")
        for trace_id in (w3c, w3c.upper(), f"1-{BEGAN:08x}-{1:024x}")
    ]

    assert told[0] == told[1] == told[2]
    assert told[0][0]["traceID"] == w3c
    assert len(told[0][0]["spans"]) == 2


def test_jaeger_tells_dependencies(client: Client) -> None:
    assert data(client, f"dependencies?endTs={BEGAN + 60}000&lookback=120000") == [
        {"parent": "checkout", "child": "orders", "callCount": 3}
    ]


def test_jaegers_errors_are_in_its_shape(viewer_client: Client) -> None:
    for path, status in JAEGER_ERRORS.items():
        answer = viewer_client.get(f"/jaeger/api/{path}")

        assert answer.status_code == status, path
        (error,) = answer.json()["errors"]
        assert error["code"] == status
        assert error["msg"]


def test_zipkin_lists_services(client: Client) -> None:
    assert client.get("/zipkin/api/v2/services").json() == ["checkout"]


def test_zipkin_finds_traces(client: Client) -> None:
    found = {
        query: client.get(f"/zipkin/api/v2/traces?{ZIPKIN_WINDOW}{query}").json()
        for query in ZIPKIN_QUERIES
    }

    assert {query: len(traces) for query, traces in found.items()} == ZIPKIN_QUERIES
    assert {len(trace) for traces in found.values() for trace in traces} == {2}


def test_zipkin_tells_traces_one_by_one_and_many(client: Client) -> None:
    one, other = f"{BEGAN:08x}{1:024x}", f"{BEGAN:08x}{2:024x}"

    single = client.get(f"/zipkin/api/v2/trace/{one}").json()
    many = client.get(f"/zipkin/api/v2/traceMany?traceIds={one},{other}").json()

    assert [span["traceId"] for span in single] == [one, one]
    assert [trace[0]["traceId"] for trace in many] == [one, other]
    assert client.get(f"/zipkin/api/v2/trace/{7:016x}").status_code == 404


def test_zipkin_tells_dependencies_with_their_errors(client: Client) -> None:
    answer = client.get(f"/zipkin/api/v2/dependencies?{ZIPKIN_WINDOW}")

    assert answer.json() == [
        {"parent": "checkout", "child": "orders", "callCount": 3, "errorCount": 1}
    ]


def test_zipkin_gets_back_what_it_sent(client: Client) -> None:
    sent = {
        "traceId": "00000000000000a1",
        "id": "00000000000000a1",
        "kind": "SERVER",
        "name": "get /",
        "timestamp": BEGAN * 1_000_000,
        "duration": 7,
        "localEndpoint": {"serviceName": "web", "ipv4": "10.0.0.1"},
        "annotations": [{"timestamp": BEGAN * 1_000_000, "value": "wire"}],
        "tags": {"http.method": "GET"},
    }
    keep(zipkin.span_of(sent, ACCOUNT, ""))

    assert client.get("/zipkin/api/v2/trace/a1").json() == [sent]


def test_names_are_offered_from_what_came_lately(client: Client) -> None:
    document = {
        "trace_id": f"1-{BEGAN:08x}-{99:024x}",
        "id": f"{99:016x}",
        "name": "fresh/service",
        "start_time": timezone.now().timestamp(),
        "in_progress": True,
        "subsegments": [
            {"id": "9a", "name": "S3", "namespace": "aws", "start_time": 1},
            {"id": "9b", "name": "work", "start_time": 1},
        ],
    }
    keep(*spans_of(document, ACCOUNT, "eu-west-1"))

    older = data(client, "services/fresh%2Fservice/operations")
    newer = data(client, "operations?service=fresh%2Fservice")
    clients = data(client, "operations?service=fresh%2Fservice&spanKind=client")
    zipkins = client.get("/zipkin/api/v2/spans?serviceName=fresh/service").json()
    remote = client.get("/zipkin/api/v2/remoteServices?serviceName=fresh/service")
    keys = client.get("/zipkin/api/v2/autocompleteKeys").json()
    kinds = client.get("/zipkin/api/v2/autocompleteValues?key=span.kind").json()

    assert older == zipkins == ["S3", "fresh/service", "work"]
    assert newer == [
        {"name": "fresh/service", "spanKind": "server"},
        {"name": "S3", "spanKind": "client"},
        {"name": "work", "spanKind": ""},
    ]
    assert clients == [{"name": "S3", "spanKind": "client"}]
    assert remote.json() == ["S3"]
    assert "span.kind" in keys
    assert kinds == ["client", "server"]


def test_nobody_sees_other_accounts(client: Client) -> None:
    stranger = signed_in("otto", Role.ADMIN, OTHER_ACCOUNT)

    for path in LISTS:
        assert b"checkout" in client.get(f"/{path}").content
        assert b"checkout" not in stranger.get(f"/{path}").content
        assert Client().get(f"/{path}").status_code == 401


def test_a_trace_of_another_account_is_not_there(client: Client) -> None:
    stranger = signed_in("otto", Role.ADMIN, OTHER_ACCOUNT)
    trace_id = f"{BEGAN:08x}{1:024x}"

    assert stranger.get(f"/jaeger/api/traces/{trace_id}").status_code == 404
    assert stranger.get(f"/zipkin/api/v2/trace/{trace_id}").status_code == 404


def test_a_token_is_as_good_as_a_session(client: Client) -> None:
    _, token = ApiToken.objects.create(a_user("grafana", Role.VIEWER))

    answer = Client().get(
        "/jaeger/api/services", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json()["data"] == ["checkout"]
