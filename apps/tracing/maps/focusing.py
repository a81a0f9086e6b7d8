"""Parts of a map: what is near a node, what is left after hiding. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from enum import StrEnum

from apps.tracing.maps.servicemap import MapEdge, MapNode, ServiceMap
from apps.tracing.spans.span import ServiceKey


class Direction(StrEnum):
    """Which way to go from a node: to those who call it, to whom it calls, or both."""

    BOTH = "both"
    UP = "up"
    DOWN = "down"


def near(
    edges: Iterable[MapEdge],
    begin: Collection[ServiceKey],
    hops: int,
    direction: Direction,
) -> frozenset[ServiceKey]:
    """The nodes at most so many calls away. Both ways: callers of callers and callees
    of callees, not the callees of callers."""
    leaving: dict[ServiceKey, set[ServiceKey]] = {}
    arriving: dict[ServiceKey, set[ServiceKey]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, set()).add(edge.target)
        arriving.setdefault(edge.target, set()).add(edge.source)
    found = frozenset(begin)
    if direction is not Direction.UP:
        found |= _reached(leaving, begin, hops)
    if direction is not Direction.DOWN:
        found |= _reached(arriving, begin, hops)
    return found


def _reached(
    ways: dict[ServiceKey, set[ServiceKey]], begin: Iterable[ServiceKey], hops: int
) -> frozenset[ServiceKey]:
    seen = set(begin)
    edge_of_it = set(seen)
    for _ in range(hops):
        edge_of_it = {to for one in edge_of_it for to in ways.get(one, ())} - seen
        seen |= edge_of_it
    return frozenset(seen)


def only(map_: ServiceMap, kept: Collection[ServiceKey]) -> ServiceMap:
    """The map of these nodes and of what is between them."""
    return replace(
        map_,
        nodes=tuple(node for node in map_.nodes if node.key in kept),
        edges=tuple(e for e in map_.edges if e.source in kept and e.target in kept),
    )


def without(
    map_: ServiceMap,
    hides_node: Callable[[MapNode], bool],
    hides_edge: Callable[[MapEdge], bool],
) -> ServiceMap:
    """The map without these nodes and edges."""
    hidden = {node.key for node in map_.nodes if hides_node(node)}
    return replace(
        map_,
        nodes=tuple(node for node in map_.nodes if node.key not in hidden),
        edges=tuple(
            edge
            for edge in map_.edges
            if edge.source not in hidden
            and edge.target not in hidden
            and not hides_edge(edge)
        ),
    )
