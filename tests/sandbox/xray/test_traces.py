"""BatchGetTraces: whole traces, inferred segments, and ids that are not answered."""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.faults import Fault, FaultKind
from tests.sandbox.xray.shop import (
    CALL,
    ROOT,
    TRACE,
    call,
    callee,
    documents,
    put,
    segment,
    trace_id,
)


def test_a_call_without_an_answer_gets_an_inferred_segment(xray: Any) -> None:
    request = {"request": {"url": "https://names/", "method": "GET"}}
    put(xray, segment(subsegments=[call("names", http=request)]))

    [sent, inferred] = documents(xray)

    assert sent["id"] == ROOT
    assert inferred == {
        "id": inferred["id"],
        "name": "names",
        "start_time": call()["start_time"],
        "end_time": call()["end_time"],
        "trace_id": TRACE,
        "parent_id": CALL,
        "inferred": True,
        "http": request,
    }
    assert len(inferred["id"]) == 16


def test_an_inferred_segment_has_the_type_of_the_resource(xray: Any) -> None:
    aws = {"table_name": "carts", "operation": "GetItem"}
    put(xray, segment(subsegments=[call("DynamoDB", namespace="aws", aws=aws)]))

    inferred = documents(xray)[1]

    assert inferred["origin"] == "AWS::DynamoDB::Table"
    assert (inferred["name"], inferred["aws"]) == ("DynamoDB", aws)


def test_the_callees_own_segment_takes_its_place(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]))
    put(xray, callee())

    assert [d.get("inferred") for d in documents(xray)] == [None, None]


def test_the_inferred_segment_keeps_its_id(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]))

    assert documents(xray) == documents(xray)


def test_unknown_traces_are_unprocessed(xray: Any) -> None:
    put(xray, segment())

    answer = xray.batch_get_traces(TraceIds=[TRACE, trace_id(404)])

    assert [t["Id"] for t in answer["Traces"]] == [TRACE]
    assert answer["UnprocessedTraceIds"] == [trace_id(404)]


def test_a_partial_answer_names_what_to_ask_for_again(xray: Any, cloud: Cloud) -> None:
    asked = [trace_id(n) for n in range(4)]
    put(xray, *(segment(trace_id=asked_id) for asked_id in asked))
    cloud.faults.add(Fault(FaultKind.PARTIAL, "xray.BatchGetTraces", count=1))

    first = xray.batch_get_traces(TraceIds=asked)
    second = xray.batch_get_traces(TraceIds=first["UnprocessedTraceIds"])

    ids = [t["Id"] for t in first["Traces"] + second["Traces"]]
    assert len(first["UnprocessedTraceIds"]) == 2
    assert sorted(ids) == asked
    assert second["UnprocessedTraceIds"] == []
