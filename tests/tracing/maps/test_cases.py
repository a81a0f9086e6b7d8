"""Dependency edges as Zipkin's own tests expect them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from apps.tracing.maps.counting import counted
from apps.tracing.maps.servicemap import CLIENT, Figures, MapEdge, merged_edges
from apps.tracing.spans.span import ServiceKey
from apps.tracing.spans.zipkin import dated, span_of
from tests.conftest import cases_folder

pytestmark = pytest.mark.cases

_DAY_S = 86_400


def edge_cases(kind: str) -> list[Any]:
    file = cases_folder() / "traces" / "dependency_edges.json"
    return [
        pytest.param(case, id=case["name"])
        for case in (json.loads(file.read_text()) if file.exists() else ())
        if kind in case
    ]


def told(edges: Sequence[MapEdge]) -> list[tuple[str, str, int, int]]:
    """As Zipkin tells edges: it has no node for those who call from outside."""
    return sorted(
        (one.source.name, one.target.name, one.figures.calls, one.figures.failures)
        for one in edges
        if one.source.type != CLIENT
    )


def expected(case: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return sorted(
        (one["parent"], one["child"], one["callCount"], one.get("errorCount", 0))
        for one in case["expected"]
    )


@pytest.mark.parametrize("case", edge_cases("traces"))
def test_edges_have_the_expected_calls_and_errors(
    cases: Any, case: dict[str, Any]
) -> None:
    traces = [[span_of(one, "", "") for one in trace] for trace in case["traces"]]
    for spans in traces:
        dated(spans, 1)

    latest_us = max((span.start_us for spans in traces for span in spans), default=1)
    found = counted(traces, 0, latest_us // 1_000_000 + _DAY_S)

    assert told(found.edges) == expected(case)


@pytest.mark.parametrize("case", edge_cases("input_links"))
def test_edges_of_several_maps_add_up(cases: Any, case: dict[str, Any]) -> None:
    edges = [
        MapEdge(
            ServiceKey("", "", one["parent"]),
            ServiceKey("", "", one["child"]),
            is_async=False,
            figures=Figures(one["callCount"], one.get("errorCount", 0)),
        )
        for one in case["input_links"]
    ]

    assert told(merged_edges(edges)) == expected(case)
