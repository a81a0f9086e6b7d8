"""The page of log queries, and its answer as a stream: progress, then the rows."""

import shlex
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.monitoring.kinds import LOGS
from apps.monitoring.languages import results
from apps.monitoring.languages.asking import (
    EXAMPLES,
    LABELS,
    PROBLEMS,
    Asked,
    LineProblem,
    inquiry_of,
    told,
)
from apps.monitoring.languages.insights import Answer
from apps.monitoring.languages.insights.values import text
from apps.monitoring.languages.running import GROUP, Inquiry, Language, Outcome
from apps.search import connections, store
from apps.search.engines.base import EngineUnavailable, QueryTooBroad, SearchRequest
from apps.search.explorestate import ExploreState
from apps.search.pickers import scope_picker, time_picker
from apps.search.shutdown import stopping
from apps.search.streams import in_thread
from apps.search.viewers import viewer_of

_GROUPS = 500
_PROGRESS_SECONDS = 0.2


def query_page(request: HttpRequest) -> HttpResponse:
    """The editor at once; the answer comes by the stream it names."""
    parameters = dict(request.GET.lists())
    asked = Asked.read(parameters)
    context: dict[str, Any] = {
        "asked": asked,
        "languages": [
            (one.value, LABELS[one], EXAMPLES[one], one is asked.language)
            for one in Language
        ],
        "groups": _groups(request, asked),
        "scope": scope_picker(parameters),
        "curl": _curl(request, asked),
    }
    span = None
    try:
        span = asked.state.request(LOGS, None, timezone.now(), 1).range
        inquiry = _inquiry(request, asked)
        if asked.is_asked and inquiry:
            context["stream"] = reverse("log-query-stream") + asked.url_query()
    except PROBLEMS as error:
        problem = context["problem"] = told(error, asked.query)
        context["state"] = {"q": _line_of(asked.query, problem)}
    context["time"] = time_picker(parameters, span)
    return render(request, "monitoring/log_query.html", context)


def _line_of(query: str, problem: LineProblem) -> str:
    """The line that the problem is about."""
    lines = query.splitlines() or [""]
    return lines[min(problem.line, len(lines) - 1)]


def _inquiry(request: HttpRequest, asked: Asked) -> Inquiry | None:
    """Raises what PROBLEMS names; None where nothing was asked yet."""
    if not asked.is_asked:
        return None
    visible = viewer_of(request).visible_accounts()
    return inquiry_of(asked, visible, timezone.now(), settings.LOG_QUERY_SECONDS)


def _groups(request: HttpRequest, asked: Asked) -> list[tuple[str, bool]]:
    """Log groups that have lines, chosen ones first, each with whether it is."""
    scope = ExploreState().scope(viewer_of(request).visible_accounts())
    question = SearchRequest(LOGS, timezone.now(), scope=scope, seconds=2.0)
    try:
        facet = store.reader().facets(question, [GROUP], _GROUPS).by_path[GROUP]
    except (EngineUnavailable, QueryTooBroad):
        return [(name, True) for name in asked.groups]
    found = sorted(name for name, _ in facet.values if name not in asked.groups)
    return [(name, True) for name in asked.groups] + [(name, False) for name in found]


def _curl(request: HttpRequest, asked: Asked) -> str:
    url = request.build_absolute_uri(reverse("api-log-query") + asked.url_query())
    return f'curl -H "Authorization: Bearer $TRAILMAP_TOKEN" {shlex.quote(url)}'


def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: `progress` while lines are looked at, then one `answer` or
    `problem`. A reader who goes away cancels."""
    asked = Asked.read(dict(request.GET.lists()))
    try:
        inquiry = _inquiry(request, asked)
    except PROBLEMS as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    if inquiry is None:
        return HttpResponse("No query.", status=400, content_type="text/plain")
    response = StreamingHttpResponse(
        _events(in_thread(_steps(inquiry, asked))), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    connections.release()
    return response


async def _events(found: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for one in found:
        yield one
        if stopping.is_set():
            return


def _steps(inquiry: Inquiry, asked: Asked) -> Iterator[bytes]:
    told_at = float("-inf")
    try:
        for progress in inquiry.steps(
            store.reader(), time.monotonic, settings.LOG_QUERY_SECONDS
        ):
            if time.monotonic() - told_at >= _PROGRESS_SECONDS:
                told_at = time.monotonic()
                yield _event("progress", results.statistics(progress))
    except (EngineUnavailable, QueryTooBroad) as error:
        yield _event("problem", {"text": str(error)})
        return
    if inquiry.outcome is not None:
        yield _event("answer", {"html": _answer(inquiry.outcome, asked)})


def _answer(outcome: Outcome, asked: Asked) -> str:
    rows = list(results.rows_of(outcome))
    shown = rows[: results.SHOWN]
    query = asked.url_query()
    context = {
        "columns": outcome.answer.columns,
        "rows": [(_cells(row, outcome.answer), row.get("@ptr", "")) for row in shown],
        "has_lines": bool(outcome.answer.ids),
        "total": len(rows),
        "hidden_rows": len(rows) - len(shown),
        "partial": outcome.partial,
        "progress": outcome.progress,
        "figure": results.figure_of(outcome),
        "csv": reverse("api-log-query") + query + "&as=csv",
        "ndjson": reverse("api-log-query") + query + "&as=ndjson",
        "explore": _explore(asked),
    }
    return render_to_string("monitoring/log_query_answer.html", context)


def _cells(row: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
    return [_cell(row[name], is_time=name in answer.times) for name in answer.columns]


def _cell(value: Any, *, is_time: bool) -> dict[str, Any]:
    if is_time and isinstance(value, str) and value.endswith("Z"):
        return {"moment": datetime.fromisoformat(value)}
    is_number = isinstance(value, int | float)
    return {"value": text(value), "is_number": is_number}


def _explore(asked: Asked) -> str:
    """Explore in the same time; a row's id is added to it."""
    return reverse("explore", args=["logs"]) + asked.state.url_query(q="", row="")


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n".encode()
