"""Many nodes drawn as one, so that a large map stays readable. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from apps.tracing.maps.looks import SHAPE_NAMES, Shape, look_of
from apps.tracing.maps.servicemap import (
    CLIENT,
    Figures,
    MapNode,
    ServiceMap,
    merged_edges,
    merged_figures,
)
from apps.tracing.spans.span import ServiceKey

GROUP = "group"
"""The type of nodes that stand for several."""
MOST_UNGROUPED = 80
_FEWEST, _MOST = 3, 60
_LEAST_MEMBERS = 3
_JOINT = re.compile(r"[-_./: ]")


class Grouping(StrEnum):
    """What nodes of a group have in common; `name` is the first word of their names,
    which is a team's or a system's where names are given so."""

    NONE = "none"
    NAME = "name"
    ACCOUNT = "account"
    KIND = "kind"


GROUPING_NAMES = {
    Grouping.NONE: "No groups",
    Grouping.NAME: "By name",
    Grouping.ACCOUNT: "By account",
    Grouping.KIND: "By kind",
}


@dataclass(frozen=True, slots=True)
class Grouped:
    """A map with some nodes drawn as one. `members`: by the key of the group's node;
    `opened`: groups whose members are drawn, with how many they have."""

    map: ServiceMap
    members: Mapping[ServiceKey, Sequence[MapNode]] = field(default_factory=dict)
    opened: Mapping[str, int] = field(default_factory=dict)


def automatic(map_: ServiceMap) -> Grouping:
    """None for what can be read as it is; else what makes a fair number of groups."""
    if len(map_.nodes) <= MOST_UNGROUPED:
        return Grouping.NONE
    for by in (Grouping.NAME, Grouping.ACCOUNT):
        drawn = len(grouped(map_, by, ()).map.nodes)
        if _FEWEST <= drawn <= _MOST:
            return by
    return Grouping.KIND


def grouped(map_: ServiceMap, by: Grouping, opened: Collection[str]) -> Grouped:
    """The map with a node for every group that is not opened.

    What calls do within a group is not shown; a group's own figures are those of the
    calls that come into it.
    """
    if by is Grouping.NONE:
        return Grouped(map_)
    labels = {node.key: label for node in map_.nodes if (label := _LABELS[by](node))}
    sizes = Counter(labels.values())
    closed = {
        key: ServiceKey("", GROUP, label)
        for key, label in labels.items()
        if label not in opened and sizes[label] >= _LEAST_MEMBERS
    }
    members: dict[ServiceKey, list[MapNode]] = {}
    for node in map_.nodes:
        if node.key in closed:
            members.setdefault(closed[node.key], []).append(node)
    shown = {label: sizes[label] for label in opened if label in sizes}
    return Grouped(_merged(map_, closed, members), members, shown)


def _merged(
    map_: ServiceMap,
    closed: Mapping[ServiceKey, ServiceKey],
    members: Mapping[ServiceKey, Sequence[MapNode]],
) -> ServiceMap:
    moved = [
        replace(edge, source=source, target=target)
        for edge in map_.edges
        if (source := closed.get(edge.source, edge.source))
        != (target := closed.get(edge.target, edge.target))
        or source not in members
    ]
    edges = merged_edges(moved)
    entering: dict[ServiceKey, Figures] = {}
    for edge in edges:
        known = entering.get(edge.target, Figures())
        entering[edge.target] = merged_figures(known, edge.figures)
    groups = [_group(key, those, entering) for key, those in members.items()]
    alone = [node for node in map_.nodes if node.key not in closed]
    return replace(map_, nodes=(*alone, *groups), edges=edges)


def _group(
    key: ServiceKey,
    those: Sequence[MapNode],
    entering: Mapping[ServiceKey, Figures],
) -> MapNode:
    """With the calls that begin in it where none come in."""
    figures = entering.get(key)
    if figures is None:
        figures = Figures()
        for node in those:
            figures = merged_figures(figures, node.figures)
    sends = any(node.sends_spans for node in those)
    return MapNode(key, figures, sends, any(node.is_root for node in those))


def _first_word(node: MapNode) -> str:
    if node.key.type == CLIENT:
        return ""
    if look_of(node.key.type).shape is Shape.EXTERNAL:
        return "outside hosts"
    return _JOINT.split(node.key.name, maxsplit=1)[0]


def _kind(node: MapNode) -> str:
    shape = look_of(node.key.type).shape
    return "" if shape is Shape.CLIENT else SHAPE_NAMES[shape]


_LABELS: Mapping[Grouping, Callable[[MapNode], str]] = {
    Grouping.NAME: _first_word,
    Grouping.ACCOUNT: lambda node: node.key.account or "no account",
    Grouping.KIND: _kind,
}
