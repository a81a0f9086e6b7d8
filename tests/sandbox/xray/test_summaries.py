"""Trace summaries: what is said of a trace, and which traces are found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.kernel.cloud import SHOP
from tests.sandbox.conftest import NOW
from tests.sandbox.test_identity import refused
from tests.sandbox.xray.shop import (
    ECS,
    ROOT,
    START,
    TRACE,
    WINDOW,
    call,
    callee,
    put,
    segment,
    status,
    summaries,
    trace_id,
)

WEB_ID = {"Name": "web", "Names": ["web"], "AccountId": SHOP, "Type": ECS}


def summary(xray: Any) -> dict[str, Any]:
    [found] = summaries(xray)
    return found


def test_the_request_is_the_root_segments(xray: Any) -> None:
    request = {
        "url": "https://shop/cart",
        "method": "POST",
        "user_agent": "curl/8",
        "client_ip": "203.0.113.9",
    }
    put(xray, segment(http={"request": request, "response": {"status": 201}}))

    assert summary(xray)["Http"] == {
        "HttpURL": "https://shop/cart",
        "HttpMethod": "POST",
        "UserAgent": "curl/8",
        "ClientIp": "203.0.113.9",
        "HttpStatus": 201,
    }


def test_the_duration_goes_on_after_the_response(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]), callee(end_time=START + 5))

    found = summary(xray)

    assert (found["ResponseTime"], found["Duration"]) == (0.2, 5.0)
    assert found["StartTime"] == datetime.fromtimestamp(START, UTC)


def test_a_fault_downstream_is_not_the_traces(xray: Any) -> None:
    put(xray, segment(subsegments=[call(**status(503))]), callee(**status(503)))

    found = summary(xray)

    assert (found["HasFault"], found["HasError"]) == (False, False)


def test_a_throttle_downstream_is(xray: Any) -> None:
    put(xray, segment(subsegments=[call(**status(429))]), callee(**status(429)))

    assert summary(xray)["HasThrottle"] is True
    assert summary(xray)["HasError"] is False


def test_annotations_name_the_services_that_made_them(xray: Any) -> None:
    inner = {**call(), "namespace": "", "annotations": {"paid": True}}
    put(xray, segment(annotations={"items": 3, "tier": "gold"}, subsegments=[inner]))

    found = summary(xray)["Annotations"]

    assert found["items"] == [
        {"AnnotationValue": {"NumberValue": 3.0}, "ServiceIds": [WEB_ID]}
    ]
    assert found["tier"][0]["AnnotationValue"] == {"StringValue": "gold"}
    assert found["paid"][0]["AnnotationValue"] == {"BooleanValue": True}


def test_users_machines_and_resources_are_listed(xray: Any) -> None:
    machine = {"instance_id": "i-0b5a", "availability_zone": "eu-west-1c"}
    arn = "arn:aws:ecs:eu-west-1:111122223333:service/web"
    put(xray, segment(user="ann", aws={"ec2": machine}, resource_arn=arn))

    found = summary(xray)

    assert found["Users"] == [{"UserName": "ann", "ServiceIds": [WEB_ID]}]
    assert found["InstanceIds"] == [{"Id": "i-0b5a"}]
    assert found["AvailabilityZones"] == [{"Name": "eu-west-1c"}]
    assert found["ResourceARNs"] == [{"ARN": arn}]
    assert found["EntryPoint"] == WEB_ID


def test_services_include_inferred_ones(xray: Any) -> None:
    put(xray, segment(subsegments=[call("api.example.com")]))

    names = [(s["Name"], s.get("Type")) for s in summary(xray)["ServiceIds"]]

    assert names == [("web", ECS), ("api.example.com", "remote")]


def test_a_fault_is_followed_to_where_it_began(xray: Any) -> None:
    thrown = {"exceptions": [{"id": "e", "type": "Timeout", "message": "no stock"}]}
    put(
        xray,
        segment(fault=True, subsegments=[call(fault=True)]),
        callee(fault=True, cause=thrown),
    )

    [cause] = summary(xray)["FaultRootCauses"]

    assert cause["ClientImpacting"] is True
    assert [s["Name"] for s in cause["Services"]] == ["web", "orders"]
    web, orders = (s["EntityPath"] for s in cause["Services"])
    assert [(e["Name"], e["Remote"]) for e in web] == [("web", False), ("orders", True)]
    assert orders[0]["Exceptions"] == [{"Name": "Timeout", "Message": "no stock"}]


def test_an_error_downstream_does_not_impact_the_client(xray: Any) -> None:
    put(xray, segment(subsegments=[call(error=True)]))

    [cause] = summary(xray)["ErrorRootCauses"]

    assert cause["ClientImpacting"] is False
    assert cause["Services"][-1]["Inferred"] is True


def test_slowness_is_followed_into_what_took_most_of_the_time(xray: Any) -> None:
    slow = call(start_time=START, end_time=START + 0.16)
    quick = call("stock", id="7" * 16, start_time=START, end_time=START + 0.02)
    put(xray, segment(subsegments=[quick, slow]))

    [cause] = summary(xray)["ResponseTimeRootCauses"]

    path = [e for s in cause["Services"] for e in s["EntityPath"]]
    assert [(e["Name"], e["Coverage"]) for e in path] == [
        ("web", 1.0), ("orders", 0.8), ("orders", 0.8),
    ]  # fmt: skip


def test_traces_come_latest_first_in_pages(xray: Any) -> None:
    put(
        xray, *(segment(trace_id=trace_id(n), start_time=START - n) for n in range(250))
    )

    pages = list(xray.get_paginator("get_trace_summaries").paginate(**WINDOW))

    assert [len(page["TraceSummaries"]) for page in pages] == [200, 50]
    assert [page["TracesProcessedCount"] for page in pages] == [200, 50]
    ids = [s["Id"] for page in pages for s in page["TraceSummaries"]]
    assert ids == [trace_id(n) for n in range(250)]


def test_what_comes_between_pages_repeats_nothing(xray: Any) -> None:
    put(
        xray, *(segment(trace_id=trace_id(n), start_time=START - n) for n in range(250))
    )
    first = xray.get_trace_summaries(**WINDOW)
    put(xray, segment(trace_id=trace_id(999), start_time=START + 0.1))

    second = xray.get_trace_summaries(**WINDOW, NextToken=first["NextToken"])

    ids = [s["Id"] for s in first["TraceSummaries"] + second["TraceSummaries"]]
    assert ids == [trace_id(n) for n in range(250)]


def test_processed_traces_include_those_that_do_not_match(xray: Any) -> None:
    put(xray, segment(), segment(trace_id=trace_id(2), fault=True))

    answer = xray.get_trace_summaries(**WINDOW, FilterExpression="fault")

    assert [s["Id"] for s in answer["TraceSummaries"]] == [trace_id(2)]
    assert answer["TracesProcessedCount"] == 2


@pytest.mark.parametrize(
    ("measure", "start", "end", "is_found"),
    [
        ("TraceId", START - 1, START + 1, True),
        ("TraceId", START + 9, START + 11, False),
        ("Service", START + 9, START + 11, True),
        ("Service", START + 1, START + 2, False),
        ("Event", NOW - 1, NOW + 1, True),
        ("Event", START - 1, START + 11, False),
    ],
)
def test_a_range_may_mean_start_update_or_end(
    xray: Any, measure: str, start: float, end: float, is_found: bool
) -> None:
    put(xray, segment(end_time=START + 10))

    found = summaries(xray, TimeRangeType=measure, StartTime=start, EndTime=end)

    assert bool(found) is is_found


def test_the_time_of_the_update_is_said_when_it_was_asked_for(xray: Any) -> None:
    put(xray, segment())

    [found] = summaries(xray, TimeRangeType="Event")

    assert found["MatchedEventTime"].timestamp() == NOW
    assert "MatchedEventTime" not in summary(xray)


def test_a_fixed_rate_leaves_out_the_same_traces_each_time(xray: Any) -> None:
    put(xray, *(segment(trace_id=trace_id(n)) for n in range(100)))
    strategy = {"Name": "FixedRate", "Value": 0.2}

    found = [
        [s["Id"] for s in summaries(xray, Sampling=True, SamplingStrategy=strategy)]
        for _ in range(2)
    ]

    assert 10 <= len(found[0]) <= 30
    assert found[0] == found[1]


def test_a_partial_scan_looks_at_the_latest(xray: Any) -> None:
    put(xray, *(segment(trace_id=trace_id(n), start_time=START - n) for n in range(10)))
    strategy = {"Name": "PartialScan", "Value": 0.3}

    found = summaries(xray, Sampling=True, SamplingStrategy=strategy)

    assert [s["Id"] for s in found] == [trace_id(0), trace_id(1), trace_id(2)]


DAY = 86_400


@pytest.mark.parametrize(
    ("operation", "asked", "said"),
    [
        ("get_trace_summaries", {"StartTime": NOW - DAY - 1, "EndTime": NOW},
         "Time range cannot be longer than 24 hours"),
        ("get_service_graph", {"StartTime": NOW - 21_601, "EndTime": NOW},
         "Time range cannot be longer than 6 hours"),
        ("get_service_graph", {"StartTime": NOW, "EndTime": NOW - 1},
         "Start time must be before end time"),
        ("get_trace_summaries", {**WINDOW, "NextToken": "mine"}, "Invalid NextToken"),
        ("get_trace_summaries", {**WINDOW, "FilterExpression": "fault AND"},
         "Invalid filter expression"),
        ("get_trace_summaries", {**WINDOW, "FilterExpression": "service() { filter }"},
         "no keyword filter"),
        ("batch_get_traces", {"TraceIds": [trace_id(n) for n in range(6)]},
         "more than 5"),
        ("get_trace_graph", {"TraceIds": [trace_id(n) for n in range(6)]},
         "more than 5"),
        ("batch_get_traces", {"TraceIds": ["mine"]}, "Invalid trace ID: mine"),
    ],
)  # fmt: skip
def test_what_x_ray_does_not_answer_it_explains(
    xray: Any, operation: str, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(xray.exceptions.InvalidRequestException, match=said):
        getattr(xray, operation)(**asked)


def test_a_whole_day_and_six_hours_are_answered(xray: Any) -> None:
    assert summaries(xray, StartTime=NOW - DAY, EndTime=NOW) == []
    xray.get_service_graph(StartTime=NOW - 21_600, EndTime=NOW)
    assert refused(xray.get_service_graph, StartTime=0, EndTime=NOW) == (
        "InvalidRequestException",
        400,
    )


def test_annotations_are_indexed_up_to_fifty(xray: Any) -> None:
    put(xray, segment(annotations={f"k{n}": n for n in range(60)}))

    assert len(summary(xray)["Annotations"]) == 50


def test_a_trace_without_a_root_begins_with_its_earliest_segment(xray: Any) -> None:
    put(xray, callee("late", id=ROOT, start_time=START + 0.1), callee("early"))

    assert summary(xray)["Id"] == TRACE
    assert summary(xray)["EntryPoint"]["Name"] == "early"
