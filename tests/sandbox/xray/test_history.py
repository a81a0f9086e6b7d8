"""History that is put in bulk is what segments over HTTP would be."""

from __future__ import annotations

from typing import Any

from sandbox.assembly import Sandbox
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.xray import XRay
from tests.sandbox.conftest import NOW
from tests.sandbox.xray.shop import (
    ECS,
    call,
    callee,
    documents,
    edges,
    nodes,
    segment,
    summaries,
    trace_id,
)


def history(sandbox: Sandbox) -> XRay:
    service = sandbox.service("xray")
    assert isinstance(service, XRay)
    return service


def test_bulk_documents_can_be_read(sandbox: Sandbox, xray: Any) -> None:
    made = [segment(subsegments=[call()], annotations={"tier": "gold"}), callee()]
    history(sandbox).put_documents((SHOP, HOME_REGION), made, NOW)

    assert documents(xray) == made
    assert ("web", "orders") in edges(xray)
    assert len(summaries(xray, FilterExpression="annotation.tier = 'gold'")) == 1


def test_many_traces_are_joined_on_the_way(sandbox: Sandbox, xray: Any) -> None:
    made = (
        document
        for number in range(40_000)
        for document in (
            segment(trace_id=trace_id(number), subsegments=[call()]),
            callee(trace_id=trace_id(number)),
        )
    )

    history(sandbox).put_documents((SHOP, HOME_REGION), made, NOW)

    counted = nodes(xray)["orders", ECS]["SummaryStatistics"]
    assert counted["TotalCount"] == 40_000
    assert ("orders", "remote") not in nodes(xray)
    spread = nodes(xray)["web", ECS]["ResponseTimeHistogram"]
    assert spread == [{"Value": 0.2, "Count": 40_000}]


def test_history_was_updated_when_it_ended(sandbox: Sandbox, xray: Any) -> None:
    long_ago = segment(start_time=NOW - 7_200, end_time=NOW - 7_190.5)
    history(sandbox).put_documents((SHOP, HOME_REGION), [long_ago])

    window = {"StartTime": NOW - 7_191, "EndTime": NOW - 7_190}
    (found,) = summaries(xray, TimeRangeType="Event", **window)

    assert found["MatchedEventTime"].timestamp() == NOW - 7_190.5
    assert summaries(xray, TimeRangeType="Event", StartTime=NOW - 60) == []


def test_nothing_is_a_fine_history(sandbox: Sandbox, xray: Any) -> None:
    history(sandbox).put_documents((SHOP, HOME_REGION), [], NOW)

    assert nodes(xray) == {}
    assert summaries(xray, TimeRangeType="Service") == []
