"""Anyone may send segments: nonsense in one trace must not hide the others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.xray.shop import (
    CALL,
    ROOT,
    START,
    TRACE,
    call,
    documents,
    nodes,
    put,
    segment,
    summaries,
    trace_id,
)

ODD: dict[str, Any] = {
    "an id that is a list": segment(subsegments=[call(id=[])]),
    "links that are a number": segment(links=7),
    "subsegments that are text": segment(subsegments="none"),
    "subsegments of text": segment(subsegments=["none", 7, None]),
    "a call without times": segment(
        subsegments=[{"name": "x", "namespace": "remote", "id": CALL}]
    ),
    "a call that ends before it starts": segment(
        subsegments=[call(end_time=START - 9)]
    ),
    "a call at the end of time": segment(subsegments=[call(end_time=1e300)]),
    "http that is text": segment(http="GET /", aws=[], cause="0123456789abcdef"),
    "a status that is text": segment(http={"response": {"status": "500"}}),
    "annotations of lists": segment(annotations={"a": [1], "b": {"c": 1}, "d": None}),
    "exceptions of numbers": segment(fault=True, cause={"exceptions": [1, {}]}),
    "names that are numbers": segment(
        subsegments=[{**call(), "name": 7}, {**call(sql=1), "name": None}]
    ),
    "itself as its parent": segment(parent_id=ROOT),
    "a user that is a list": segment(user=["ann"], origin=5, resource_arn=7),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_oddities_are_read_and_counted(xray: Any, odd: dict[str, Any]) -> None:
    assert put(xray, odd, segment("good", trace_id=trace_id(2))) == []

    assert len(summaries(xray, FilterExpression="!service('nobody') { fault }")) == 2
    assert documents(xray)
    assert {name for name, _ in nodes(xray)} >= {"web", "good"}


@pytest.mark.parametrize("start", [-1, 1e300, True])
def test_times_are_of_this_world(xray: Any, start: float) -> None:
    [unprocessed] = put(xray, segment(start_time=start, end_time=1e301))

    assert unprocessed["ErrorCode"] == "InvalidStartTime"


def alone(own: str, parent: str) -> dict[str, Any]:
    sent = {"type": "subsegment", "trace_id": TRACE, "parent_id": parent}
    return {**call(id=own), **sent}


def test_subsegments_may_go_in_circles(xray: Any) -> None:
    put(xray, segment(), alone("a" * 16, "b" * 16), alone("b" * 16, "a" * 16))

    assert len(summaries(xray)) == 1
    assert len(documents(xray)) == 3
    assert len(nodes(xray)) == 2


def test_segments_may_go_in_circles(xray: Any) -> None:
    one = segment(id="a" * 16, parent_id="b" * 16, fault=True)
    other = segment("orders", id="b" * 16, parent_id="a" * 16, fault=True)
    put(xray, one, other)

    [found] = summaries(xray)

    assert len(found["FaultRootCauses"][0]["Services"]) == 2


def test_a_long_chain_of_segments_is_followed_for_a_while(xray: Any) -> None:
    chain = [segment(fault=True, id=f"{1:016x}")]
    for number in range(2, 600):
        parent = f"{number - 1:016x}"
        chain.append(segment(id=f"{number:016x}", parent_id=parent, fault=True))
    put(xray, *chain)

    assert len(summaries(xray)[0]["FaultRootCauses"]) == 1
    assert len(nodes(xray)) == 2
