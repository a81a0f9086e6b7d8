"""Statistics over time, of edges and of services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import NOW
from tests.sandbox.test_identity import refused
from tests.sandbox.xray.shop import (
    WINDOW,
    call,
    callee,
    put,
    segment,
    trace_id,
)

MINUTE = NOW - NOW % 60 - 600


def points(xray: Any, **asked: Any) -> list[dict[str, Any]]:
    answer = xray.get_time_series_service_statistics(**{**WINDOW, **asked})
    found: list[dict[str, Any]] = answer["TimeSeriesServiceStatistics"]
    return found


@pytest.fixture
def traffic(xray: Any) -> Any:
    """Three requests in the first minute, one of them a fault; one five later."""
    requests: list[tuple[int, dict[str, Any]]] = [
        (0, {}),
        (30, {}),
        (59, {"fault": True}),
        (300, {}),
    ]
    for number, (second, members) in enumerate(requests):
        start = MINUTE + second
        times: dict[str, Any] = {"start_time": start, "end_time": start + 0.5}
        put(
            xray,
            segment(
                trace_id=trace_id(number),
                subsegments=[call(start_time=start, end_time=start + 0.2)],
                **times,
                **members,
            ),
            callee(trace_id=trace_id(number), **times),
        )
    return xray


def test_without_a_selector_it_is_what_clients_called(traffic: Any) -> None:
    first, second = points(traffic)

    assert first["Timestamp"].timestamp() == MINUTE
    assert second["Timestamp"].timestamp() == MINUTE + 300
    counted = first["EdgeSummaryStatistics"]
    assert (counted["TotalCount"], counted["OkCount"]) == (3, 2)
    assert counted["FaultStatistics"]["TotalCount"] == 1
    assert counted["TotalResponseTime"] == pytest.approx(1.5)
    assert first["ResponseTimeHistogram"] == [{"Value": 0.5, "Count": 3}]


def test_a_longer_period_takes_more_together(traffic: Any) -> None:
    found = points(traffic, Period=600)

    assert sum(p["EdgeSummaryStatistics"]["TotalCount"] for p in found) == 4


def test_a_service_is_counted_by_its_segments(traffic: Any) -> None:
    found = points(traffic, EntitySelectorExpression='service("orders")')

    assert [p["ServiceSummaryStatistics"]["TotalCount"] for p in found] == [3, 1]
    assert "EdgeSummaryStatistics" not in found[0]


def test_an_edge_is_counted_by_its_calls(traffic: Any) -> None:
    found = points(traffic, EntitySelectorExpression='edge("web", "orders")')

    assert found[0]["ResponseTimeHistogram"] == [{"Value": 0.2, "Count": 3}]


def test_an_id_selects_a_service(traffic: Any) -> None:
    selector = 'id(name: "web", type: "AWS::ECS::Container")'

    found = points(traffic, EntitySelectorExpression=selector)

    assert found[0]["ServiceSummaryStatistics"]["FaultStatistics"]["TotalCount"] == 1


def test_a_group_leaves_out_other_traces(traffic: Any) -> None:
    traffic.create_group(GroupName="faults", FilterExpression="fault")

    [found] = points(traffic, GroupName="faults")

    assert found["EdgeSummaryStatistics"]["TotalCount"] == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"Period": 30},
        {"Period": 90},
        {"EntitySelectorExpression": "fault"},
        {"EntitySelectorExpression": 'service("web") { fault }'},
        {"EntitySelectorExpression": "annotation.tier"},
        {"ForecastStatistics": True},
        {"GroupName": "absent"},
    ],
)
def test_what_is_not_answered_is_refused(xray: Any, asked: dict[str, Any]) -> None:
    call_of = xray.get_time_series_service_statistics

    refusal = refused(call_of, **{**WINDOW, **asked})

    assert refusal == ("InvalidRequestException", 400)
