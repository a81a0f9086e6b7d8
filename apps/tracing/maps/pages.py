"""The page of the service map, its parts that load by themselves, and its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from rest_framework.request import Request

from apps.discovery.permissions import person
from apps.search.engines.base import Scope
from apps.search.pickers import scope_picker, time_picker
from apps.search.timerange import TimeError, TimeRange, parse_range, rfc3339
from apps.tracing.maps import exporting, reading, svg, tables
from apps.tracing.maps.extras import extras, silent_services
from apps.tracing.maps.focusing import Direction
from apps.tracing.maps.gaps import gaps
from apps.tracing.maps.grouping import GROUPING_NAMES, Grouping
from apps.tracing.maps.health import MEANINGS
from apps.tracing.maps.looks import SHAPE_NAMES
from apps.tracing.maps.panel import panel
from apps.tracing.maps.picture import LABEL_NAMES, node_id
from apps.tracing.maps.shown import Shown, laid_out, picture, shown
from apps.tracing.maps.stability import order_of_lately
from apps.tracing.maps.state import MOST_HOPS, REFRESHES, MapState
from apps.tracing.maps.strip import strip
from apps.tracing.maps.svgnodes import badges
from apps.tracing.models import SeenNode

_SILENT = 100


@dataclass(frozen=True)
class Asked:
    """A request for the map: the state of its URL, and the window it means."""

    state: MapState
    span: TimeRange
    now: datetime
    scope: Scope

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Raises TimeError."""
        state, now = MapState.read(dict(request.GET.lists())), timezone.now()
        span = parse_range(state.since, state.until, now)
        return cls(state, span, now, scope_of(request, state.accounts))

    def shown(self) -> Shown:
        since, until = self.span.since.timestamp(), self.span.until.timestamp()
        return shown(reading.read(since, until, self.scope), self.state)


def scope_of(request: HttpRequest | Request, accounts: Iterable[str]) -> Scope:
    """What one may see of the accounts asked for."""
    return Scope.chosen(person(request).visible_accounts(), accounts)


def service_map(request: HttpRequest) -> HttpResponse:
    """The map or its table; all that is chosen on it is in the URL."""
    parameters = with_times(request)
    state = MapState.read(parameters)
    context: dict[str, Any] = {
        "state": state,
        "scope": scope_picker(parameters),
        "time": time_picker(parameters, None),
    }
    try:
        asked = Asked.of(request)
    except TimeError as error:
        context["problem"] = str(error)
        return render(request, "tracing/map.html", context, status=400)
    context["time"] = time_picker(parameters, asked.span)
    found = asked.shown()
    context |= _about(found, asked)
    if not found.whole.nodes:
        context |= _nothing(request, asked)
    elif state.view == "table":
        context |= tables.tables(found)
    else:
        context |= _drawn(found, asked)
    context["gaps"] = gaps(request, asked.span, asked.now)
    return render(request, "tracing/map.html", context)


def with_times(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters of a URL, with the times that the page begins with."""
    given = {name: list(map(str, many)) for name, many in request.GET.lists()}
    state = MapState.read(given)
    return given | {"since": [state.since], "until": [state.until]}


def _drawn(found: Shown, asked: Asked) -> dict[str, Any]:
    drawn = picture(found, found.state.selecting())
    before = order_of_lately(asked.span.since) if found.by is Grouping.NONE else {}
    places = laid_out(drawn, before)
    # What is not a name is written by us; names are escaped where they are written.
    return {
        "drawing": mark_safe(svg.drawing(drawn, places)),  # noqa: S308
        "minimap": mark_safe(svg.minimap(drawn, places)),  # noqa: S308
        "panel": panel(found) if found.state.select else None,
    }


def _about(found: Shown, asked: Asked) -> dict[str, Any]:
    state = found.state
    query = state.url_query()
    hits = found.found()
    groups = {
        node.key.name: len(found.grouped.members[node.key])
        for node in found.map.nodes
        if node.key in found.grouped.members
    }
    return {
        "shown": found,
        "map": found.map,
        "whole": found.whole,
        "problems": {one.name: one for one in found.problems},
        "find_count": None if hits is None else len(hits),
        "labels": [
            (one, name, state.url_query(label=one), one is state.label)
            for one, name in LABEL_NAMES.items()
        ],
        "label_name": LABEL_NAMES[state.label],
        "groupings": [
            (one, name, one is found.by) for one, name in GROUPING_NAMES.items()
        ],
        "by": found.by,
        "groups": groups,
        "opened": [
            (name, state.url_query(opened=tuple(o for o in state.opened if o != name)))
            for name in found.grouped.opened
        ],
        "focus": [node_id(key) for key in found.focus],
        "focus_name": found.focus[0].name if found.focus else state.focus,
        "unfocus_url": state.url_query(focus="", hops=1, direction=Direction.BOTH),
        "hops": range(1, MOST_HOPS + 1),
        "directions": [
            (Direction.BOTH, "both ways"),
            (Direction.UP, "to its callers"),
            (Direction.DOWN, "to what it calls"),
        ],
        "refreshes": [(one, _every(one)) for one in REFRESHES],
        "shapes": [(shape, name) for shape, name in SHAPE_NAMES.items()],
        "meanings": MEANINGS.items(),
        "show_all_url": state.url_query(hide="", focus="", select=""),
        "map_url": state.url_query(view="map"),
        "table_url": state.url_query(view="table"),
        "query": query,
        **_addresses(asked, query),
        "hidden": list(state.pairs(find="", hide="", select="")),
        "hidden_by": list(state.pairs(by=None, opened=(), select="")),
        "hidden_focus": list(state.pairs(hops=1, direction=Direction.BOTH)),
        "hidden_refresh": list(state.pairs(refresh=0)),
    }


def _addresses(asked: Asked, query: str) -> dict[str, str]:
    """Where the parts of the page, its files and its twins are."""
    return {
        "strip_url": reverse("map-strip") + query,
        "panel_url": reverse("map-panel"),
        "badges_url": reverse("map-badges") + query,
        "silent_url": reverse("map-silent") + query,
        "svg_url": reverse("map-svg") + query,
        "csv_url": reverse("map-csv") + query,
        "compare_url": _compare_url(asked),
        "api_url": reverse("api-map") + query,
    }


def _every(seconds: int) -> str:
    if not seconds:
        return "no refresh"
    return f"every {seconds} s" if seconds < 60 else f"every {seconds // 60} min"  # noqa: PLR2004


def _compare_url(asked: Asked) -> str:
    """The window against the one right before it."""
    span = asked.span
    times = {
        "a": rfc3339(span.since - span.length),
        "b": rfc3339(span.since),
        "minutes": str(max(1, int(span.length.total_seconds() // 60))),
    }
    return f"{reverse('map-comparison')}?{urlencode(times)}"


def _nothing(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """Why the map is empty, and where it is not."""
    visible = asked.scope.accounts
    rows = SeenNode.objects.all()
    if visible is not None:
        rows = rows.filter(account__in=visible)
    last = rows.order_by("-last_seen").values_list("last_seen", flat=True).first()
    if last is None:
        return {"empty": "ever"}
    until = rfc3339(last.replace(second=0, microsecond=0) + asked.span.length / 10)
    since = rfc3339(last.replace(second=0, microsecond=0) - asked.span.length)
    last_url = asked.state.url_query(since=since, until=until, select="")
    return {"empty": "now", "last": last, "last_url": last_url}


# --- Parts ------------------------------------------------------------------------


def _part(request: HttpRequest) -> Asked | HttpResponse:
    try:
        return Asked.of(request)
    except TimeError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")


def map_panel(request: HttpRequest) -> HttpResponse:
    """What is told of the chosen part."""
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    found = asked.shown()
    context = {"panel": panel(found), "state": asked.state, "shown": found}
    return render(request, "tracing/map_panel.html", context)


def map_strip(request: HttpRequest) -> HttpResponse:
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    made = strip(asked.state, asked.span, asked.now)
    return render(request, "tracing/map_strip.html", {"strip": made})


def map_badges(request: HttpRequest) -> HttpResponse:
    """Badges of nodes by id, as pieces of SVG; and what is known of sampling."""
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    found = asked.shown()
    more = extras(found.whole, asked.span, person(request))
    drawn = picture(found, lambda id_: "", more)
    spacing = laid_out(drawn).spacing
    return JsonResponse(
        {
            "badges": {
                node.id: "".join(badges(node, spacing))
                for node in drawn.nodes
                if node.signs
            },
            "sampled": {node.id: node.sampled for node in drawn.nodes if node.sampled},
        }
    )


def map_silent(request: HttpRequest) -> HttpResponse:
    """Services that send no traces."""
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    since, until = asked.span.since.timestamp(), asked.span.until.timestamp()
    whole = reading.read(since, until, asked.scope)
    found = silent_services(whole, asked.span, person(request))
    accounts = asked.scope.accounts
    some = [one for one in found if accounts is None or one.account in accounts]
    context = {"silent": some[:_SILENT], "count": len(some)}
    return render(request, "tracing/map_silent.html", context)


# --- Files ------------------------------------------------------------------------


def map_svg(request: HttpRequest) -> HttpResponse:
    """The map as a file that needs nothing else; `theme` is light or dark."""
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    found = asked.shown()
    state = replace(found.state, select="")
    origin = request.build_absolute_uri(reverse("service-map"))
    more = extras(found.whole, asked.span, person(request))
    href = state.selecting()
    drawn = picture(found, lambda id_: origin + href(id_), more)
    before = order_of_lately(asked.span.since) if found.by is Grouping.NONE else {}
    text = svg.drawing(drawn, laid_out(drawn, before))
    theme = "dark" if request.GET.get("theme") == "dark" else "light"
    answer = HttpResponse(
        exporting.self_contained(text, theme), content_type="image/svg+xml"
    )
    answer["Content-Disposition"] = 'attachment; filename="service-map.svg"'
    return answer


def map_csv(request: HttpRequest) -> HttpResponse:
    """Nodes, or edges with `part=edges`, a row each."""
    asked = _part(request)
    if isinstance(asked, HttpResponse):
        return asked
    part = "edges" if request.GET.get("part") == "edges" else "nodes"
    text = tables.csv_of(asked.shown(), part)
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="map-{part}.csv"'
    return answer
