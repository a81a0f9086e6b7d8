"""Where nodes and edges lead: traces, logs, metrics, changes. Times go along."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from apps.search.language import quoted
from apps.search.timerange import is_relative
from apps.tracing.maps.looks import Shape, look_of
from apps.tracing.maps.picture import node_id
from apps.tracing.maps.servicemap import CLIENT, Figures, MapEdge, MapNode
from apps.tracing.maps.state import MapState

_LEAST_SECONDS = 0.001
# Percentiles are told by the middle of a bucket: from its lower end on, all are found.
_BUCKET = 1.06


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    icon: str
    url: str


def of_node(node: MapNode, state: MapState) -> list[Link]:
    name = _string(node.key.name)
    found = _traces(f"service({name})", node.figures, state)
    if node.key.type != CLIENT:
        found.append(Link("Logs", "wrap-text", _logs(node, state)))
        metrics = reverse("metrics") + "?" + urlencode({"q": _first(node.key.name)})
        found.append(Link("Metrics", "chart-column", metrics))
        named = {"name": node.key.name, "since": state.since, "until": state.until}
        changes = reverse("resource") + "?" + urlencode(named)
        found.append(Link("Changes", "pencil", changes))
    if node.sends_spans:
        found.append(_talk(state, source=node.key.name))
    id_ = node_id(node.key)
    if state.focus != id_:
        here = state.url_query(focus=id_, select=id_)
        found.append(Link("Focus", "filter", here))
    found.append(Link("Compare", "git-compare", _comparison(state, id_)))
    return found


def _comparison(state: MapState, focus: str) -> str:
    """What is near a node now against what it was an hour before."""
    query = {"focus": focus, "hops": "2"}
    if not is_relative(state.since):
        query["b"] = state.since
    return f"{reverse('map-comparison')}?{urlencode(query)}"


def of_edge(edge: MapEdge, state: MapState) -> list[Link]:
    ends = f"{_string(edge.source.name)}, {_string(edge.target.name)}"
    found = _traces(f"edge({ends})", edge.figures, state)
    if edge.source.type != CLIENT:
        found.append(_talk(state, source=edge.source.name, target=edge.target.name))
    return found


def _talk(state: MapState, **parts: str) -> Link:
    """What the report on chattiness says of them."""
    query = {**parts, "since": state.since, "until": state.until}
    url = f"{reverse('chattiness')}?{urlencode(query)}"
    return Link("Calls a request", "chart-column", url)


def _traces(what: str, figures: Figures, state: MapState) -> list[Link]:
    """In X-Ray's language of filters."""
    found = [Link("Traces", "chevron-right", traces_url(what, state))]
    if figures.faults:
        url = traces_url(what + " { fault = true }", state)
        found.append(Link("With faults", "circle-alert", url))
    if figures.errors:
        url = traces_url(what + " { error = true }", state)
        found.append(Link("With errors", "triangle-alert", url))
    slow = figures.percentile_ms(0.95)
    if slow is not None:
        seconds = max(_LEAST_SECONDS, slow / 1_000 / _BUCKET)
        url = traces_url(f"{what} {{ responsetime > {seconds:.3f} }}", state)
        found.append(Link("Slowest 5 %", "clock", url))
    return found


def traces_url(filter_: str, state: MapState) -> str:
    query = {"filter": filter_, "since": state.since, "until": state.until}
    return f"{reverse('traces')}?{urlencode(query)}"


def _string(name: str) -> str:
    """As the language of filters writes strings: quotes cannot stand within."""
    return '"' + name.replace('"', "") + '"'


def _logs(node: MapNode, state: MapState) -> str:
    name = _first(node.key.name)
    group = f"@logGroup:*{_escaped(name)}*"
    if look_of(node.key.type).shape is Shape.FUNCTION:
        group = f"@logGroup:{quoted('/aws/lambda/' + name)}"
    query = {"q": group, "since": state.since, "until": state.until}
    return f"{reverse('explore', args=['logs'])}?{urlencode(query)}"


def _first(name: str) -> str:
    """An API without its stage, an ARN without what precedes its name."""
    return name.rsplit(":", 1)[-1].split("/", 1)[0] or name


def _escaped(name: str) -> str:
    return "".join(one if one.isalnum() else f"\\{one}" for one in name)
