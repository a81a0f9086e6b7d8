"""The maps of two windows of time as one: what is new, gone, worse, better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from apps.search.engines.base import Scope
from apps.search.parameters import is_count
from apps.search.pickers import scope_picker
from apps.search.timerange import (
    TimeError,
    TimeRange,
    is_relative,
    parse_time,
    rfc3339,
)
from apps.tracing.maps import reading, svg, wording
from apps.tracing.maps.differences import Difference, Differences, differences, union
from apps.tracing.maps.focusing import only
from apps.tracing.maps.gaps import gaps
from apps.tracing.maps.pages import scope_of
from apps.tracing.maps.picture import Change, Picture, edge_id, node_id
from apps.tracing.maps.servicemap import Figures, ServiceMap
from apps.tracing.maps.shown import Shown, laid_out, picture, shown
from apps.tracing.maps.state import MapState
from apps.tracing.spans.span import ServiceKey

MOST_MINUTES = 31 * 1_440
_DEFAULT_MINUTES = 60
_ROWS = 200
_QUICK = (
    ("Hour before", timedelta(hours=1)),
    ("Same time yesterday", timedelta(days=1)),
    ("Same time last week", timedelta(days=7)),
)
_WORDS = {
    Change.NEW: "new",
    Change.GONE: "gone",
    Change.WORSE: "worse",
    Change.BETTER: "better",
}


@dataclass(frozen=True, slots=True)
class Windows:
    """Two windows of the same length: `a` before, `b` after."""

    a: TimeRange
    b: TimeRange

    @classmethod
    def read(cls, parameters: Mapping[str, str], now: datetime) -> Windows:
        """From where both begin and how many minutes they last. Without, the last hour
        and the one before. Raises TimeError."""
        text = parameters.get("minutes", "")
        minutes = int(text) if is_count(text) else _DEFAULT_MINUTES
        length = timedelta(minutes=min(MOST_MINUTES, max(1, minutes)))
        b = parameters.get("b", "")
        after = parse_time(b, now) if b else now - length
        a = parameters.get("a", "")
        before = parse_time(a, now) if a else after - length
        if before == after:
            raise TimeError("Both windows are the same; choose another beginning.")
        return cls(TimeRange(before, before + length), TimeRange(after, after + length))

    @property
    def minutes(self) -> int:
        return int(self.a.length.total_seconds() // 60)

    def maps(self, scope: Scope) -> tuple[ServiceMap, ServiceMap]:
        one, other = (
            reading.read(span.since.timestamp(), span.until.timestamp(), scope)
            for span in (self.a, self.b)
        )
        return one, other


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of differences."""

    names: tuple[str, ...]
    is_async: bool
    change: str
    text: str
    before: str
    after: str
    url: str


def comparison(request: HttpRequest) -> HttpResponse:
    """Two windows on one map, and as a table."""
    now = timezone.now()
    parameters = dict(request.GET.lists())
    state = MapState.read(parameters)
    context: dict[str, Any] = {
        "state": state,
        "scope": scope_picker(parameters),
        "a": request.GET.get("a", ""),
        "b": request.GET.get("b", ""),
        "minutes": request.GET.get("minutes", str(_DEFAULT_MINUTES)),
    }
    try:
        windows = Windows.read(request.GET.dict(), now)
    except TimeError as error:
        context["problem"] = str(error)
        return render(request, "tracing/map_comparison.html", context, status=400)
    a, b = windows.maps(scope_of(request, state.accounts))
    context |= _about(request, windows)
    context["gaps"] = [
        gap for span in (windows.a, windows.b) for gap in gaps(request, span, now)
    ]
    if a.nodes or b.nodes:
        found = differences(a, b)
        context |= _compared(found, (a, b), state, wants_all="all" in request.GET)
    return render(request, "tracing/map_comparison.html", context)


def _about(request: HttpRequest, windows: Windows) -> dict[str, Any]:
    kept = {"minutes": str(windows.minutes)}
    b = request.GET.get("b", "")
    after = b if is_relative(b) and b else rfc3339(windows.b.since)
    quick = [
        (name, _url(kept | {"a": rfc3339(windows.b.since - back), "b": after}))
        for name, back in _QUICK
    ]
    length = windows.b.length
    at = windows.b.since
    around = kept | {"a": rfc3339(at - length), "b": rfc3339(at)}
    return {
        "windows": windows,
        "a": rfc3339(windows.a.since),
        "b": after,
        "minutes": windows.minutes,
        "quick": [*quick, ("Right before and after", _url(around))],
        "a_map": _map_url(windows.a),
        "b_map": _map_url(windows.b),
        "all_url": "?" + urlencode([*request.GET.items(), ("all", "1")]),
        "few_url": "?" + urlencode([o for o in request.GET.items() if o[0] != "all"]),
        "api_url": f"{reverse('api-map-diff')}?{urlencode(_for_api(windows))}",
        "swapped": _url(
            kept | {"a": rfc3339(windows.b.since), "b": rfc3339(windows.a.since)}
        ),
    }


def _for_api(windows: Windows) -> dict[str, str]:
    a, b = rfc3339(windows.a.since), rfc3339(windows.b.since)
    return {"a": a, "b": b, "minutes": str(windows.minutes)}


def _url(query: Mapping[str, str]) -> str:
    return "?" + urlencode(query)


def _map_url(span: TimeRange, **more: str) -> str:
    query = {"since": rfc3339(span.since), "until": rfc3339(span.until), **more}
    return f"{reverse('service-map')}?{urlencode(query)}"


def _compared(
    found: Differences,
    maps: tuple[ServiceMap, ServiceMap],
    state: MapState,
    *,
    wants_all: bool,
) -> dict[str, Any]:
    a, b = maps
    whole = union(a, b)
    changed = [
        one
        for one in (*found.edges, *found.nodes)
        if one.change is not Change.NONE or one.shifts
    ]
    changed.sort(key=lambda one: one.urgency)
    some = whole if wants_all else _around(whole, changed)
    drawn_of = shown(some, replace(state, since=state.since))
    drawn = marked(drawn_of, found)
    places = laid_out(drawn)
    return {
        "shown": drawn_of,
        "wants_all": wants_all,
        "counts": [(name, word, found.count(name)) for name, word in _WORDS.items()],
        "tests": found.tests,
        "rows": [_row(one, maps) for one in changed[:_ROWS]],
        "changed": len(changed),
        "nodes": len(whole.nodes),
        "drawing": mark_safe(svg.drawing(drawn, places)) if drawn.nodes else "",  # noqa: S308
        "minimap": mark_safe(svg.minimap(drawn, places)) if drawn.nodes else "",  # noqa: S308
    }


def _around(whole: ServiceMap, changed: list[Difference]) -> ServiceMap:
    """What changed, and the ends of edges that did; a small map is shown whole."""
    if len(whole.nodes) <= 40:  # noqa: PLR2004
        return whole
    kept: set[ServiceKey] = set()
    for one in changed:
        if isinstance(one.key, ServiceKey):
            kept.add(one.key)
        else:
            kept |= {one.key[0], one.key[1]}
    return only(whole, kept)


def marked(drawn_of: Shown, found: Differences) -> Picture:
    """The picture with what changed marked on it; labels of edges tell how."""
    by_id: dict[str, Difference] = {}
    for node in found.nodes:
        assert isinstance(node.key, ServiceKey)  # noqa: S101 - for the type checker
        by_id[node_id(node.key)] = node
    by_key = found.by_key
    for edge in drawn_of.map.edges:
        if edge.key in by_key:
            by_id[edge_id(edge)] = by_key[edge.key]
    drawn = picture(drawn_of, lambda id_: f"#{id_}")
    nodes = [
        replace(one, change=by_id[one.id].change, note=by_id[one.id].text)
        if one.id in by_id
        else one
        for one in drawn.nodes
    ]
    edges = [
        replace(
            one,
            change=by_id[one.id].change,
            label=_label(by_id[one.id]),
            title=f"{one.title}. {by_id[one.id].text}",
        )
        if one.id in by_id
        else one
        for one in drawn.edges
    ]
    return replace(drawn, nodes=nodes, edges=edges)


def _label(one: Difference) -> str:
    """What changed most, short; nothing where nothing did."""
    if one.change in (Change.NEW, Change.GONE):
        return _WORDS[one.change]
    telling = [shift for shift in one.shifts if shift.is_worse] or list(one.shifts)
    if one.change is Change.NONE or not telling:
        return ""
    return telling[0].short


def _row(one: Difference, maps: tuple[ServiceMap, ServiceMap]) -> Row:
    a, b = maps
    names: tuple[str, ...]
    if isinstance(one.key, ServiceKey):
        names, is_async, select = (one.key.name,), False, node_id(one.key)
    else:
        source, target, is_async = one.key
        names = (source.name, target.name)
        arrow = "~>" if is_async else "->"
        select = f"{node_id(source)} {arrow} {node_id(target)}"
    shown_in = a if one.after is None else b
    span = TimeRange(
        datetime.fromtimestamp(shown_in.since_s, tz=timezone.get_fixed_timezone(0)),
        datetime.fromtimestamp(shown_in.until_s, tz=timezone.get_fixed_timezone(0)),
    )
    change = _WORDS.get(one.change, "busier or quieter" if one.shifts else "")
    return Row(
        names,
        is_async,
        change,
        one.text,
        _numbers(one.before, a),
        _numbers(one.after, b),
        _map_url(span, select=select),
    )


def _numbers(figures: Figures | None, map_: ServiceMap) -> str:
    if figures is None:
        return "\u2013"
    rate = wording.rate(figures.calls, map_.until_s - map_.since_s)
    failed = (
        wording.share(figures.failures / figures.calls) if figures.calls else "\u2013"
    )
    slow = wording.milliseconds(figures.percentile_ms(0.95))
    return f"{rate} · {failed} fail · p95 {slow}"
