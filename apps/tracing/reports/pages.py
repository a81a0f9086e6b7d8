"""The reports on talkative services and on caches, as pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.discovery.cachehooks import CacheRate, CacheSource
from apps.search.pickers import scope_picker, time_picker
from apps.search.timerange import TimeError, rfc3339
from apps.search.viewers import viewer_of
from apps.tracing.reports import wording
from apps.tracing.reports.caching import KEEPING_SECONDS, Candidate, candidates
from apps.tracing.reports.chattiness import EdgeTalk, Finding, Habit, chattiness
from apps.tracing.reports.questions import ReportQuestion, with_times
from apps.tracing.reports.sampling import sample
from apps.tracing.traces.durations import shown

_MOST_FINDINGS = 100
_MOST_EDGES = 100
_MIDDLE = len(KEEPING_SECONDS) // 2


def chattiness_page(request: HttpRequest) -> HttpResponse:
    context = _frame(request)
    if "problem" not in context:
        question: ReportQuestion = context["question"]
        found = sample(question.span, question.accounts)
        report = chattiness(found.traces())
        findings = [one for one in report.findings if question.wants_finding(one)]
        edges = [one for one in report.edges if question.wants(one.source, one.target)]
        context |= {
            "report": report,
            "total": found.total,
            "findings": [_finding(one, question) for one in findings[:_MOST_FINDINGS]],
            "hidden": max(0, len(findings) - _MOST_FINDINGS),
            "edges": [_edge(one, question) for one in edges[:_MOST_EDGES]],
            "habits": _habits(request, question),
        }
    return render(request, "tracing/chattiness.html", context)


def caches_page(request: HttpRequest) -> HttpResponse:
    context = _frame(request)
    if "problem" not in context:
        question: ReportQuestion = context["question"]
        found = sample(question.span, question.accounts)
        judged = candidates(found.traces())
        wanted = [one for one in judged if question.wants(one.source, one.target)]
        viewer = viewer_of(request)
        rates = [one for read in cache_sources() for one in read(question.span, viewer)]
        context |= {
            "total": found.total,
            "candidates": [_candidate(one) for one in wanted[:_MOST_FINDINGS]],
            "keeping": [shown(1_000.0 * seconds) for seconds in KEEPING_SECONDS],
            "rates": [_rate(one, question) for one in rates],
        }
    return render(request, "tracing/caches.html", context)


def cache_sources() -> list[CacheSource]:
    return [import_string(path) for path in settings.CACHE_RATES]


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What a page shows whether or not its question can be read."""
    given = {name: list(map(str, many)) for name, many in request.GET.lists()}
    parameters = with_times(given)
    context: dict[str, Any] = {
        "scope": scope_picker(parameters),
        "time": time_picker(parameters, None),
        "sees_all": viewer_of(request).visible_accounts() is None,
    }
    try:
        question = ReportQuestion.read(
            given, viewer_of(request).visible_accounts(), timezone.now()
        )
    except TimeError as error:
        return context | {"problem": str(error)}
    return context | {
        "question": question,
        "range": question.span,
        "time": time_picker(parameters, question.span),
        "without_parts": _without(request, "source", "target", "habit"),
    }


def _without(request: HttpRequest, *names: str) -> str:
    left = request.GET.copy()
    for name in names:
        left.pop(name, None)
    return f"?{left.urlencode()}"


def _habits(
    request: HttpRequest, question: ReportQuestion
) -> list[tuple[str, str, bool]]:
    """Title, URL and whether it is chosen, of each habit and of all."""
    choices = [("", "All", question.habit is None)]
    choices += [
        (one.value, wording.TITLES[one], question.habit is one) for one in Habit
    ]
    links = []
    for value, title, is_chosen in choices:
        changed = request.GET.copy()
        changed["habit"] = value
        links.append((title, f"?{changed.urlencode()}", is_chosen))
    return links


def _finding(finding: Finding, question: ReportQuestion) -> dict[str, Any]:
    return {
        "finding": finding,
        "title": wording.TITLES[finding.habit],
        "sentence": wording.sentence(finding),
        "advice": wording.ADVICE[finding.habit],
        "saved": shown(finding.saved_each_ms),
        "share": 100 * finding.share_saved,
        "request_share": 100 * finding.requests / max(1, finding.all_requests),
        "traces_url": _traces_url(question, finding.source.name),
        "map_url": _map_url(question, finding.source.name),
        "examples": [
            {
                "url": _span_url(one.trace_id, one.span_id),
                "trace_id": one.trace_id,
                "calls": one.calls,
                "arithmetic": wording.arithmetic(one),
            }
            for one in finding.examples
        ],
    }


def _edge(edge: EdgeTalk, question: ReportQuestion) -> dict[str, Any]:
    return {
        "edge": edge,
        "p95": edge.percentile(0.95),
        "most": max(edge.by_count),
        "share": 100 * edge.requests / max(1, edge.all_requests),
        "map_url": _map_url(question, edge.source.name),
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "candidate": one,
        "mean": shown(one.mean_ms),
        "choices": [
            {
                "rate": 100 * one.hit_rate(at),
                "saved": shown(one.saved_us[at] / 1_000),
                "hits": one.hits[at],
            }
            for at in range(len(KEEPING_SECONDS))
        ],
        "arithmetic": (
            f"{one.hits[_MIDDLE]:,} of {one.calls:,} calls came within "
            f"{KEEPING_SECONDS[_MIDDLE]} s of one that had been let through; they took "
            f"{shown(one.saved_us[_MIDDLE] / 1_000)}"
        ),
        "examples": [_span_url(*example) for example in one.examples],
    }


def _rate(one: CacheRate, question: ReportQuestion) -> dict[str, Any]:
    seconds = question.span.length.total_seconds()
    return {
        "rate": one,
        "percent": None if one.hit_rate is None else 100 * one.hit_rate,
        "saved_a_minute": 60 * one.hits / seconds,
        "missed_a_minute": 60 * one.misses / seconds,
        "map_url": _map_url(question, one.name),
    }


def _span_url(trace_id: str, span_id: str) -> str:
    return f"{reverse('trace', args=[trace_id])}?{urlencode({'span': span_id})}"


def _times(question: ReportQuestion) -> dict[str, str]:
    return {
        "since": rfc3339(question.span.since),
        "until": rfc3339(question.span.until),
    }


def _traces_url(question: ReportQuestion, name: str) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    asked = {**_times(question), "filter": f'service("{quoted}")', "language": "xray"}
    return f"{reverse('traces')}?{urlencode(asked)}"


def _map_url(question: ReportQuestion, name: str) -> str:
    asked = {**_times(question), "focus": name, "hops": "1"}
    return f"{reverse('service-map')}?{urlencode(asked)}"
