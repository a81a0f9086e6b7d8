"""Which segments X-Ray takes, and what it says of the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.kernel.cloud import HOME_REGION, PAYMENTS, Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.conftest import Client
from tests.sandbox.test_identity import refused
from tests.sandbox.xray.shop import (
    CALL,
    ROOT,
    TRACE,
    call,
    documents,
    put,
    segment,
    summaries,
)


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in segment().items() if name != member}


def test_a_document_comes_back_as_it_was_sent(xray: Any) -> None:
    text = json.dumps(segment(metadata={"debug": {"key": "  spaced\u00e9 "}}), indent=3)

    xray.put_trace_segments(TraceSegmentDocuments=[text])

    [trace] = xray.batch_get_traces(TraceIds=[TRACE])["Traces"]
    assert trace["Segments"] == [{"Id": ROOT, "Document": text}]
    assert trace["Duration"] == 0.2
    assert trace["LimitExceeded"] is False


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (without("id"), "MissingId"),
        (without("name"), "MissingName"),
        (without("trace_id"), "MissingTraceId"),
        (without("start_time"), "MissingStartTime"),
        (without("end_time"), "MissingEndTime"),
        (segment(id="12345"), "InvalidId"),
        (segment(id="x" * 16), "InvalidId"),
        (segment(trace_id="1-2-3"), "InvalidTraceId"),
        (segment(trace_id=17), "InvalidTraceId"),
        (segment(parent_id="no"), "InvalidParentId"),
        (segment(type="subsegment"), "MissingParentId"),
        (segment("a" * 201), "InvalidName"),
        (segment("what?"), "InvalidName"),
        (segment(start_time="noon"), "InvalidStartTime"),
        (segment(end_time=1.0), "InvalidEndTime"),
        (segment(metadata="x" * 65_536), "SegmentTooLarge"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(
    xray: Any, document: dict[str, Any], code: str
) -> None:
    [unprocessed] = put(xray, document)

    assert unprocessed["ErrorCode"] == code
    assert unprocessed["Message"] == f"Invalid segment. ErrorCode: {code}"
    assert unprocessed.get("Id") == document.get("id")


@pytest.mark.parametrize("text", ["", "{", "7", '"text"', "null", "[7]"])
def test_what_is_no_document_cannot_be_parsed(xray: Any, text: str) -> None:
    answer = xray.put_trace_segments(TraceSegmentDocuments=[text])

    assert answer["UnprocessedTraceSegments"][0]["ErrorCode"] == "ParseError"


def test_names_may_hold_the_symbols_of_the_guide(xray: Any) -> None:
    assert put(xray, segment("Zürich shop_1.:/%&#=+\\-@")) == []


def test_a_list_of_segments_is_several(xray: Any) -> None:
    text = json.dumps([segment(), segment("orders", id="4" * 16)])

    xray.put_trace_segments(TraceSegmentDocuments=[text])

    assert [d["name"] for d in documents(xray)] == ["web", "orders"]


def test_nesting_without_end_is_refused(xray: Any) -> None:
    deep: dict[str, Any] = call()
    for _ in range(150):
        deep = call(subsegments=[deep])

    [unprocessed] = put(xray, segment(subsegments=[deep]))

    assert unprocessed["ErrorCode"] == "SegmentTooDeep"


def test_good_documents_are_taken_beside_bad_ones(xray: Any) -> None:
    unprocessed = put(xray, without("id"), segment())

    assert len(unprocessed) == 1
    assert len(documents(xray)) == 1


def test_documents_must_be_given(cloud: Cloud) -> None:
    keyless = cloud.client("xray", PAYMENTS, HOME_REGION, "other.amazonaws.com")
    keyless.meta.events.register("before-call", _empty_the_body)

    assert refused(keyless.put_trace_segments, TraceSegmentDocuments=[]) == (
        "InvalidRequestException",
        400,
    )


def _empty_the_body(params: dict[str, Any], **_: Any) -> None:
    params["body"] = b"{}"


def test_ids_of_opentelemetry_have_no_time_in_them(xray: Any) -> None:
    trace = "1-4efaaf4d-1e8720b39541901950019ee5"
    put(xray, segment(trace_id=trace))

    asked = xray.batch_get_traces(TraceIds=["4efaaf4d1e8720b39541901950019ee5"])

    assert asked["Traces"][0]["Id"] == trace


def test_a_completed_segment_replaces_the_one_in_progress(xray: Any) -> None:
    begun = {**without("end_time"), "in_progress": True}
    put(xray, begun)
    [first] = summaries(xray)
    put(xray, segment())
    [second] = summaries(xray)

    assert (first["IsPartial"], first["Revision"]) == (True, 1)
    assert (second["IsPartial"], second["Revision"]) == (False, 2)
    assert [d.get("in_progress") for d in documents(xray)] == [None]


def test_a_subsegment_sent_by_itself_ends_up_in_its_segment(xray: Any) -> None:
    put(xray, segment())
    alone = {**call(), "type": "subsegment", "trace_id": TRACE, "parent_id": ROOT}
    put(xray, alone)

    stored = documents(xray)

    assert [inner["id"] for inner in stored[0]["subsegments"]] == [CALL]
    assert [d["name"] for d in stored if d.get("inferred")] == ["orders"]


def test_a_trace_grows_to_500_kb(xray: Any) -> None:
    for number in range(9):
        big = segment(id=f"{number:016x}", metadata="x" * 60_000)
        unprocessed = put(xray, big)

    assert [u["ErrorCode"] for u in unprocessed] == ["InvalidSegment"]
    [trace] = xray.batch_get_traces(TraceIds=[TRACE])["Traces"]
    assert trace["LimitExceeded"] is True
    assert len(trace["Segments"]) == 8


def test_late_segments_arrive_late(xray: Any, cloud: Cloud, pass_time: Any) -> None:
    put(xray, segment())
    cloud.faults.add(Fault(FaultKind.LATE, "xray.segments", seconds=90))
    put(xray, segment("orders", id="4" * 16))
    assert summaries(xray)[0]["Revision"] == 1

    pass_time(90)

    assert summaries(xray)[0]["Revision"] == 2
    assert len(documents(xray)) == 2


def test_accounts_and_regions_see_their_own_traces(xray: Any, client: Client) -> None:
    put(xray, segment())

    assert summaries(client("xray", region="us-east-1")) == []
    assert summaries(client("xray", account=PAYMENTS)) == []
