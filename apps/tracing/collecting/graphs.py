"""X-Ray's own service graph, and how another map compares with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.tracing.spans.span import ServiceKey

EdgeKey = tuple[ServiceKey, ServiceKey, bool]
"""Source, target, and whether the edge is a link: of messages, not of calls."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls that ended, and how. Errors are 4xx, some of them throttles; faults 5xx."""

    calls: int = 0
    errors: int = 0
    faults: int = 0
    throttles: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.calls + other.calls,
            self.errors + other.errors,
            self.faults + other.faults,
            self.throttles + other.throttles,
        )


@dataclass(frozen=True, slots=True)
class ServiceGraph:
    """Nodes by what they are known by over all answers, and edges between them."""

    nodes: Mapping[ServiceKey, Counts] = field(default_factory=dict)
    edges: Mapping[EdgeKey, Counts] = field(default_factory=dict)

    @classmethod
    def merged(cls, graphs: Iterable[ServiceGraph]) -> ServiceGraph:
        """What the graphs of windows side by side say of all of them together."""
        nodes: dict[ServiceKey, Counts] = {}
        edges: dict[EdgeKey, Counts] = {}
        for graph in graphs:
            for key, counts in graph.nodes.items():
                nodes[key] = nodes.get(key, Counts()) + counts
            for edge, counts in graph.edges.items():
                edges[edge] = edges.get(edge, Counts()) + counts
        return cls(nodes, edges)


def graph_of(services: Sequence[Mapping[str, Any]]) -> ServiceGraph:
    """The graph of one answer, all its pages together: references hold within it
    alone, and may lead to services of another page."""
    keys = {one["ReferenceId"]: _key(one) for one in services}
    nodes: dict[ServiceKey, Counts] = {}
    edges: dict[EdgeKey, Counts] = {}
    for service in services:
        key = _key(service)
        nodes[key] = nodes.get(key, Counts()) + _counts(service)
        for edge in service.get("Edges", ()):
            target = keys.get(edge["ReferenceId"])
            if target is None:
                continue  # of a service that the answer does not name
            way = (key, target, edge.get("EdgeType") == "link")
            edges[way] = edges.get(way, Counts()) + _counts(edge)
    return ServiceGraph(nodes, edges)


def _key(service: Mapping[str, Any]) -> ServiceKey:
    return ServiceKey(
        service.get("AccountId", ""), service.get("Type", ""), service.get("Name", "")
    )


def _counts(told: Mapping[str, Any]) -> Counts:
    figures = told.get("SummaryStatistics", {})
    errors = figures.get("ErrorStatistics", {})
    return Counts(
        figures.get("TotalCount", 0),
        errors.get("TotalCount", 0),
        figures.get("FaultStatistics", {}).get("TotalCount", 0),
        errors.get("ThrottleCount", 0),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """An edge that two maps tell differently; one that a map lacks has no calls."""

    edge: EdgeKey
    ours: Counts
    theirs: Counts


@dataclass(frozen=True, slots=True)
class Comparison:
    equal: int
    differences: Sequence[Difference]


def compared(
    ours: Mapping[EdgeKey, Counts], theirs: Mapping[EdgeKey, Counts]
) -> Comparison:
    """Edge by edge, the largest difference first; edges that carried nothing that
    ended, on either side, are none."""
    nothing = Counts()
    edges = ours.keys() | theirs.keys()
    pairs = [(key, ours.get(key, nothing), theirs.get(key, nothing)) for key in edges]
    pairs = [pair for pair in pairs if pair[1] != nothing or pair[2] != nothing]
    differences = [Difference(*pair) for pair in pairs if pair[1] != pair[2]]
    differences.sort(
        key=lambda one: (-abs(one.ours.calls - one.theirs.calls), one.edge)
    )
    return Comparison(len(pairs) - len(differences), differences)
