"""What is told of the chosen node, group or edge beside the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.tracing.maps import graphs, links, reading, wording
from apps.tracing.maps.graphs import WIDE
from apps.tracing.maps.grouping import GROUP
from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.looks import look_of, short_name
from apps.tracing.maps.picture import edge_id, node_id
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode, ServiceMap
from apps.tracing.maps.shown import Shown, part
from apps.tracing.models import SeenEdge, SeenNode
from apps.tracing.spans.span import ServiceKey

_STEPS = 48
_NICE_S = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400)
_MOST_LISTED = 40
_SPARK_HIGH = 48.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A node at the other end of an edge."""

    name: str
    health: Health
    numbers: str
    url: str
    is_async: bool


def panel(shown: Shown) -> dict[str, Any]:
    """Nothing where nothing is chosen, or what was chosen is not there."""
    found = part(shown.map, shown.state.select)
    if found is None:
        close_url = shown.state.url_query(select="")
        return {"gone": shown.state.select, "close_url": close_url}
    about = _node(found, shown) if isinstance(found, MapNode) else _edge(found, shown)
    figures = found.figures
    return {
        "figures": figures,
        "facts": facts(figures, shown.seconds),
        "health": health_of(figures),
        "latencies": graphs.latencies(figures.histogram),
        "wide": WIDE,
        "close_url": shown.state.url_query(select=""),
        **about,
    }


def _node(node: MapNode, shown: Shown) -> dict[str, Any]:
    key, state = node.key, shown.state
    members = shown.grouped.members.get(key, ())
    about: dict[str, Any] = {
        "node": node,
        "title": short_name(key.name),
        "whole_name": key.name if short_name(key.name) != key.name else "",
        "caption": look_of(key.type).caption,
        "callers": _neighbours(shown, key, is_caller=True),
        "callees": _neighbours(shown, key, is_caller=False),
    }
    if key.type == GROUP:
        opened = (*state.opened, key.name)
        return about | {
            "members": [_member(one, shown) for one in members[:_MOST_LISTED]],
            "member_count": len(members),
            "open_url": state.url_query(opened=opened, select=""),
        }
    window, step = window_of(shown.map)
    line = reading.node_timeline(key, window, step)
    return about | {
        "links": links.of_node(node, state),
        "spark": graphs.steps(line, step, _SPARK_HIGH),
        "step": wording.milliseconds(step * 1_000),
        **_seen(
            SeenNode.objects.filter(account=key.account, type=key.type, name=key.name)
        ),
    }


def _edge(edge: MapEdge, shown: Shown) -> dict[str, Any]:
    window, step = window_of(shown.map)
    is_of_groups = GROUP in (edge.source.type, edge.target.type)
    about: dict[str, Any] = {
        "edge": edge,
        "title": f"{short_name(edge.source.name)} → {short_name(edge.target.name)}",
        "caption": "Messages" if edge.is_async else "Calls",
        "source_url": shown.state.url_query(select=node_id(edge.source)),
        "target_url": shown.state.url_query(select=node_id(edge.target)),
    }
    if is_of_groups:
        return about
    line = reading.edge_timeline(edge, window, step)
    rows = SeenEdge.objects.filter(
        source__account=edge.source.account,
        source__type=edge.source.type,
        source__name=edge.source.name,
        target__account=edge.target.account,
        target__type=edge.target.type,
        target__name=edge.target.name,
        is_async=edge.is_async,
    )
    return about | {
        "links": links.of_edge(edge, shown.state),
        "spark": graphs.steps(line, step, _SPARK_HIGH),
        "step": wording.milliseconds(step * 1_000),
        **_seen(rows),
    }


def _seen(rows: Any) -> dict[str, datetime]:
    found = rows.values("first_seen", "last_seen").first()
    return dict(found) if found else {}


def facts(figures: Figures, seconds: int) -> list[tuple[str, str, str]]:
    """Name, value and what stands small behind it."""
    calls = figures.calls
    rate = wording.rate(calls, seconds)
    found = [("Calls", rate, f"{wording.number(calls)} sampled")]
    for name, count, share in (
        ("Faults", figures.faults, figures.fault_rate),
        ("Errors", figures.errors, figures.error_rate),
    ):
        found.append((name, wording.share(share), f"{wording.number(count)}"))
    if figures.throttles:
        part_ = wording.share(figures.throttles / calls)
        said = f"{wording.number(figures.throttles)}, of the errors"
        found.append(("Throttles", part_, said))
    for name, fraction in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        found.append((name, wording.milliseconds(figures.percentile_ms(fraction)), ""))
    found.append(("Mean", wording.milliseconds(figures.mean_ms), ""))
    return found


def window_of(map_: ServiceMap) -> tuple[tuple[int, int], int]:
    """The window of a map, and steps to show it in."""
    length = map_.until_s - map_.since_s
    step = next((one for one in _NICE_S if length / one <= _STEPS), _NICE_S[-1])
    return (map_.since_s, map_.until_s), step


def _neighbours(shown: Shown, key: ServiceKey, *, is_caller: bool) -> list[Neighbour]:
    edges = [
        edge
        for edge in shown.map.edges
        if (edge.target if is_caller else edge.source) == key
    ]
    edges.sort(key=lambda edge: -edge.figures.calls)
    return [_neighbour(edge, shown, is_caller) for edge in edges[:_MOST_LISTED]]


def _neighbour(edge: MapEdge, shown: Shown, is_caller: bool) -> Neighbour:  # noqa: FBT001
    end = edge.source if is_caller else edge.target
    rate = wording.rate(edge.figures.calls, shown.seconds)
    slow = wording.milliseconds(edge.figures.percentile_ms(0.95))
    return Neighbour(
        short_name(end.name),
        health_of(edge.figures),
        f"{rate} · {slow}",
        shown.state.url_query(select=edge_id(edge)),
        edge.is_async,
    )


def _member(node: MapNode, shown: Shown) -> Neighbour:
    rate = wording.rate(node.figures.calls, shown.seconds)
    opened: Sequence[str] = (*shown.state.opened, *_label(node, shown))
    url = shown.state.url_query(opened=opened, select=node_id(node.key))
    return Neighbour(node.key.name, health_of(node.figures), rate, url, is_async=False)


def _label(node: MapNode, shown: Shown) -> tuple[str, ...]:
    """The group that a node is in."""
    for key, members in shown.grouped.members.items():
        if node in members:
            return (key.name,)
    return ()
