"""The page of one trace: its spans over time, and what is told of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from apps.discovery import traceids
from apps.search.engines.base import EngineUnavailable
from apps.search.explorestate import ExploreState
from apps.search.language import quoted
from apps.search.parameters import is_count
from apps.search.timerange import from_milliseconds, rfc3339
from apps.tracing.traces import drawnrows, seen, spanlogs
from apps.tracing.traces.rootcauses import blamed
from apps.tracing.traces.spanlogs import SpanLogs
from apps.tracing.traces.tracemap import trace_map
from apps.tracing.traces.waterfall import (
    Waterfall,
    found_in,
    parents_of_row,
    unfolded,
)

TO_BLAME = "cause"
"""Stands in URLs for the span that is to blame for how a trace went."""
WINDOW = 100
ROW_HEIGHT = 26
_MOST_CLOSED = 500
_MOST_FOUND = 1_000
_MINIMAP_HEIGHT = 56
_LONGEST_FIND = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What the URL says of how a trace is looked at. `at`: the row in sight."""

    closed: tuple[str, ...] = ()
    depth: int | None = None
    find: str = ""
    logs: bool = False
    at: str = ""
    span: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Look:
        depth = parameters.get("depth", "")
        return cls(
            tuple(one for one in parameters.get("closed", "").split(".") if one)[
                :_MOST_CLOSED
            ],
            min(int(depth), 1_000) if is_count(depth) else None,
            parameters.get("find", "").strip()[:_LONGEST_FIND],
            parameters.get("logs") == "1",
            parameters.get("at", "")[:60],
            parameters.get("span", "")[:60],
        )

    def url_query(self, **changes: object) -> str:
        look = replace(self, **changes)  # type: ignore[arg-type]
        named = (
            ("closed", ".".join(look.closed)),
            ("depth", "" if look.depth is None else str(look.depth)),
            ("find", look.find),
            ("logs", "1" if look.logs else ""),
            ("span", look.span),
        )
        return "?" + urlencode([(name, value) for name, value in named if value])


def trace(request: HttpRequest, trace_id: str) -> HttpResponse:
    """The spans of one trace; other ways to write its id lead to the one of X-Ray."""
    known = seen.known_id(trace_id)
    if known != trace_id:
        query = request.META.get("QUERY_STRING", "")
        path = reverse("trace", args=[known])
        return redirect(f"{path}?{query}" if query else path)
    found = seen.seen_waterfall(known, seen.scope_of(request))
    context: dict[str, Any] = {
        "trace_id": known,
        "w3c": known.replace("-", "")[1:],
        "begun": traceids.begun(known),
    }
    if found is None:
        told_us = round(traceids.begun(known).timestamp() * 1_000_000)
        context["around"] = _around(told_us - 60_000_000, told_us + 60_000_000)
        return render(request, "tracing/trace_missing.html", context, status=404)
    look = _blaming(found, Look.read(request.GET.dict()))
    context |= _summary(found) | rows_context(request, found, look)
    return render(request, "tracing/trace.html", context)


def _blaming(found: Waterfall, look: Look) -> Look:
    """The look with the span chosen that is to blame, where that is asked for."""
    if look.span != TO_BLAME:
        return look
    shown = {row.key for row in found.rows}
    key = next((one for one in blamed(found.tree) if one in shown), "")
    return replace(look, span=key, at=key)


def _around(begin_us: int, end_us: int) -> str:
    """The whole minutes in which a trace lies, for pages about a time."""
    minute = 60_000
    since = begin_us // 1_000 // minute * minute
    until = (end_us // 1_000 // minute + 1) * minute
    return urlencode(
        {
            "since": rfc3339(from_milliseconds(since)),
            "until": rfc3339(from_milliseconds(until)),
        }
    )


def _summary(found: Waterfall) -> dict[str, Any]:
    root = found.tree.root
    explore = ExploreState(
        q=f"trace_id:{quoted(root.trace_id)}",
        since=rfc3339(from_milliseconds(found.begin_us // 1_000)),
        until=rfc3339(from_milliseconds(found.end_us // 1_000 + 1_000)),
    )
    failed = [row for row in found.rows if row.has_failed]
    return {
        "root": root,
        "around": _around(found.begin_us, found.end_us),
        "heading": root.operation or root.name,
        "begin": from_milliseconds(found.begin_us // 1_000),
        "found": found,
        "spans": sum(row.span is not None for row in found.rows),
        "failed": len(failed),
        "first_failed": _deepest(failed),
        "lost": sum(row.span is None and row.missing != "hidden" for row in found.rows),
        "in_progress": sum(
            row.span is not None and row.span.is_in_progress for row in found.rows
        ),
        "explore_url": reverse("explore", args=["spans"]) + explore.url_query(),
        "corrected": [
            (service.name, shift) for service, shift in found.clocks.corrected.items()
        ],
        "lanes": drawnrows.lanes(found, _MINIMAP_HEIGHT),
        "minimap_height": _MINIMAP_HEIGHT,
        "totals": _totals(found),
    }


def _totals(found: Waterfall) -> list[dict[str, Any]]:
    answered_us = max(found.tree.root.duration_us, 1)
    return [
        {
            "total": one,
            "colour": one.at % drawnrows.COLOURS + 1,
            "share": 100 * one.critical_us / answered_us,
        }
        for one in found.services
    ]


def _deepest(failed: list[Any]) -> str:
    """The key of the row where a failure began."""
    return max(failed, key=lambda row: row.depth).key if failed else ""


def rows_context(request: HttpRequest, found: Waterfall, look: Look) -> dict[str, Any]:
    """The rows of a page: those in sight whole, the others as places to load."""
    look = _opened(found, look)
    places = unfolded(found.rows, frozenset(look.closed), look.depth)
    matches = found_in(found.rows, look.find) if look.find else []
    context = {
        "look": look,
        "chunks": _chunks(found, places, look),
        "row_height": ROW_HEIGHT,
        "ticks": drawnrows.ticks(found),
        "found_places": frozenset(matches),
        "found_count": len(matches),
        "found_keys": ".".join(found.rows[at].key for at in matches[:_MOST_FOUND]),
        "shown_rows": len(places),
        "all_rows": len(found.rows),
        "trace_id": found.tree.root.trace_id,
        "is_closed": bool(look.closed) or look.depth is not None,
    }
    if look.logs:
        context |= _logs(request, found)
    return context


def _opened(found: Waterfall, look: Look) -> Look:
    """The look with everything open that hides the row in sight."""
    if not look.at:
        return look
    place = next((at for at, row in enumerate(found.rows) if row.key == look.at), None)
    if place is None:
        return look
    above = parents_of_row(found.rows, place)
    closed = tuple(key for key in look.closed if key not in above)
    depth = look.depth
    if depth is not None and found.rows[place].depth > depth:
        depth = None
    return replace(look, closed=closed, depth=depth)


def _chunks(found: Waterfall, places: list[int], look: Look) -> list[dict[str, Any]]:
    shown = frozenset(places)
    chunks = []
    for begin in range(0, len(places), WINDOW):
        mine = places[begin : begin + WINDOW]
        in_sight = begin < WINDOW or any(
            found.rows[at].key in (look.at, look.span) for at in mine
        )
        rows = drawnrows.drawn_rows(found, mine, shown) if in_sight else None
        height = ROW_HEIGHT * len(mine)
        chunks.append(
            {"rows": rows, "begin": begin, "height": height, "count": len(mine)}
        )
    return chunks


def _logs(request: HttpRequest, found: Waterfall) -> dict[str, Any]:
    try:
        logs: SpanLogs = spanlogs.logs_of(
            found, seen.scope_of(request), timezone.now(), settings.SEARCH_SECONDS
        )
    except EngineUnavailable as error:
        return {"logs_problem": str(error)}
    return {"logs": logs, "lines": logs.by_span}


def rows(request: HttpRequest, trace_id: str) -> HttpResponse:
    """The list of rows anew, or, with `begin`, one window of it."""
    found = _found(request, trace_id)
    look = Look.read(request.GET.dict())
    begin = request.GET.get("begin", "")
    if not is_count(begin):
        context = rows_context(request, found, look)
        return render(request, "tracing/waterfall.html", context)
    places = unfolded(found.rows, frozenset(look.closed), look.depth)
    mine = places[int(begin) : int(begin) + WINDOW]
    context = {
        "look": look,
        "rows": drawnrows.drawn_rows(found, mine, frozenset(places)),
        "found_places": frozenset(found_in(found.rows, look.find) if look.find else ()),
        "trace_id": found.tree.root.trace_id,
        "row_height": ROW_HEIGHT,
    }
    if look.logs:
        context |= _logs(request, found)
    return render(request, "tracing/waterfall_rows.html", context)


def _found(request: HttpRequest, trace_id: str) -> Waterfall:
    found = seen.seen_waterfall(seen.known_id(trace_id), seen.scope_of(request))
    if found is None:
        raise Http404(f"There is no trace {trace_id}, or nothing of it you may see.")
    return found


def trace_map_part(request: HttpRequest, trace_id: str) -> HttpResponse:
    """The service map of this trace alone; its nodes lead to the map of its time."""
    found = seen.seen_trace(seen.known_id(trace_id), seen.scope_of(request))
    if found is None:
        raise Http404(f"There is no trace {trace_id}, or nothing of it you may see.")
    begin_us = min(span.start_us for span in found.spans)
    end_us = max(span.end_us or span.start_us for span in found.spans)
    page, around = reverse("service-map"), _around(begin_us, end_us)

    def href(part: str) -> str:
        return f"{page}?{around}&{urlencode({'select': part})}"

    # What is not a name is written by us; names are escaped where they are written.
    drawing = mark_safe(trace_map(found.spans, href))  # noqa: S308
    return render(request, "tracing/trace_map.html", {"drawing": drawing})
