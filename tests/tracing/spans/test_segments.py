"""X-Ray's segment documents become spans, whatever stands in them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.spans.segments import InvalidSegment, spans_of
from apps.tracing.spans.span import (
    Http,
    Outcome,
    ServiceKey,
    SpanException,
    SpanKind,
    SpanLink,
)

ACCOUNT, REGION = "111122223333", "eu-west-1"
TRACE = "1-581cf771-a006649127e371903a2de979"


def segment(**members: Any) -> dict[str, Any]:
    return {
        "trace_id": TRACE,
        "id": "70de5b6f19ff9a0a",
        "name": "checkout",
        "start_time": 1478293361.271,
        "end_time": 1478293361.449,
        **members,
    }


def call(**members: Any) -> dict[str, Any]:
    return {
        "id": "53995c3f42cd8ad8",
        "name": "DynamoDB",
        "namespace": "aws",
        "start_time": 1478293361.3,
        "end_time": 1478293361.4,
        **members,
    }


def test_a_segment_is_a_server_span_of_its_service() -> None:
    (span,) = spans_of(segment(origin="AWS::ECS::Container"), ACCOUNT, REGION)

    assert span.trace_id == TRACE
    assert span.kind is SpanKind.SERVER
    assert span.service == ServiceKey(ACCOUNT, "AWS::ECS::Container", "checkout")
    assert (span.start_us, span.end_us) == (1478293361271000, 1478293361449000)
    assert span.is_segment
    assert span.region == REGION


def test_subsegments_of_any_depth_are_spans_in_the_order_they_are_written() -> None:
    deep = call(id="3")
    document = segment(
        subsegments=[
            call(id="1", name="work", namespace=None, subsegments=[call(id="2")]),
            deep,
        ]
    )
    for number in range(4, 600):
        deep["subsegments"] = [call(id=f"{number:x}")]
        deep = deep["subsegments"][0]

    spans = spans_of(document, ACCOUNT, REGION)

    assert [int(span.id, 16) for span in spans[1:]] == list(range(1, 600))
    assert [span.position for span in spans] == list(range(600))
    assert spans[1].kind is SpanKind.UNKNOWN
    assert spans[2].parent_id == spans[1].id
    assert {span.segment_id for span in spans} == {"70de5b6f19ff9a0a"}
    assert {span.service for span in spans} == {spans[0].service}


def test_records_are_what_was_sent_without_the_subsegments_within() -> None:
    inner = call(metadata={"a": {"b": [1, None]}}, unheard_of=[{}])
    document = segment(metadata={"default": {"x": 1}})

    outer_span, inner_span = spans_of(
        {**document, "subsegments": [inner]}, ACCOUNT, REGION
    )

    assert outer_span.record == document
    assert inner_span.record == inner


def test_subsegments_that_are_none_stay_in_the_record() -> None:
    (span,) = spans_of(segment(subsegments=["odd", 3]), ACCOUNT, REGION)

    assert span.record["subsegments"] == ["odd", 3]


@pytest.mark.parametrize(
    ("subsegment", "peer"),
    [
        (
            call(aws={"table_name": "orders", "operation": "GetItem"}),
            ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "orders"),
        ),
        (
            call(aws={"resource_names": ["orders", "users"]}),
            ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "orders"),
        ),
        (call(), ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "DynamoDB")),
        (
            call(name="AmazonSQS", aws={"queue_url": "https://q/1", "queue_name": "q"}),
            ServiceKey(ACCOUNT, "AWS::SQS::Queue", "https://q/1"),
        ),
        (
            call(name="SQS", aws={"queue_name": "q"}),
            ServiceKey(ACCOUNT, "AWS::SQS::Queue", "q"),
        ),
        (
            call(name="AWSLambda", aws={"function_name": "resize"}),
            ServiceKey(ACCOUNT, "AWS::Lambda", "resize"),
        ),
        (
            call(name="S3", aws={"bucket_name": "b"}),
            ServiceKey(ACCOUNT, "AWS::S3::Bucket", "b"),
        ),
        (
            call(name="Kinesis", aws={"stream_name": "s"}),
            ServiceKey(ACCOUNT, "AWS::Kinesis::Stream", "s"),
        ),
        (
            call(name="SNS", aws={"resource_names": ["t"], "topic_arn": "t"}),
            ServiceKey(ACCOUNT, "AWS::SNS", "SNS"),
        ),
        (
            call(name="SecretsManager"),
            ServiceKey(ACCOUNT, "AWS::SecretsManager", "SecretsManager"),
        ),
        (
            call(name="pay.example.com", namespace="remote"),
            ServiceKey("", "remote", "pay.example.com"),
        ),
        (
            call(name="shop@db", namespace="remote", sql={"sanitized_query": "SELECT"}),
            ServiceKey("", "Database::SQL", "shop@db"),
        ),
    ],
)
def test_calls_name_the_node_that_x_ray_shows_for_the_callee(
    subsegment: dict[str, Any], peer: ServiceKey
) -> None:
    _, span = spans_of(segment(subsegments=[subsegment]), ACCOUNT, REGION)

    assert span.kind is SpanKind.CLIENT
    assert span.peer == peer


@pytest.mark.parametrize(
    ("subsegment", "operation", "resource"),
    [
        (call(aws={"operation": "GetItem", "table_name": "t"}), "GetItem", "t"),
        (
            call(
                namespace="remote",
                name="api",
                http={"request": {"method": "GET", "url": "https://api/a/b?c=d#e"}},
            ),
            "GET /a/b",
            "",
        ),
        (
            call(name="db@h", namespace="remote", sql={"sanitized_query": "SELECT 1"}),
            "SELECT 1",
            "db@h",
        ),
    ],
)
def test_calls_say_what_was_called_on_what(
    subsegment: dict[str, Any], operation: str, resource: str
) -> None:
    _, span = spans_of(segment(subsegments=[subsegment]), ACCOUNT, REGION)

    assert (span.operation, span.resource) == (operation, resource)


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({}, Outcome.OK),
        ({"fault": True}, Outcome.FAULT),
        ({"error": True, "throttle": True}, Outcome.ERROR | Outcome.THROTTLE),
        ({"http": {"response": {"status": 503}}}, Outcome.FAULT),
        ({"http": {"response": {"status": 404}}}, Outcome.ERROR),
        ({"http": {"response": {"status": 429}}}, Outcome.ERROR | Outcome.THROTTLE),
        (
            {"fault": True, "http": {"response": {"status": 404}}},
            Outcome.FAULT | Outcome.ERROR,
        ),
        ({"fault": "yes", "error": 1, "http": {"response": {"status": True}}}, 0),
    ],
)
def test_flags_and_statuses_say_how_a_span_ended(
    members: dict[str, Any], outcome: Outcome
) -> None:
    (span,) = spans_of(segment(**members), ACCOUNT, REGION)

    assert span.outcome == outcome


def test_what_a_segment_tells_of_its_request_is_read() -> None:
    (span,) = spans_of(
        segment(
            user="ann",
            http={
                "request": {
                    "method": "POST",
                    "url": "https://shop/orders",
                    "user_agent": "curl",
                    "client_ip": "78.255.233.48",
                },
                "response": {"status": 200, "content_length": 86},
            },
            aws={
                "account_id": "444455556666",
                "function_arn": "arn:aws:lambda:eu-west-1:444455556666:function:f",
                "ec2": {"availability_zone": "us-west-2c", "instance_id": "i-1"},
            },
            annotations={"tier": "gold", "n": 3, "ok": True, "x": [1], "y": None},
            links=[{"trace_id": TRACE.upper(), "id": "AB"}, {"trace_id": 3}],
        ),
        ACCOUNT,
        REGION,
    )

    assert span.http == Http(
        "POST", "https://shop/orders", 200, "curl", "78.255.233.48", -1, 86
    )
    assert span.user == "ann"
    assert span.service.account == "444455556666"
    assert span.availability_zone == "us-west-2c"
    assert span.instance_id == "i-1"
    assert span.resource_arn.endswith(":function:f")
    assert span.annotations == {"tier": "gold", "n": 3, "ok": True}
    assert span.links == (SpanLink(TRACE, "00000000000000ab"),)


def test_exceptions_keep_their_chain() -> None:
    cause = {
        "exceptions": [
            {"id": "a", "type": "Outer", "message": "m", "cause": "b", "remote": True},
            {"id": "b", "type": "Inner", "cause": "unknown"},
        ]
    }
    (first,) = spans_of(segment(cause=cause), ACCOUNT, REGION)
    (second,) = spans_of(segment(cause="0123456789abcdef"), ACCOUNT, REGION)

    assert first.exceptions == (
        SpanException("Outer", "m", is_remote=True, cause=1),
        SpanException("Inner", "", is_remote=False, cause=-1),
    )
    assert second.cause_id == "0123456789abcdef"


def test_a_segment_in_progress_has_no_end() -> None:
    document = segment(in_progress=True)
    del document["end_time"]

    (span,) = spans_of(document, ACCOUNT, REGION)

    assert span.is_in_progress


def test_an_inferred_segment_is_one() -> None:
    (span,) = spans_of(segment(inferred=True, parent_id="ab"), ACCOUNT, REGION)

    assert span.is_inferred
    assert span.parent_id == "00000000000000ab"


def test_a_subsegment_sent_by_itself_waits_for_its_segment() -> None:
    document = {
        **call(id="5", aws={"table_name": "t"}),
        "trace_id": TRACE,
        "type": "subsegment",
        "parent_id": "6",
        "subsegments": [call(id="7")],
    }

    outer, inner = spans_of(document, ACCOUNT, REGION)

    assert outer.kind is SpanKind.CLIENT
    assert outer.peer == ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "t")
    assert outer.service == inner.service == ServiceKey(ACCOUNT, "", "")
    assert outer.segment_id == inner.segment_id == outer.parent_id == f"{6:016x}"
    assert inner.parent_id == outer.id


def test_ids_of_w3c_are_those_of_x_ray() -> None:
    (span,) = spans_of(
        segment(trace_id="581CF771A006649127E371903A2DE979"), ACCOUNT, REGION
    )

    assert span.trace_id == TRACE


def test_a_subsegment_without_an_id_always_gets_the_same() -> None:
    nameless = call()
    del nameless["id"]
    document = segment(subsegments=[nameless, {}])

    first = spans_of(document, ACCOUNT, REGION)
    again = spans_of(document, ACCOUNT, REGION)

    assert [span.id for span in first] == [span.id for span in again]
    assert len({span.id for span in first}) == 3
    assert first[2].start_us == first[0].start_us


def test_a_segment_lies_where_its_function_or_its_zone_lies() -> None:
    zone = {"ec2": {"availability_zone": "us-west-2c"}}

    (span,) = spans_of(segment(aws=zone), "", "")

    assert span.region == "us-west-2"


@pytest.mark.parametrize(
    ("members", "code", "place"),
    [
        ({"id": None}, "MissingId", "id"),
        ({"id": "xyz"}, "InvalidId", "id"),
        ({"id": 7}, "InvalidId", "id"),
        ({"name": ""}, "MissingName", "name"),
        ({"name": ["a"]}, "MissingName", "name"),
        ({"trace_id": None}, "MissingTraceId", "trace_id"),
        ({"trace_id": "1-2-3"}, "InvalidTraceId", "trace_id"),
        ({"start_time": None}, "MissingStartTime", "start_time"),
        ({"start_time": "1478293361"}, "InvalidStartTime", "start_time"),
        ({"start_time": True}, "InvalidStartTime", "start_time"),
        ({"start_time": float("nan")}, "InvalidStartTime", "start_time"),
        ({"start_time": 1478293361271.0}, "InvalidStartTime", "start_time"),
        ({"start_time": 10**400}, "InvalidStartTime", "start_time"),
        ({"end_time": None}, "MissingEndTime", "end_time"),
        ({"end_time": float("inf")}, "InvalidEndTime", "end_time"),
        ({"type": "subsegment"}, "MissingParentId", "parent_id"),
        ({"subsegments": [{}] * 10_001}, "SegmentTooLarge", "subsegments"),
    ],
)
def test_what_is_no_segment_is_refused_with_its_place(
    members: dict[str, Any], code: str, place: str
) -> None:
    with pytest.raises(InvalidSegment, match=place) as refused:
        spans_of(segment(**members), ACCOUNT, REGION)

    assert refused.value.code == code


def test_text_is_bounded_and_fit_for_databases() -> None:
    (span,) = spans_of(
        segment(
            name="n" * 500,
            user="a\x00b\ud800",
            http={"request": {"url": "http://h/" + "u" * 5_000}},
        ),
        ACCOUNT,
        REGION,
    )

    assert len(span.name) == len(span.service.name) == 200
    assert span.user == "a\ufffdb?"
    assert span.http is not None
    assert len(span.http.url) == 2_000
    assert len(span.record["name"]) == 500


_INNER = [
    *("id", "name", "request", "response", "status", "url", "exceptions", "cause"),
    *("message", "trace_id", "operation", "ec2", "resource_names", "x"),
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_INNER),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_MEMBERS = ["http", "aws", "sql", "cause", "annotations", "links", "subsegments"]
_MEMBERS += ["user", "origin", "namespace", "parent_id", "type", "inferred", "fault"]


@given(st.dictionaries(st.sampled_from(_MEMBERS), _JSON))
def test_wrong_types_are_not_read_and_never_an_accident(
    members: dict[str, Any],
) -> None:
    for document in (segment(**members), segment(subsegments=[call(**members)])):
        try:
            spans = spans_of(document, ACCOUNT, REGION)
        except InvalidSegment:
            assert document.get("type") == "subsegment"
        else:
            assert spans[0].trace_id == TRACE
