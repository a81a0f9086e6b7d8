"""A trace through the logs: every line that carries its id."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery import traceids
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import tracelines
from apps.monitoring.logs.tracelines import TraceLines
from apps.search import store
from apps.search.engines.base import SearchRequest
from apps.search.explorestate import ExploreState, Filter, exact_clause
from apps.search.rendering import Verbatim
from apps.search.results import PROBLEMS, document_row, problem_of
from apps.search.syntax import Equals
from apps.search.timerange import from_milliseconds, rfc3339
from apps.search.viewers import viewer_of

_FIELD = "@traceId"
_COLUMNS = ("@level", "@message")
_WIDTH, _LANE_HEIGHT = 1_000, 16


def trace(request: HttpRequest, trace_id: str) -> HttpResponse:
    """The lines of one trace; other ways to write its id lead to the one of X-Ray."""
    known = traceids.normal(trace_id)
    if known is None:
        raise Http404("A trace id is 1-8 digits-24 digits, or 32 digits.")
    if known != trace_id:
        query = request.META.get("QUERY_STRING", "")
        path = reverse("log-trace", args=[known])
        return redirect(f"{path}?{query}" if query else path)
    state = ExploreState.read(dict(request.GET.lists()))
    context: dict[str, Any] = {
        "kind": LOGS,
        "state": state,
        "trace_id": known,
        "begun": traceids.begun(known),
    }
    try:
        found = tracelines.read(store.reader(), _asked(request, known))
        context |= _shown(found, known)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    return render(request, "monitoring/trace.html", context)


def _asked(request: HttpRequest | Request, trace_id: str) -> SearchRequest:
    scope = ExploreState().scope(viewer_of(request).visible_accounts())
    return SearchRequest(
        LOGS,
        timezone.now(),
        query=Equals(_FIELD, trace_id),
        scope=scope,
        seconds=settings.SEARCH_SECONDS,
    )


def _shown(found: TraceLines, trace_id: str) -> dict[str, Any]:
    if not found.lines:
        return {"found": found}
    first, last = found.lines[0].hit, found.lines[-1].hit
    around = ExploreState(
        filters=(Filter(exact_clause(LOGS, _FIELD, trace_id)),),
        since=rfc3339(from_milliseconds(first.time_ms)),
        until=rfc3339(from_milliseconds(last.time_ms + 1_000)),
    )
    return {
        "found": found,
        "failures": sum(line.is_failure for line in found.lines),
        "began": from_milliseconds(first.time_ms),
        "rows": [
            {
                **document_row(LOGS, line.hit, _COLUMNS),
                "offset_ms": line.offset_ms,
                "lane": found.lanes[line.lane],
                "lane_class": f"lane-{line.lane % 6 + 1}",
            }
            for line in found.lines
        ],
        "lanes": _lanes(found),
        "drawing": {"width": _WIDTH, "height": _LANE_HEIGHT},
        "explore_url": reverse("explore", args=[LOGS.name]) + around.url_query(),
        "console_url": traceids.console_url(trace_id, first.region),
    }


def _lanes(found: TraceLines) -> list[dict[str, Any]]:
    """Every group with the places of its lines on a common axis of time."""
    length = max(1, found.length_ms)
    lanes: list[dict[str, Any]] = [
        {"lane": lane, "class": f"lane-{at % 6 + 1}", "marks": []}
        for at, lane in enumerate(found.lanes)
    ]
    for line in found.lines:
        mark = {
            "x": 4 + round((_WIDTH - 8) * line.offset_ms / length),
            "failed": line.is_failure,
        }
        marks = lanes[line.lane]["marks"]
        if mark not in marks[-3:]:
            marks.append(mark)
    return lanes


class TraceLinesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="Every log line that carries a trace id, in time order",
    )
    def get(self, request: Request, trace_id: str) -> Response:
        known = traceids.normal(trace_id)
        if known is None:
            text = "1-8 digits-24 digits, or 32 digits."
            raise ValidationError({"trace_id": text})
        found = tracelines.read(store.reader(), _asked(request, known))
        if not found.lines and found.partial is None:
            raise NotFound(f"No line that you may see carries the trace {known}.")
        return Response(
            {
                "trace_id": known,
                "length_ms": found.length_ms,
                "more": found.more,
                "items": [_item(line) for line in found.lines],
                **({"partial": found.partial} if found.partial else {}),
            }
        )


def _item(line: tracelines.TraceLine) -> dict[str, Any]:
    return {
        "id": line.hit.id,
        "time": rfc3339(from_milliseconds(line.hit.time_ms)),
        "offset_ms": line.offset_ms,
        "account": line.hit.account,
        "region": line.hit.region,
        "is_failure": line.is_failure,
        "derived": Verbatim(line.hit.derived),
        "record": Verbatim(line.hit.raw),
    }
