"""X-Ray's graph as it was answered, merged and compared."""

from __future__ import annotations

from typing import Any

from apps.tracing.collecting.graphs import (
    Counts,
    ServiceGraph,
    compared,
    graph_of,
)
from apps.tracing.spans.span import ServiceKey

WEB, TABLE = ServiceKey("1", "AWS::ECS::Container", "web"), ServiceKey("", "", "stock")
CLIENT = ServiceKey("", "client", "web")


def service(number: int, key: ServiceKey, *edges: dict[str, Any]) -> dict[str, Any]:
    return {
        "ReferenceId": number,
        "AccountId": key.account,
        "Type": key.type,
        "Name": key.name,
        "Edges": list(edges),
    }


def edge(to: int, calls: int, faults: int = 0, **more: Any) -> dict[str, Any]:
    figures = {"TotalCount": calls, "FaultStatistics": {"TotalCount": faults}}
    return {"ReferenceId": to, "SummaryStatistics": figures, **more}


def test_references_hold_within_one_answer_alone() -> None:
    first = graph_of([service(0, CLIENT, edge(1, 2)), service(1, WEB)])
    second = graph_of([service(7, CLIENT, edge(0, 3, 1)), service(0, WEB)])

    merged = ServiceGraph.merged([first, second])

    assert merged.edges == {(CLIENT, WEB, False): Counts(5, faults=1)}
    assert merged.nodes.keys() == {CLIENT, WEB}


def test_one_name_of_two_types_is_two_nodes() -> None:
    graph = graph_of([service(0, CLIENT, edge(1, 4)), service(1, WEB)])

    assert graph.nodes.keys() == {CLIENT, WEB}


def test_messages_are_apart_from_calls() -> None:
    graph = graph_of(
        [service(0, WEB, edge(1, 2), edge(1, 9, EdgeType="link")), service(1, TABLE)]
    )

    assert graph.edges == {
        (WEB, TABLE, False): Counts(2),
        (WEB, TABLE, True): Counts(9),
    }


def test_differences_are_told_with_both_counts_the_largest_first() -> None:
    ours = {(CLIENT, WEB, False): Counts(5), (WEB, TABLE, False): Counts(3)}
    theirs = {
        (CLIENT, WEB, False): Counts(5),
        (WEB, TABLE, False): Counts(4),
        (WEB, TABLE, True): Counts(9),
    }

    found = compared(ours, theirs)

    assert found.equal == 1
    assert [(one.edge[2], one.ours, one.theirs) for one in found.differences] == [
        (True, Counts(), Counts(9)),
        (False, Counts(3), Counts(4)),
    ]


def test_edges_without_calls_that_ended_are_no_difference() -> None:
    found = compared({(CLIENT, WEB, False): Counts()}, {})

    assert (found.equal, found.differences) == (0, [])
