"""What is drawn of a map: nodes and edges in words and signs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.tracing.maps import wording
from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.looks import Shape, look_of, short_name
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode
from apps.tracing.spans.span import ServiceKey

MOST_WITH_NUMBERS = 120
"""Beyond so many nodes each is drawn smaller."""


class Label(StrEnum):
    """What stands on edges."""

    CALLS = "calls"
    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    ERRORS = "errors"
    NONE = "none"


LABEL_NAMES = {
    Label.CALLS: "Calls",
    Label.P50: "p50",
    Label.P95: "p95",
    Label.P99: "p99",
    Label.ERRORS: "Failures",
    Label.NONE: "No labels",
}
_FRACTIONS = {Label.P50: 0.5, Label.P95: 0.95, Label.P99: 0.99}


class Change(StrEnum):
    """How a part of the map differs from that of another time."""

    NONE = ""
    NEW = "new"
    GONE = "gone"
    WORSE = "worse"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Sign:
    """Something to know about a node, in a corner of it: open alarms, changes."""

    kind: str
    count: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """`id` stands in URLs. `numbers`: the line below the name. `note`: what else
    hovering tells."""

    id: str
    name: str
    caption: str
    shape: Shape
    health: Health
    figures: Figures
    numbers: str
    words: str
    href: str
    is_root: bool = False
    members: int = 0
    change: Change = Change.NONE
    note: str = ""
    signs: Sequence[Sign] = ()
    sampled: str = ""

    @property
    def title(self) -> str:
        parts = (self.name, self.caption, self.health.text, self.words, self.note)
        return ", ".join(part for part in (*parts, self.sampled) if part)


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    id: str
    source: str
    target: str
    is_async: bool
    health: Health
    label: str
    title: str
    href: str
    change: Change = Change.NONE


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything there is to lay out and write. `chosen`: ids to stress."""

    nodes: Sequence[DrawnNode]
    edges: Sequence[DrawnEdge]
    chosen: frozenset[str] = frozenset()
    found: frozenset[str] | None = None
    order: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_dense(self) -> bool:
        return len(self.nodes) > MOST_WITH_NUMBERS


def node_id(key: ServiceKey) -> str:
    """What stands for a node in URLs: its name, then type and account where told."""
    return "~".join((key.name, key.type, key.account)).rstrip("~")


def edge_id(edge: MapEdge) -> str:
    arrow = "~>" if edge.is_async else "->"
    return f"{node_id(edge.source)} {arrow} {node_id(edge.target)}"


def numbers_of(figures: Figures, seconds: float) -> str:
    """`42/min · ✕ 1.2 % · 120 ms`: calls, which share failed, their 95th percentile."""
    if not figures.calls:
        return "no calls"
    parts = [wording.rate(figures.calls, seconds)]
    if figures.failures:
        parts.append(f"\u2715\u2009{wording.share(figures.failures / figures.calls)}")
    slow = figures.percentile_ms(0.95)
    if slow is not None:
        parts.append(wording.milliseconds(slow))
    return " · ".join(parts)


def words_of(figures: Figures, seconds: float) -> str:
    """The same in words, for who hovers or listens."""
    if not figures.calls:
        return "no calls"
    parts = [f"{wording.number(figures.calls)} calls"]
    parts.append(wording.rate(figures.calls, seconds))
    if figures.faults:
        parts.append(f"{wording.share(figures.fault_rate)} faults")
    if figures.errors:
        parts.append(f"{wording.share(figures.error_rate)} errors")
    slow = figures.percentile_ms(0.95)
    if slow is not None:
        parts.append(f"p95 {wording.milliseconds(slow)}")
    return ", ".join(parts)


def label_of(edge: MapEdge, label: Label, seconds: float) -> str:
    """What stands on an edge; nothing where there is nothing to tell."""
    figures = edge.figures
    if label is Label.NONE or not figures.calls:
        return ""
    if label is Label.CALLS:
        return wording.rate(figures.calls, seconds)
    if label is Label.ERRORS:
        failures = figures.failures / figures.calls
        return wording.share(failures) if failures else ""
    return wording.milliseconds(figures.percentile_ms(_FRACTIONS[label]))


def drawn_node(node: MapNode, seconds: float, href: str) -> DrawnNode:
    look, name = look_of(node.key.type), short_name(node.key.name)
    known = "" if node.sends_spans else "known from those who call it"
    whole = node.key.name if name != node.key.name else ""
    return DrawnNode(
        id=node_id(node.key),
        name=name or "unnamed",
        caption=look.caption,
        shape=look.shape,
        health=health_of(node.figures),
        figures=node.figures,
        numbers=numbers_of(node.figures, seconds),
        words=words_of(node.figures, seconds),
        href=href,
        is_root=node.is_root,
        note=", ".join(filter(None, (known, whole))),
    )


def drawn_edge(
    edge: MapEdge, label: Label, seconds: float, href: Callable[[str], str]
) -> DrawnEdge:
    ids = edge_id(edge)
    source, target = node_id(edge.source), node_id(edge.target)
    said = "sends messages to" if edge.is_async else "calls"
    words = words_of(edge.figures, seconds)
    title = f"{edge.source.name} {said} {edge.target.name}: {words}"
    text = label_of(edge, label, seconds)
    health = health_of(edge.figures)
    return DrawnEdge(ids, source, target, edge.is_async, health, text, title, href(ids))
