"""Traces written as Jaeger and Zipkin write them, and read again."""

import pytest

from apps.tracing.exchange.dependencies import Dependency, dependencies_of
from apps.tracing.exchange.jaeger import trace_json as jaeger
from apps.tracing.exchange.parameters import (
    BadParameter,
    annotation_query,
    go_duration,
    jaeger_tags,
    number,
)
from apps.tracing.exchange.words import trace_id_in, trace_id_out
from apps.tracing.exchange.zipkinspans import span_json
from apps.tracing.exchange.zipkinspans import trace_json as zipkin_trace
from apps.tracing.maps.servicemap import CLIENT, Figures, MapEdge, ServiceMap
from apps.tracing.spans import otlp, zipkin
from apps.tracing.spans.segments import spans_of
from apps.tracing.spans.span import ServiceKey, Span
from tests.tracing.collecting.test_files import segment
from tests.tracing.spans import otlpbodies

TRACE = "5aab74dbb904746bb33447baae403ed6"


def told(**members: object) -> dict[str, object]:
    return {
        "traceId": TRACE,
        "id": "000000000000000b",
        "parentId": "000000000000000a",
        "kind": "CLIENT",
        "name": "get /",
        "timestamp": 1_521_186_011_929_043,
        "duration": 14,
        "localEndpoint": {"serviceName": "web"},
        "remoteEndpoint": {"serviceName": "app"},
        **members,
    }


def read(*spans: dict[str, object]) -> list[Span]:
    return [zipkin.span_of(one, "", "") for one in spans]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("1-5aab74db-b904746bb33447baae403ed6", TRACE),
        ("1-00000000-000000008ce82b2e9ed820ba", "8ce82b2e9ed820ba"),
    ],
)
def test_ids_of_traces_go_out_and_come_back(ours: str, theirs: str) -> None:
    assert trace_id_out(ours) == theirs
    assert trace_id_in(theirs) == trace_id_in(ours) == ours


def test_what_is_no_id_is_none() -> None:
    assert trace_id_in("../../etc") is None


def test_a_span_has_all_that_jaeger_shows_of_one() -> None:
    made = jaeger(
        read(told(tags={"http.status_code": "503", "tenant": "gold", "error": "no"}))
    )

    (span,) = made["spans"]
    assert made["traceID"] == span["traceID"] == TRACE
    assert span["spanID"] == "000000000000000b"
    assert span["operationName"] == "get /"
    assert span["references"] == [
        {"refType": "CHILD_OF", "traceID": TRACE, "spanID": "000000000000000a"}
    ]
    assert (span["startTime"], span["duration"]) == (1_521_186_011_929_043, 14)
    assert made["processes"][span["processID"]]["serviceName"] == "web"
    tags = {tag["key"]: (tag["type"], tag["value"]) for tag in span["tags"]}
    assert tags["span.kind"] == ("string", "client")
    assert tags["tenant"] == ("string", "gold")
    assert tags["peer.service"] == ("string", "app")
    assert span["logs"][0]["fields"][2]["value"] == "no"


def test_jaeger_sees_two_spans_where_two_services_share_one() -> None:
    made = jaeger(
        read(
            told(parentId=None),
            told(
                kind="SERVER",
                shared=True,
                parentId=None,
                localEndpoint={"serviceName": "app"},
            ),
            told(
                id="000000000000000c",
                parentId="000000000000000b",
                localEndpoint={"serviceName": "app"},
            ),
        )
    )

    client, server, child = made["spans"]
    assert client["spanID"] == "000000000000000b"
    assert client["references"] == []
    assert server["spanID"] != client["spanID"]
    assert server["references"][0]["spanID"] == client["spanID"]
    assert child["references"][0]["spanID"] == server["spanID"]


def test_services_are_named_once_a_trace() -> None:
    made = jaeger(read(told(), told(id="c"), told(id="d", localEndpoint=None)))

    names = {one["serviceName"] for one in made["processes"].values()}
    assert names == {"web", "unknown"}
    assert len(made["processes"]) == 2


def test_a_segment_of_x_ray_is_a_span_of_both_tools() -> None:
    call = {
        "id": "b1",
        "name": "DynamoDB",
        "namespace": "aws",
        "start_time": 1_727_000_001.6,
        "end_time": 1_727_000_001.7,
        "aws": {"operation": "GetItem", "table_name": "orders"},
        "fault": True,
        "cause": {"exceptions": [{"type": "Timeout", "message": "slow"}]},
    }
    spans = spans_of(segment(1, subsegments=[call]), "111122223333", "eu-west-1")

    in_jaeger = jaeger(spans)["spans"][1]
    in_zipkin = zipkin_trace(spans)[1]

    tags = {tag["key"]: tag["value"] for tag in in_jaeger["tags"]}
    assert tags["error"] is True
    assert (tags["operation"], tags["resource"]) == ("GetItem", "orders")
    assert in_zipkin == {
        "traceId": "66f00000000000000000000000000001",
        "id": "00000000000000b1",
        "parentId": f"{1:016x}",
        "kind": "CLIENT",
        "name": "DynamoDB",
        "timestamp": 1_727_000_001_600_000,
        "duration": 100_000,
        "localEndpoint": {"serviceName": "checkout"},
        "remoteEndpoint": {"serviceName": "orders"},
        "tags": {
            "error": "Timeout: slow",
            "outcome": "fault",
            "operation": "GetItem",
            "resource": "orders",
        },
    }


def test_a_span_of_opentelemetry_is_the_same_in_both_tools() -> None:
    sent = otlpbodies.span(
        {"tenant": "gold", "retries": 2, "cached": False, "ratio": 0.5},
        links=[{"traceId": TRACE, "spanId": "0102030405060708"}],
        kind=2,
    )
    (one,) = otlp.told_by(otlpbodies.export(sent))
    span = otlp.span_of(one, "", "")

    (in_jaeger,) = jaeger([span])["spans"]
    in_zipkin = span_json(span)

    tags = {tag["key"]: (tag["type"], tag["value"]) for tag in in_jaeger["tags"]}
    assert tags["tenant"] == ("string", "gold")
    assert tags["retries"] == ("int64", 2)
    assert tags["cached"] == ("bool", False)
    assert tags["ratio"] == ("float64", 0.5)
    assert in_jaeger["references"][1] == {
        "refType": "FOLLOWS_FROM",
        "traceID": TRACE,
        "spanID": "0102030405060708",
    }
    assert in_zipkin["kind"] == "SERVER"
    assert in_zipkin["tags"]["cached"] == "false"
    assert in_zipkin["traceId"] == sent["traceId"].lower()
    (again,) = read(in_zipkin)
    assert (again.trace_id, again.id, again.parent_id) == (
        span.trace_id,
        span.id,
        span.parent_id,
    )


def test_what_zipkin_sent_it_gets_back() -> None:
    sent = told(
        annotations=[{"timestamp": 1_521_186_011_929_050, "value": "cs"}],
        tags={"error": "no", "http.method": "GET"},
        localEndpoint={"serviceName": "web", "ipv4": "10.0.0.1", "port": 80},
        debug=True,
    )
    (span,) = read(sent)

    assert span_json(span, span.record) == sent


def test_tags_are_texts_for_zipkin_whatever_was_sent() -> None:
    (span,) = read(told(tags={"a": 1, "b": None, "c": ["x"], "d": "y"}))
    (odd,) = read(told(tags="none"))

    assert span_json(span, span.record)["tags"] == {
        "a": "1",
        "b": "null",
        "c": '["x"]',
        "d": "y",
    }
    assert span_json(odd, odd.record)["tags"] == {}


def test_what_is_written_for_zipkin_reads_the_same_again() -> None:
    (span,) = read(told(tags={"tenant": "gold", "error": "no"}))

    (again,) = read(span_json(span))

    for name in ("trace_id", "id", "parent_id", "kind", "service", "peer", "name"):
        assert getattr(again, name) == getattr(span, name), name
    assert (again.start_us, again.end_us) == (span.start_us, span.end_us)
    assert again.outcome == span.outcome
    assert again.annotations["tenant"] == "gold"


def test_edges_of_one_name_are_one_and_clients_are_no_services() -> None:
    def edge(source: ServiceKey, kind: str, calls: int, faults: int) -> MapEdge:
        target = ServiceKey("1", kind, "app")
        figures = Figures(calls=calls, faults=faults)
        return MapEdge(source, target, is_async=False, figures=figures)

    web = ServiceKey("1", "", "web")
    map_ = ServiceMap(
        0,
        60,
        (),
        (
            edge(web, "a", 3, 1),
            edge(web, "b", 4, 0),
            edge(ServiceKey("", CLIENT, "web"), "a", 9, 0),
        ),
    )

    assert dependencies_of(map_) == [Dependency("web", "app", 7, 1)]


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("", None), ("100ms", 100_000), ("1.5s", 1_500_000), ("1m30s", 90_000_000)],
)
def test_durations_are_those_of_go(text: str, microseconds: int | None) -> None:
    assert go_duration(text, "minDuration") == microseconds


def test_parameters_that_make_no_sense_are_named() -> None:
    with pytest.raises(BadParameter, match="minDuration"):
        go_duration("fast", "minDuration")
    with pytest.raises(BadParameter, match="limit"):
        number("-1", "limit", 10)
    with pytest.raises(BadParameter, match="tags"):
        jaeger_tags("[]", ())
    with pytest.raises(BadParameter, match="tag is"):
        jaeger_tags("", ["error"])


def test_tags_are_asked_for_in_each_tools_way() -> None:
    assert jaeger_tags('{"a":"b"}', ["c:d:e"]) == {"a": "b", "c": "d:e"}
    assert annotation_query("error and http.method=GET") == {
        "error": None,
        "http.method": "GET",
    }
