"""OpenTelemetry's spans become spans, in both encodings and both conventions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.search.documents import JsonObject
from apps.tracing.spans import otlp, otlpbinary
from apps.tracing.spans.span import (
    Http,
    Outcome,
    ServiceKey,
    Span,
    SpanException,
    SpanKind,
    SpanLink,
)
from apps.tracing.spans.values import InvalidSpan
from tests.tracing.spans.otlpbodies import TRACE, binary, export, pairs, span

ACCOUNT, REGION = "111122223333", "eu-west-1"
JAVA = """java.lang.RuntimeException: no order
\tat shop.Orders.get(Orders.java:7)
Caused by: java.io.IOException: connection reset
\tat java.base/sun.nio.ch.X.read(X.java:1)
Caused by: java.net.SocketException
\t... 3 more
"""
PYTHON = """Traceback (most recent call last):
  File "a.py", line 1, in f
KeyError: 'order'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 3, in g
shop.NoOrder: none
"""


def read(body: JsonObject) -> list[Span]:
    """What both encodings are read as, which is the same."""
    spans = [otlp.span_of(told, ACCOUNT, REGION) for told in otlp.told_by(body)]
    again = [
        otlp.span_of(told, ACCOUNT, REGION) for told in otlpbinary.told_by(binary(body))
    ]
    assert [_without_record(one) for one in spans] == [
        _without_record(one) for one in again
    ]
    return spans


def _without_record(one: Span) -> list[Any]:
    return [getattr(one, name) for name in Span.__slots__ if name != "record"]


def test_a_span_is_read() -> None:
    (found,) = read(export(span()))

    assert found.trace_id == TRACE
    assert (found.id, found.parent_id) == ("eee19b7ec3c1b174", "eee19b7ec3c1b173")
    assert found.kind is SpanKind.CLIENT
    assert found.service == ServiceKey(ACCOUNT, "", "web")
    assert found.region == REGION
    assert (found.start_us, found.duration_us) == (1544712660000000, 1_000_000)
    assert found.operation == "call"


def test_both_encodings_leave_the_same_record() -> None:
    body = export(
        span(
            {"a": 1, "b": [True, "x"], "c": {"d": 0.5}},
            events=[{"timeUnixNano": "1544712660500000000", "name": "tick"}],
            status={"code": 2, "message": "no"},
        )
    )

    (in_json,) = (otlp.span_of(told, "", "") for told in otlp.told_by(body))
    (in_binary,) = (
        otlp.span_of(told, "", "") for told in otlpbinary.told_by(binary(body))
    )

    assert in_json.record["attributes"] == {
        "a": 1,
        "b": [True, "x"],
        "c": {"d": 0.5},
    }
    assert in_json.record["resource"] == {"service.name": "web"}
    ids = {"traceId", "spanId", "parentSpanId"}
    assert {key: value for key, value in in_json.record.items() if key not in ids} == {
        key: value for key, value in in_binary.record.items() if key not in ids
    }


@pytest.mark.parametrize(
    ("resource", "service"),
    [
        ({"cloud.account.id": "444455556666"}, ServiceKey("444455556666", "", "web")),
        ({"cloud.account.id": "mine"}, ServiceKey(ACCOUNT, "", "web")),
        (
            {"cloud.provider": "aws", "cloud.platform": "aws_ec2"},
            ServiceKey(ACCOUNT, "AWS::EC2::Instance", "web"),
        ),
        (
            {"cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate"},
            ServiceKey(ACCOUNT, "AWS::ECS::Fargate", "web"),
        ),
        (
            {"cloud.platform": "aws_eks"},
            ServiceKey(ACCOUNT, "AWS::EKS::Container", "web"),
        ),
        (
            {"cloud.provider": "gcp", "cloud.platform": "gcp_cloud_run"},
            ServiceKey(ACCOUNT, "", "web"),
        ),
    ],
)
def test_the_resource_says_whose_service_it_is(
    resource: dict[str, str], service: ServiceKey
) -> None:
    (found,) = read(export(span(), resource=resource))

    assert found.service == service


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "http.method": "GET",
            "http.url": "https://api/orders/7?x=1",
            "http.status_code": 404,
        },
        {
            "http.request.method": "GET",
            "url.full": "https://api/orders/7?x=1",
            "http.response.status_code": 404,
        },
    ],
)
def test_both_conventions_say_what_was_asked_for(attributes: dict[str, Any]) -> None:
    (found,) = read(export(span(attributes, status={"code": 2})))

    assert found.http == Http("GET", "https://api/orders/7?x=1", 404)
    assert found.operation == "GET /orders/7"
    assert found.outcome == Outcome.ERROR
    assert found.peer == ServiceKey("", "remote", "api")
    assert found.record["http"]["response"] == {"status": 404}


@pytest.mark.parametrize(
    ("attributes", "peer", "operation", "resource"),
    [
        (
            {
                "rpc.system": "aws-api",
                "rpc.service": "DynamoDB",
                "rpc.method": "GetItem",
                "aws.dynamodb.table_names": ["orders"],
            },
            ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "orders"),
            "GetItem",
            "orders",
        ),
        (
            {
                "rpc.system.name": "aws-api",
                "rpc.method": "S3/PutObject",
                "aws.s3.bucket": "b",
            },
            ServiceKey(ACCOUNT, "AWS::S3::Bucket", "b"),
            "PutObject",
            "b",
        ),
        (
            {
                "db.system": "postgresql",
                "db.name": "shop",
                "db.statement": "SELECT 1",
                "server.address": "db.internal",
            },
            ServiceKey("", "Database::SQL", "shop@db.internal"),
            "SELECT 1",
            "shop",
        ),
        (
            {
                "db.system.name": "redis",
                "db.query.text": "GET a",
                "peer.service": "cache",
            },
            ServiceKey("", "remote", "cache"),
            "GET a",
            "",
        ),
        (
            {"messaging.system": "kafka", "messaging.destination.name": "orders"},
            ServiceKey("", "remote", "kafka"),
            "call",
            "orders",
        ),
        (
            {"rpc.system": "grpc", "rpc.service": "shop.Cart", "rpc.method": "Add"},
            ServiceKey("", "remote", "shop.Cart"),
            "shop.Cart/Add",
            "",
        ),
    ],
)
def test_attributes_say_whom_a_span_called(
    attributes: dict[str, Any], peer: ServiceKey, operation: str, resource: str
) -> None:
    (found,) = read(export(span(attributes)))

    assert found.peer == peer
    assert (found.operation, found.resource) == (operation, resource)


@pytest.mark.parametrize(
    ("stack", "exceptions"),
    [
        ("", (SpanException("E", "m"),)),
        (
            JAVA,
            (
                SpanException("E", "m", cause=1),
                SpanException("java.io.IOException", "connection reset", cause=2),
                SpanException("java.net.SocketException", ""),
            ),
        ),
        (
            PYTHON,
            (SpanException("E", "m", cause=1), SpanException("KeyError", "'order'")),
        ),
    ],
)
def test_exceptions_come_with_what_caused_them(
    stack: str, exceptions: tuple[SpanException, ...]
) -> None:
    attributes = {
        "exception.type": "E",
        "exception.message": "m",
        "exception.stacktrace": stack,
    }
    event = {
        "timeUnixNano": "1544712660500000000",
        "name": "exception",
        "attributes": pairs(attributes),
    }

    (found,) = read(export(span(events=[event], status={"code": 2})))

    assert found.exceptions == exceptions
    assert found.outcome == Outcome.FAULT
    assert [one["type"] for one in found.record["cause"]["exceptions"]] == [
        one.type for one in exceptions
    ]


def test_links_are_kept() -> None:
    link = {"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "0102030405060708"}

    (found,) = read(export(span(links=[link], kind=5)))

    assert found.kind is SpanKind.CONSUMER
    assert found.links == (
        SpanLink("1-5b8efff7-98038103d269b633813fc60d", "0102030405060708"),
    )


def test_names_of_kinds_are_as_good_as_their_numbers() -> None:
    body = export(span(kind="SPAN_KIND_SERVER", status={"code": "STATUS_CODE_ERROR"}))

    (found,) = (otlp.span_of(told, "", "") for told in otlp.told_by(body))

    assert (found.kind, found.outcome) == (SpanKind.SERVER, Outcome.FAULT)


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"traceId": "00"}, "traceId"),
        ({"traceId": None}, "traceId"),
        ({"spanId": "0000000000000000"}, "spanId"),
        ({"startTimeUnixNano": "0"}, "startTimeUnixNano"),
        ({"startTimeUnixNano": {}}, "startTimeUnixNano"),
    ],
)
def test_what_is_no_span_is_refused_with_its_place(
    members: dict[str, Any], place: str
) -> None:
    (told,) = otlp.told_by(export(span(**members)))

    with pytest.raises(InvalidSpan, match=place):
        otlp.span_of(told, "", "")


def test_what_is_no_protobuf_is_refused() -> None:
    with pytest.raises(InvalidSpan, match="ExportTraceServiceRequest"):
        otlpbinary.told_by(b"\xff\xff\xff")


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "value", "values", "arrayValue", "code", "name"]),
            inner,
        )
    ),
    max_leaves=10,
)
_MEMBERS = ["attributes", "events", "links", "status", "kind", "name", "flags"]
_MEMBERS += ["parentSpanId", "endTimeUnixNano"]


@given(st.dictionaries(st.sampled_from(_MEMBERS), _ODD))
def test_wrong_types_are_not_read_and_never_an_accident(
    members: dict[str, Any],
) -> None:
    (told,) = otlp.told_by(export({**span(), **members}))

    assert otlp.span_of(told, "", "").trace_id == TRACE


@given(_ODD)
def test_any_other_body_holds_no_spans(odd: Any) -> None:
    assert not list(otlp.told_by({"resourceSpans": odd}))
