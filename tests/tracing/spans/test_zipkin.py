"""Zipkin's spans become spans, halves, scraps and all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.spans.span import (
    Http,
    Outcome,
    ServiceKey,
    SpanException,
    SpanKind,
)
from apps.tracing.spans.values import InvalidSpan
from apps.tracing.spans.zipkin import dated, span_of


def zipkin(**members: Any) -> dict[str, Any]:
    return {
        "traceId": "5aab74dbb904746bb33447baae403ed6",
        "id": "e457b5a2e4d86bd1",
        "parentId": "05e3ac9a4f6e3b90",
        "kind": "CLIENT",
        "name": "get",
        "timestamp": 1521186011929043,
        "duration": 14,
        "localEndpoint": {"serviceName": "Frontend"},
        "remoteEndpoint": {"serviceName": "backend", "ipv4": "10.0.0.3"},
        **members,
    }


def test_a_span_is_read() -> None:
    span = span_of(zipkin(), "111122223333", "eu-west-1")

    assert span.trace_id == "1-5aab74db-b904746bb33447baae403ed6"
    assert (span.id, span.parent_id) == ("e457b5a2e4d86bd1", "05e3ac9a4f6e3b90")
    assert span.kind is SpanKind.CLIENT
    assert span.service == ServiceKey("111122223333", "", "frontend")
    assert span.peer == ServiceKey("111122223333", "", "backend")
    assert (span.start_us, span.duration_us) == (1521186011929043, 14)
    assert span.operation == "get"


def test_short_ids_are_filled_from_the_left() -> None:
    span = span_of(zipkin(traceId="8CE82B2E9ED820BA", id="a"), "", "")

    assert span.trace_id == "1-00000000-000000008ce82b2e9ed820ba"
    assert span.id == "000000000000000a"


@pytest.mark.parametrize("parent", ["e457b5a2e4d86bd1", "0", "", None, 7])
def test_what_can_be_no_parent_is_none(parent: object) -> None:
    assert span_of(zipkin(parentId=parent), "", "").parent_id == ""


def test_only_what_is_no_client_shares_a_span() -> None:
    assert span_of(zipkin(kind="SERVER", shared=True), "", "").key.endswith("~")
    assert not span_of(zipkin(kind="CLIENT", shared=True), "", "").is_shared


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        ({}, Outcome.OK),
        ({"error": ""}, Outcome.FAULT),
        ({"error": "timeout"}, Outcome.FAULT),
        ({"error": "404", "http.status_code": "404"}, Outcome.ERROR),
        ({"http.status_code": "429"}, Outcome.ERROR | Outcome.THROTTLE),
        ({"http.status_code": "503"}, Outcome.FAULT),
        ({"http.status_code": "200"}, Outcome.OK),
        ({"error": "reset", "http.status_code": "200"}, Outcome.FAULT),
    ],
)
def test_tags_say_how_a_span_ended(tags: dict[str, str], outcome: Outcome) -> None:
    assert span_of(zipkin(tags=tags), "", "").outcome == outcome


def test_tags_say_what_was_called_and_can_be_searched() -> None:
    tags = {
        "http.method": "GET",
        "http.path": "/orders/7",
        "http.status_code": "200",
        "tenant": "gold",
    }
    given_span = zipkin(tags=tags, kind="SERVER")

    span = span_of(given_span, "", "")

    assert span.http == Http("GET", "/orders/7", 200, client_ip="10.0.0.3")
    assert span.operation == "GET /orders/7"
    assert span.annotations == tags
    assert span.record["http"]["response"] == {"status": 200}
    assert span.record["trace_id"] == span.trace_id
    assert span.record["parent_id"] == span.parent_id
    assert given_span.items() <= span.record.items()


def test_a_statement_is_an_operation_on_a_database() -> None:
    tags = {"cassandra.keyspace": "auth", "cassandra.query": "SELECT * FROM auth.t"}

    span = span_of(zipkin(tags=tags), "", "")

    assert (span.operation, span.resource) == ("SELECT * FROM auth.t", "auth")
    assert span.record["sql"] == {"sanitized_query": "SELECT * FROM auth.t"}
    assert span.annotations == {"cassandra.keyspace": "auth"}


def test_the_text_of_an_error_is_an_exception() -> None:
    span = span_of(zipkin(tags={"error": "connection reset"}), "", "")

    assert span.exceptions == (SpanException("", "connection reset"),)


def test_a_scrap_of_a_span_begins_with_what_is_known_of_its_trace() -> None:
    scrap = zipkin(id="1")
    del scrap["timestamp"]
    stray = {**scrap, "traceId": "1"}
    annotated = {
        **scrap,
        "id": "2",
        "annotations": [{"timestamp": 1521186011000000, "value": "cs"}],
    }
    spans = [span_of(one, "", "") for one in (zipkin(), scrap, stray, annotated)]

    dated(spans, 1600000000000000)

    assert [span.start_us for span in spans] == [
        1521186011929043,
        1521186011000000,
        1600000000000000,
        1521186011000000,
    ]
    assert spans[1].is_in_progress


def test_a_span_without_a_duration_is_in_progress() -> None:
    assert span_of(zipkin(duration=None), "", "").is_in_progress


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"traceId": None}, "traceId"),
        ({"traceId": "nothing"}, "traceId"),
        ({"traceId": 7}, "traceId"),
        ({"id": ""}, "id"),
        ({"timestamp": 1521186011}, "timestamp"),
        ({"timestamp": "soon"}, "timestamp"),
    ],
)
def test_what_is_no_span_is_refused_with_its_place(
    members: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidSpan, match=place):
        span_of(zipkin(**members), "", "")


_ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.none() | st.dictionaries(st.text(max_size=3), st.integers()))
    | st.dictionaries(
        st.sampled_from(["serviceName", "ipv4", "error", "http.url", "aws.region"]),
        st.none() | st.integers() | st.lists(st.text()) | st.text(),
    )
)
_MEMBERS = ["kind", "name", "duration", "localEndpoint", "remoteEndpoint", "tags"]
_MEMBERS += ["annotations", "shared", "parentId"]


@given(st.dictionaries(st.sampled_from(_MEMBERS), _ODD))
def test_wrong_types_are_not_read_and_never_an_accident(
    members: dict[str, Any],
) -> None:
    span = span_of(zipkin(**members), "", "")

    assert span.id == "e457b5a2e4d86bd1"
    assert span.duration_us >= 0
