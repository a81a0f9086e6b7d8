"""The map as tables and as CSV: what the picture says, in rows. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.tracing.maps import wording
from apps.tracing.maps.grouping import GROUP
from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.looks import look_of
from apps.tracing.maps.picture import edge_id, node_id
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode
from apps.tracing.maps.shown import Shown

# A spreadsheet runs a text that begins so as a formula; a quote makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COLUMNS = (
    ("calls", "Calls"),
    ("faults", "Faults"),
    ("errors", "Errors"),
    ("p50", "p50"),
    ("p95", "p95"),
    ("p99", "p99"),
)
_FRACTIONS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` are as people read them, in the order of the columns."""

    names: tuple[str, ...]
    note: str
    health: Health
    cells: tuple[str, ...]
    url: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    url: str
    order: str


def tables(shown: Shown) -> dict[str, Any]:
    """Nodes and edges, in the order that the state says; `-calls` is most first."""
    found = shown.found()
    nodes = _sorted(shown.map.nodes, shown.state.sort)
    edges = _sorted(shown.map.edges, shown.state.sort)
    return {
        "columns": [_column(shown, name, label) for name, label in _COLUMNS],
        "name_column": _column(shown, "name", "Node"),
        "node_rows": [_node(one, shown, found) for one in nodes],
        "edge_rows": [_edge(one, shown, found) for one in edges],
    }


def _column(shown: Shown, name: str, label: str) -> Column:
    sort = shown.state.sort or "-calls"
    is_falling = sort == f"-{name}"
    order = {f"-{name}": "descending", name: "ascending"}.get(sort, "")
    asked = name if is_falling or (name == "name" and sort != "name") else f"-{name}"
    return Column(label, shown.state.url_query(sort=asked), order)


def _sorted(
    parts: Sequence[MapNode] | Sequence[MapEdge], sort: str
) -> list[MapNode | MapEdge]:
    name = sort.removeprefix("-") or "calls"
    is_falling = sort.startswith("-") or not sort
    if name == "name":
        return sorted(parts, key=_name, reverse=is_falling)
    known = name if name in dict(_COLUMNS) else "calls"

    def value(part: MapNode | MapEdge) -> float:
        return _value(part.figures, known) or 0.0

    return sorted(sorted(parts, key=_name), key=value, reverse=is_falling)


def _name(part: MapNode | MapEdge) -> str:
    if isinstance(part, MapNode):
        return part.key.name.lower()
    return f"{part.source.name} {part.target.name}".lower()


def _value(figures: Figures, name: str) -> float | None:
    if name == "calls":
        return figures.calls
    if name == "faults":
        return figures.fault_rate
    if name == "errors":
        return figures.error_rate
    return figures.percentile_ms(_FRACTIONS[name])


def _cells(figures: Figures, seconds: int) -> tuple[str, ...]:
    latencies = (figures.percentile_ms(one) for one in _FRACTIONS.values())
    return (
        wording.rate(figures.calls, seconds),
        wording.share(figures.fault_rate),
        wording.share(figures.error_rate),
        *(wording.milliseconds(one) for one in latencies),
    )


def _node(node: Any, shown: Shown, found: frozenset[str] | None) -> Row:
    members = shown.grouped.members.get(node.key, ())
    note = f"{len(members)} nodes" if members else look_of(node.key.type).caption
    if node.key.account and node.key.type != GROUP:
        note += f" · {node.key.account}"
    return _row(node.figures, shown, (node.key.name,), note, (node_id(node.key), found))


def _edge(edge: Any, shown: Shown, found: frozenset[str] | None) -> Row:
    names = (edge.source.name, edge.target.name)
    note = "messages" if edge.is_async else ""
    return _row(edge.figures, shown, names, note, (edge_id(edge), found))


def _row(
    figures: Figures,
    shown: Shown,
    names: tuple[str, ...],
    note: str,
    place: tuple[str, frozenset[str] | None],
) -> Row:
    id_, found = place
    url = shown.state.url_query(select=id_, view="map")
    is_found = found is not None and id_ in found
    cells = _cells(figures, shown.seconds)
    return Row(names, note, health_of(figures), cells, url, is_found)


def csv_of(shown: Shown, part: str) -> str:
    """Numbers bare, their units in the heads; times of latencies in milliseconds."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = ("calls", "faults", "errors", "throttles", "mean_ms", "p50_ms", "p95_ms")
    if part == "edges":
        ends = ("account", "type", "name")
        names = [f"{side}_{one}" for side in ("source", "target") for one in ends]
        writer.writerow([*names, "async", *heads, "p99_ms"])
        for edge in _sorted(shown.map.edges, shown.state.sort):
            assert isinstance(edge, MapEdge)  # noqa: S101 - for the type checker
            keys = [*edge.source, *edge.target, str(edge.is_async).lower()]
            writer.writerow([*map(_safe, keys), *_numbers(edge.figures)])
    else:
        writer.writerow(["account", "type", "name", *heads, "p99_ms"])
        for node in _sorted(shown.map.nodes, shown.state.sort):
            assert isinstance(node, MapNode)  # noqa: S101 - for the type checker
            writer.writerow([*map(_safe, node.key), *_numbers(node.figures)])
    return text.getvalue()


def _numbers(figures: Figures) -> list[object]:
    latencies = [figures.mean_ms, *map(figures.percentile_ms, _FRACTIONS.values())]
    shown = ["" if one is None else round(one, 3) for one in latencies]
    counts = (figures.calls, figures.faults, figures.errors, figures.throttles)
    return [*counts, *shown]


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text
