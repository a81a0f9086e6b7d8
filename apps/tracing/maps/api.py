"""REST: the service map of a window, and what differs between two."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.search.timerange import from_milliseconds, parse_range, rfc3339
from apps.tracing.maps import reading
from apps.tracing.maps.comparisonpage import Windows
from apps.tracing.maps.differences import Difference, Shift, differences
from apps.tracing.maps.health import health_of
from apps.tracing.maps.looks import look_of
from apps.tracing.maps.pages import scope_of
from apps.tracing.maps.picture import node_id
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode
from apps.tracing.maps.shown import Shown, shown
from apps.tracing.maps.state import DEFAULT_SINCE, DEFAULT_UNTIL, MapState
from apps.tracing.spans.span import ServiceKey

_LATENCIES = (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))


def _parameter(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=text)


_ACCOUNT = _parameter("account", "Account numbers, separated by commas.")


class MapView(APIView):
    @extend_schema(
        parameters=[
            _parameter("since", f"RFC 3339 or relative. Default {DEFAULT_SINCE}."),
            _parameter("until", f"The end, excluded. Default {DEFAULT_UNTIL}."),
            _parameter("find", "Marks what it means as `found`. See docs/map.md."),
            _parameter("hide", "Leaves out what it means."),
            _parameter("focus", "A node's id or name: only what is near it."),
            _parameter("hops", "How many calls away, 1 to 6. Default 1."),
            _parameter("direction", "up, down or both."),
            _parameter("by", "Groups: none, name, account or kind. Default none."),
            _ACCOUNT,
        ],
        responses=OpenApiTypes.OBJECT,
        summary="The service map: nodes and edges with their figures",
    )
    def get(self, request: Request) -> Response:
        given = {
            name: list(map(str, many)) for name, many in request.query_params.lists()
        }
        given.setdefault("by", ["none"])
        state = MapState.read(given)
        span = parse_range(state.since, state.until, timezone.now())
        scope = scope_of(request, state.accounts)
        whole = reading.read(span.since.timestamp(), span.until.timestamp(), scope)
        made = shown(whole, state)
        for problem in made.problems:
            raise ValidationError({problem.name: str(problem.error)})
        if made.missing_focus:
            raise ValidationError(
                {"focus": "No node of this time has that id or name."}
            )
        return Response(_map(made))


class MapDiffView(APIView):
    @extend_schema(
        parameters=[
            _parameter("a", "When the window before begins. Default: before b."),
            _parameter("b", "When the window after begins. Default: ends now."),
            _parameter("minutes", "How long both are. Default 60."),
            _ACCOUNT,
        ],
        responses=OpenApiTypes.OBJECT,
        summary="What differs between the maps of two windows, and how surely",
    )
    def get(self, request: Request) -> Response:
        windows = Windows.read(request.query_params.dict(), timezone.now())
        state = MapState.read({"account": [request.query_params.get("account", "")]})
        a, b = windows.maps(scope_of(request, state.accounts))
        found = differences(a, b)
        return Response(
            {
                "a": {"since": _moment(a.since_s), "until": _moment(a.until_s)},
                "b": {"since": _moment(b.since_s), "until": _moment(b.until_s)},
                "tests": found.tests,
                "nodes": [_difference(one) for one in found.nodes],
                "edges": [_difference(one) for one in found.edges],
            }
        )


def _moment(seconds: int) -> str:
    return rfc3339(from_milliseconds(seconds * 1_000))


def _map(made: Shown) -> dict[str, Any]:
    found = made.found() or frozenset()
    return {
        "since": _moment(made.map.since_s),
        "until": _moment(made.map.until_s),
        "traces": made.map.traces,
        "nodes": [_node(one, made, found) for one in made.map.nodes],
        "edges": [_edge(one) for one in made.map.edges],
    }


def _key(key: ServiceKey) -> dict[str, str]:
    return {"id": node_id(key), **key._asdict()}


def _node(node: MapNode, made: Shown, found: frozenset[str]) -> dict[str, Any]:
    members = made.grouped.members.get(node.key, ())
    return {
        **_key(node.key),
        "kind": look_of(node.key.type).shape,
        "health": health_of(node.figures),
        "is_root": node.is_root,
        "sends_spans": node.sends_spans,
        "found": node_id(node.key) in found,
        "members": [node_id(one.key) for one in members],
        "figures": _figures(node.figures),
    }


def _edge(edge: MapEdge) -> dict[str, Any]:
    return {
        "source": node_id(edge.source),
        "target": node_id(edge.target),
        "is_async": edge.is_async,
        "aliases": list(edge.aliases),
        "health": health_of(edge.figures),
        "figures": _figures(edge.figures),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    """Counts are of sampled traces; on async edges latencies are ages of messages."""
    return {
        "calls": figures.calls,
        "faults": figures.faults,
        "errors": figures.errors,
        "throttles": figures.throttles,
        "mean_ms": _rounded(figures.mean_ms),
        **{name: _rounded(figures.percentile_ms(one)) for name, one in _LATENCIES},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _difference(one: Difference) -> dict[str, Any]:
    if isinstance(one.key, ServiceKey):
        named: dict[str, Any] = _key(one.key)
    else:
        source, target, is_async = one.key
        named = {"source": node_id(source), "target": node_id(target)}
        named["is_async"] = is_async
    return {
        **named,
        "change": one.change or None,
        "text": one.text,
        "before": None if one.before is None else _figures(one.before),
        "after": None if one.after is None else _figures(one.after),
        "shifts": [_shift(shift) for shift in one.shifts],
    }


def _shift(shift: Shift) -> dict[str, Any]:
    """`p` is corrected for all tests of the comparison."""
    return {
        "measure": shift.measure,
        "before": shift.before,
        "after": shift.after,
        "p": shift.p,
        "effect": shift.effect,
        "is_worse": shift.is_worse,
    }
