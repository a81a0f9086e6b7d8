"""The page of traces: search, latencies, and where some differ from the rest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.search import charts, store
from apps.search.engines.base import EngineUnavailable, QueryTooBroad
from apps.search.pickers import pairs, scope_picker, time_picker
from apps.search.results import Problem, problem_of
from apps.search.syntax import QuerySyntaxError
from apps.search.timerange import TimeError, TimeRange, rfc3339
from apps.search.viewers import viewer_of
from apps.tracing.models import Trace
from apps.tracing.traces import arranging, comparing, completing, latencychart, listing
from apps.tracing.traces.distribution import distribution, outliers_above
from apps.tracing.traces.durations import shown
from apps.tracing.traces.filters.syntax import FilterError
from apps.tracing.traces.listing import Answer, ListedTrace, Question
from apps.tracing.traces.overtime import COLOURS, ending, over_time
from apps.tracing.traces.questions import (
    InvalidTraceQuestion,
    TraceOrder,
    TraceQuestion,
    Versus,
)

ROWS = 50
PROBLEMS = (
    FilterError,
    InvalidTraceQuestion,
    QuerySyntaxError,
    TimeError,
    QueryTooBroad,
    EngineUnavailable,
)
_ORDERS = (
    (TraceOrder.NEWEST, "newest first"),
    (TraceOrder.SLOWEST, "slowest first"),
    (TraceOrder.MOST_SPANS, "most spans first"),
)
_EXAMPLES = (
    ("Requests that failed", "fault"),
    ("Slower than 2 seconds", "responsetime > 2"),
    ("A fault anywhere inside", "service() { fault }"),
    ("Calls that failed", 'edge("checkout", "payments") { fault }'),
    ("Blame: where faults began", 'rootcause.fault.service { last name = "orders" }'),
)


def question_of(request: HttpRequest) -> Question:
    """Raises FilterError, QuerySyntaxError, TimeError."""
    asked = TraceQuestion.read(dict(request.GET.lists()))
    return listing.question(
        asked, viewer_of(request).visible_accounts(), timezone.now()
    )


def traces(request: HttpRequest) -> HttpResponse:
    asked = TraceQuestion.read(dict(request.GET.lists()))
    context = _frame(request, asked)
    span = None
    try:
        question = question_of(request)
        span = question.range
        context |= _results(question)
    except PROBLEMS as error:
        context["problem"] = _problem(error, asked)
    parameters = {
        **dict(request.GET.lists()),
        "since": [asked.since],
        "until": [asked.until],
    }
    context["time"] = time_picker(parameters, span)
    return render(request, "tracing/traces.html", context)


def _frame(request: HttpRequest, asked: TraceQuestion) -> dict[str, Any]:
    """What the page shows whether or not the question can be answered."""
    parameters = dict(request.GET.lists())
    mine = "filter" if asked.is_xray else "q"
    return {
        "state": asked,
        "box": {
            "name": mine,
            "text": asked.filter if asked.is_xray else asked.q,
            "other_name": "q" if asked.is_xray else "filter",
            "other": asked.q if asked.is_xray else asked.filter,
            "hidden": pairs(parameters, without=(mine, "after")),
        },
        "scope": scope_picker(parameters),
        "orders": _ORDERS,
        "examples": _EXAMPLES,
        "sees_all": viewer_of(request).visible_accounts() is None,
        "here": request.get_full_path(),
    }


def _problem(error: Exception, asked: TraceQuestion) -> dict[str, Any]:
    if isinstance(error, FilterError):
        found = Problem(
            "The filter expression cannot be read", str(error), error.position
        )
        return {"said": found, "text": asked.filter, "is_filter": True}
    if isinstance(error, InvalidTraceQuestion):
        return {"said": Problem("The page's address cannot be read", str(error))}
    return {"said": problem_of(error), "text": asked.q, "is_filter": False}


def _results(question: Question) -> dict[str, Any]:
    bounds = question.asked.bounds()
    answer = listing.answer(question)
    chosen = brushed(answer.traces, bounds)
    page = arranging.page(chosen, question.asked.order, ROWS, question.asked.after)
    context: dict[str, Any] = {
        "range": question.range,
        "answer": answer,
        "chosen": len(chosen),
        "failed": sum(one.has_failure for one in chosen),
        "page": page,
        "rows": rows(page.traces, answer.traces),
        "go_on": _go_on(question, answer),
    }
    if answer.traces:
        context |= _charts(question, answer, bounds)
    elif not answer.partial:
        context["elsewhere"] = _elsewhere(question)
    return context


def brushed(
    traces: Sequence[ListedTrace], bounds: tuple[float, float]
) -> list[ListedTrace]:
    lower, upper = bounds
    return [one for one in traces if lower <= one.response_ms <= upper]


def _charts(
    question: Question, answer: Answer, bounds: tuple[float, float]
) -> dict[str, Any]:
    latencies = [(one.response_ms, one.has_failure) for one in answer.traces]
    spread = distribution(latencies)
    in_time = over_time(brushed(answer.traces, bounds), question.range)
    is_brushed = question.asked.is_brushed
    return {
        "latency": latencychart.drawn(spread, bounds if is_brushed else None)
        if spread
        else None,
        "histogram": in_time,
        "figure": charts.histogram_figure(in_time, "", COLOURS, height=124),
        "series": charts.series_names(in_time, ""),
        "histogram_rows": charts.histogram_rows(in_time),
        "brush": _brush(bounds) if is_brushed else "",
    }


def _brush(bounds: tuple[float, float]) -> str:
    lower, upper = bounds
    if math.isinf(upper):
        return f"{shown(lower)} and longer"
    return f"up to {shown(upper)}" if not lower else f"{shown(lower)} to {shown(upper)}"


def _go_on(question: Question, answer: Answer) -> str:
    """The same question about what was not looked at."""
    if answer.go_on is None:
        return ""
    until = rfc3339(answer.go_on + timedelta(milliseconds=1))
    since = rfc3339(question.range.since)
    return question.asked.url_query(since=since, until=until)


def rows(
    shown_traces: Sequence[ListedTrace], among: Sequence[ListedTrace]
) -> list[dict[str, Any]]:
    """Rows of the table; bars are as long as the slowest of the page, and who is out
    of the ordinary is so among requests of its like."""
    longest = max((one.response_ms for one in shown_traces), default=0.0)
    likes: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in among:
        likes[one.root_service, one.request].append(one.response_ms)
    limits = {
        like: outliers_above(likes[like])
        for like in {(one.root_service, one.request) for one in shown_traces}
    }
    return [
        {
            "trace": one,
            "ending": ending(one),
            "bar": 100 * one.response_ms / longest if longest else 0.0,
            "response": shown(one.response_ms),
            "whole": shown(one.duration_ms),
            "goes_on": one.duration_ms > one.response_ms * 1.05 + 1,
            "is_outlier": one.response_ms > limits[one.root_service, one.request],
        }
        for one in shown_traces
    ]


def _elsewhere(question: Question) -> dict[str, Any]:
    """Where in time there are traces, for an answer that is empty."""
    seen = Trace.objects.all()
    if question.scope.accounts is not None:
        seen = listing.of_accounts(seen, question.scope.accounts)
    last = seen.order_by("-started_at").values_list("started_at", flat=True).first()
    if last is None:
        return {}
    around = TimeRange(last - timedelta(hours=1), last + timedelta(seconds=1))
    return {
        "count": seen.count(),
        "last": last,
        "here": question.range.since <= last < question.range.until,
        "url": question.asked.url_query(
            since=rfc3339(around.since), until=rfc3339(around.until)
        ),
    }


def breakdown(request: HttpRequest) -> HttpResponse:
    """Where the traces of one side differ, as a part of the page."""
    asked = TraceQuestion.read(dict(request.GET.lists()))
    try:
        question = question_of(request)
        compared = comparing.compared(question)
    except PROBLEMS as error:
        return render(request, "search/facet_problem.html", {"text": str(error)})
    context = {
        "state": asked,
        "compared": compared,
        "choices": [
            (Versus.SLOW, "the slowest 5 %"),
            (Versus.FAILED, "those that failed"),
            *([(Versus.BRUSHED, "those brushed")] if asked.is_brushed else []),
        ],
        "here": reverse("traces"),
    }
    return render(request, "tracing/breakdown.html", context)


def complete(request: HttpRequest) -> JsonResponse:
    """Completions at a cursor of a filter expression."""
    text = request.GET.get("text", "")[:4_000]
    at = request.GET.get("at", "")
    cursor = int(at) if at.isdecimal() and len(at) < len("10000") else len(text)
    asked = TraceQuestion.read(dict(request.GET.lists()))
    scope = listing.scope_of(asked, viewer_of(request).visible_accounts())
    found = completing.completions(
        text[: min(cursor, len(text))], store.reader(), scope, timezone.now()
    )
    return JsonResponse(
        {
            "start": found[0].start if found else cursor,
            "completions": [
                {"label": one.label, "insert": one.insert, "note": one.note}
                for one in found
            ],
        }
    )
