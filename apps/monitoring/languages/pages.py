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
from django.urls import reverse
from django.utils import timezone

from apps.discovery.models import User
from apps.discovery.permissions import person
from apps.monitoring.kinds import LOGS
from apps.monitoring.languages import results, runs
from apps.monitoring.languages.answering import Begun
from apps.monitoring.languages.answers import Seen, answer_html, offers_context
from apps.monitoring.languages.asking import (
    EXAMPLES,
    LABELS,
    PROBLEMS,
    Asked,
    LineProblem,
    inquiry_of,
    told,
)
from apps.monitoring.languages.grouppicker import choices
from apps.monitoring.languages.running import Inquiry, Language, Progress
from apps.monitoring.languages.runpages import SAVED_KIND, run_context
from apps.monitoring.models import LogQueryRun
from apps.search import connections, savedviews, store
from apps.search.engines.base import EngineUnavailable, QueryTooBroad
from apps.search.parameters import is_count
from apps.search.pickers import scope_picker, time_picker
from apps.search.shutdown import stopping
from apps.search.streams import in_thread

_PROGRESS_SECONDS = 0.2


def query_page(request: HttpRequest) -> HttpResponse:
    """The editor at once; the answer comes by the stream it names, or is that of a
    run that the URL names."""
    parameters = dict(request.GET.lists())
    asked = Asked.read(parameters)
    run = _run(request, asked, (parameters.pop("run", None) or [""])[-1])
    context: dict[str, Any] = {
        "asked": asked,
        "languages": [
            (one.value, LABELS[one], EXAMPLES[one], one is asked.language)
            for one in Language
        ],
        "groups": choices(person(request), asked.groups, ""),
        "scope": scope_picker(parameters),
        "curl": _curl(request, asked),
        "views": savedviews.views_for(request, SAVED_KIND),
    }
    span = None
    try:
        span = asked.state.request(LOGS, None, timezone.now(), 1).range
        if run is not None:
            context |= run_context(run, person(request))
        elif _inquiry(request, asked):
            context["stream"] = reverse("log-query-stream") + asked.url_query()
    except PROBLEMS as error:
        problem = context["problem"] = told(error, asked.query)
        context["state"] = {"q": _line_of(asked.query, problem)}
        if problem.is_foreign:
            seen = Seen(person(request), timezone.now())
            context |= offers_context(asked, seen)
    context["time"] = time_picker(parameters, span)
    return render(request, "monitoring/log_query.html", context)


def _run(request: HttpRequest, asked: Asked, number: str) -> LogQueryRun | None:
    """One's own run of this question."""
    if not is_count(number):
        return None
    me = person(request)
    run = runs.runs_of(me.pk).filter(pk=int(number), asked=asked.url_query()).first()
    if run is None or not runs.may_read(run, me.visible_accounts()):
        return None
    return run


def _line_of(query: str, problem: LineProblem) -> str:
    """The line that the problem is about."""
    lines = query.splitlines() or [""]
    return lines[min(problem.line, len(lines) - 1)]


def _inquiry(request: HttpRequest, asked: Asked) -> Inquiry | None:
    """Raises what PROBLEMS names; None where nothing was asked yet."""
    if not asked.is_asked:
        return None
    visible = person(request).visible_accounts()
    return inquiry_of(asked, visible, timezone.now(), settings.LOG_QUERY_SECONDS)


def _curl(request: HttpRequest, asked: Asked) -> str:
    url = request.build_absolute_uri(reverse("api-log-query") + asked.url_query())
    return f'curl -H "Authorization: Bearer $TRAILMAP_TOKEN" {shlex.quote(url)}'


def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: `progress` while lines are looked at, then one `answer`,
    `problem`, or `run` where it takes longer and goes on by itself. A reader who goes
    away before that cancels."""
    asked, owner, now = (
        Asked.read(dict(request.GET.lists())),
        person(request),
        timezone.now(),
    )
    try:
        inquiry = _inquiry(request, asked)
    except PROBLEMS as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    if inquiry is None:
        return HttpResponse("No query.", status=400, content_type="text/plain")
    found = in_thread(_Attempt(asked, owner, now).events(inquiry))
    response = StreamingHttpResponse(_events(found), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    connections.release()
    return response


async def _events(found: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for one in found:
        yield one
        if stopping.is_set():
            return


class _Attempt:
    """A question that is tried at once, and goes on as a run if that takes long."""

    def __init__(self, asked: Asked, owner: User, now: datetime) -> None:
        self._asked, self._owner, self._now = asked, owner, now

    def events(self, inquiry: Inquiry) -> Iterator[bytes]:
        seconds = settings.LOG_QUERY_RUN_SECONDS
        steps = inquiry.steps(store.reader(), time.monotonic, seconds)
        try:
            yield from self._progress(steps)
        except (EngineUnavailable, QueryTooBroad) as error:
            yield _event("problem", {"text": str(error)})
            return
        if inquiry.outcome is None:
            yield self._going_on(Begun(inquiry, steps))
            return
        run = runs.new_run(self._asked, self._owner, self._now)
        runs.note_answered(run, inquiry.outcome, timezone.now())
        seen = Seen(self._owner, self._now)
        html = answer_html(inquiry.outcome, self._asked, seen)
        yield _event("answer", {"html": html})

    def _progress(self, steps: Iterator[Progress]) -> Iterator[bytes]:
        begun, told_at = time.monotonic(), float("-inf")
        for progress in steps:
            if time.monotonic() - begun >= settings.LOG_QUERY_QUICK_SECONDS:
                return
            if time.monotonic() - told_at >= _PROGRESS_SECONDS:
                told_at = time.monotonic()
                yield _event("progress", results.statistics(progress))

    def _going_on(self, begun: Begun) -> bytes:
        try:
            run = runs.go_on(self._asked, self._owner, self._now, begun)
        except runs.TooManyRuns as error:
            return _event("problem", {"text": str(error)})
        url = reverse("log-query-run", args=[run.pk])
        return _event("run", {"id": run.pk, "url": url})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n".encode()
