"""The service graph: who is in it, who calls whom, and what it counts."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel.cloud import SHOP
from tests.sandbox.conftest import NOW
from tests.sandbox.xray.shop import (
    CALL,
    CALLEE,
    ECS,
    ROOT,
    START,
    TRACE,
    WINDOW,
    call,
    callee,
    edges,
    edges_of,
    nodes,
    put,
    segment,
    status,
    trace_id,
)


def test_a_root_has_a_client_in_front(xray: Any) -> None:
    put(xray, segment())

    found = nodes(xray)

    assert found.keys() == {("web", "client"), ("web", ECS)}
    web, client = found["web", ECS], found["web", "client"]
    assert (web["Root"], web["State"], web["AccountId"]) == (True, "active", SHOP)
    assert client["Edges"][0]["ReferenceId"] == web["ReferenceId"]
    assert "SummaryStatistics" not in client


def test_statistics_count_each_request_once(xray: Any) -> None:
    ends = [status(200), status(404), status(429), status(503), {"fault": True}]
    for number, end in enumerate(ends):
        put(xray, segment(trace_id=trace_id(number), **end))

    counted = nodes(xray)["web", ECS]["SummaryStatistics"]

    assert counted["OkCount"] == 1
    assert counted["ErrorStatistics"] == {
        "ThrottleCount": 1, "OtherCount": 1, "TotalCount": 2,
    }  # fmt: skip
    assert counted["FaultStatistics"] == {"OtherCount": 2, "TotalCount": 2}
    assert counted["TotalCount"] == 5
    assert counted["TotalResponseTime"] == pytest.approx(1.0, abs=1e-4)


def test_an_edge_counts_what_the_caller_measured(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]), callee())

    edge = edges(xray)["web", "orders"]

    assert edge["SummaryStatistics"]["TotalResponseTime"] == pytest.approx(
        0.1, abs=1e-4
    )
    assert edge["ResponseTimeHistogram"] == [{"Value": 0.1, "Count": 1}]
    orders = nodes(xray)["orders", ECS]
    assert orders["ResponseTimeHistogram"] == [{"Value": 0.08, "Count": 1}]
    assert "Root" not in orders


def test_a_callee_that_sends_nothing_is_inferred(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]))

    inferred = nodes(xray)["orders", "remote"]

    assert inferred["State"] == "unknown"
    assert inferred["SummaryStatistics"]["TotalCount"] == 1
    assert "AccountId" not in inferred


def test_an_inferred_node_goes_when_the_callee_sends_its_segment(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]))
    assert ("orders", "remote") in nodes(xray)

    put(xray, callee())

    assert nodes(xray).keys() == {("web", "client"), ("web", ECS), ("orders", ECS)}


def test_a_callee_may_come_before_its_caller(xray: Any) -> None:
    put(xray, callee())
    put(xray, segment(subsegments=[call()]))

    assert ("web", "orders") in edges(xray)
    assert ("orders", "remote") not in nodes(xray)


def test_a_callee_by_another_name_is_an_alias(xray: Any) -> None:
    put(xray, segment(subsegments=[call("orders.shop.internal")]), callee())

    assert edges(xray)["web", "orders"]["Aliases"] == [
        {
            "Name": "orders.shop.internal",
            "Names": ["orders.shop.internal"],
            "Type": "remote",
        }
    ]


@pytest.mark.parametrize(
    ("name", "members", "node"),
    [
        ("DynamoDB", {"table_name": "carts"}, ("carts", "AWS::DynamoDB::Table")),
        ("DynamoDB", {"resource_names": ["t"]}, ("t", "AWS::DynamoDB::Table")),
        ("S3", {"bucket_name": "images"}, ("images", "AWS::S3::Bucket")),
        ("Lambda", {"function_name": "resize"}, ("resize", "AWS::Lambda")),
        ("SNS", {"topic_arn": "arn:aws:sns:x"}, ("SNS", "AWS::SNS")),
        ("SSM", {}, ("SSM", "AWS::SSM")),
        ("SQS", {"queue_url": "https://q/1"}, ("https://q/1", "AWS::SQS::Queue")),
    ],
)
def test_calls_to_aws_infer_the_resource(
    xray: Any, name: str, members: dict[str, Any], node: tuple[str, str]
) -> None:
    put(xray, segment(subsegments=[call(name, namespace="aws", aws=members)]))

    assert node in nodes(xray)


def test_a_database_is_inferred_from_its_query(xray: Any) -> None:
    query = call("shop@db.internal", sql={"sanitized_query": "SELECT ?"})
    put(xray, segment(subsegments=[{**segment("work", id="5" * 16),
        "subsegments": [query]}]))  # fmt: skip

    assert ("shop@db.internal", "Database::SQL") in nodes(xray)


def test_a_function_lies_under_lambda(xray: Any) -> None:
    invoked = segment("resize", origin="AWS::Lambda")
    ran = segment("resize", id=CALLEE, parent_id=ROOT, origin="AWS::Lambda::Function")
    put(xray, invoked, ran)

    found = nodes(xray)

    [edge] = found["resize", "AWS::Lambda"]["Edges"]
    function = found["resize", "AWS::Lambda::Function"]
    assert edge["ReferenceId"] == function["ReferenceId"]
    assert "Root" not in function


def test_a_queue_stays_between_sender_and_consumer(xray: Any) -> None:
    sent = call("SQS", namespace="aws", aws={"queue_url": "https://q/1"})
    received = callee("worker", start_time=START + 2.15, end_time=START + 3)
    put(xray, segment(subsegments=[sent]), received)

    found = edges(xray)

    assert ("web", "https://q/1") in found
    link = found["https://q/1", "worker"]
    assert link["EdgeType"] == "link"
    assert link["ReceivedEventAgeHistogram"] == [{"Value": 2.0, "Count": 1}]
    assert "ResponseTimeHistogram" not in link


def test_linked_traces_meet_at_the_queue(xray: Any) -> None:
    sent = call("SQS", namespace="aws", aws={"queue_url": "https://q/1"})
    source = {"trace_id": TRACE, "id": CALL}
    consumer = segment("worker", trace_id=trace_id(2), links=[source])
    put(xray, consumer)
    put(xray, segment(subsegments=[sent]))

    assert edges(xray)["https://q/1", "worker"]["EdgeType"] == "link"


def test_what_is_in_progress_is_shown_but_not_counted(xray: Any) -> None:
    begun = {k: v for k, v in segment().items() if k != "end_time"}
    put(xray, {**begun, "in_progress": True})
    assert nodes(xray)["web", ECS]["SummaryStatistics"]["TotalCount"] == 0

    put(xray, segment())

    assert nodes(xray)["web", ECS]["SummaryStatistics"]["TotalCount"] == 1


def test_a_segment_sent_twice_counts_once(xray: Any) -> None:
    for _ in range(2):
        put(xray, segment(subsegments=[call()]), callee())
        nodes(xray)

    assert edges(xray)["web", "orders"]["SummaryStatistics"]["TotalCount"] == 1
    assert nodes(xray)["orders", ECS]["SummaryStatistics"]["TotalCount"] == 1


def test_a_call_sent_by_itself_belongs_to_its_segment(xray: Any) -> None:
    alone = {**call(), "type": "subsegment", "trace_id": TRACE, "parent_id": ROOT}
    put(xray, alone)
    assert nodes(xray) == {}

    put(xray, segment())

    assert ("web", "orders") in edges(xray)


def test_only_segments_of_the_range_are_counted(xray: Any) -> None:
    put(xray, segment())

    assert nodes(xray, StartTime=START + 1, EndTime=NOW) == {}
    assert nodes(xray, StartTime=START, EndTime=START + 1)


def test_times_of_nodes_and_edges_are_those_of_their_segments(xray: Any) -> None:
    put(xray, segment())

    web = nodes(xray)["web", ECS]

    assert web["StartTime"].timestamp() == pytest.approx(START, abs=1e-3)
    assert web["EndTime"].timestamp() == pytest.approx(START + 0.2, abs=1e-3)


def test_a_trace_graph_holds_the_asked_traces_only(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]), callee())
    put(xray, segment("other", trace_id=trace_id(2)))

    services = xray.get_trace_graph(TraceIds=[TRACE])["Services"]

    assert {s["Name"] for s in services} == {"web", "orders"}
    assert ("web", "orders") in edges_of(services)


def test_a_large_graph_comes_in_pages(xray: Any) -> None:
    put(xray, *(segment(f"s{n}", trace_id=trace_id(n)) for n in range(60)))

    pages = list(xray.get_paginator("get_service_graph").paginate(**WINDOW))

    assert [len(page["Services"]) for page in pages] == [100, 20]
    services = [service for page in pages for service in page["Services"]]
    assert len(edges_of(services)) == 60


def test_references_are_unique_within_an_answer(xray: Any) -> None:
    put(xray, segment(subsegments=[call()]), callee())

    references = [s["ReferenceId"] for s in nodes(xray).values()]

    assert sorted(references) == [0, 1, 2]
