"""Pieces of the page of log queries: a run on its way, history, groups, views."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.discovery.models import User
from apps.discovery.permissions import person
from apps.monitoring.languages import runs
from apps.monitoring.languages.answers import Seen, run_html
from apps.monitoring.languages.asking import LABELS, MOST_GROUPS
from apps.monitoring.languages.grouppicker import choices
from apps.monitoring.languages.passing.prices import money
from apps.monitoring.languages.running import Language
from apps.monitoring.models import LogQueryRun
from apps.search import savedviews
from apps.search.parameters import is_count

SAVED_KIND = "log-query"
_HISTORY = 30


def run_context(run: LogQueryRun, viewer: User) -> dict[str, Any]:
    """A run with what it found."""
    has_answer = run.version > 0 or run.state == LogQueryRun.State.DONE
    seen = Seen(viewer, timezone.now())
    return {**_progress(run), "answer": run_html(run, seen) if has_answer else ""}


def _progress(run: LogQueryRun) -> dict[str, Any]:
    return {"run": run, "price": None if run.dollars is None else money(run.dollars)}


def run_part(request: HttpRequest, run_id: int) -> HttpResponse:
    """How far a run is; with what it found where that is not what was `seen`."""
    return _part(request, _own(request, run_id))


def _part(request: HttpRequest, run: LogQueryRun) -> HttpResponse:
    seen = request.GET.get("seen", "")
    is_new = not is_count(seen) or int(seen) != run.version or run.is_over
    context = run_context(run, person(request)) if is_new else _progress(run)
    shown = {**context, "is_part": True}
    return render(request, "monitoring/log_query_run.html", shown)


def _own(request: HttpRequest, run_id: int) -> LogQueryRun:
    me = person(request)
    run = runs.runs_of(me.pk).filter(pk=run_id).first()
    if run is None or not runs.may_read(run, me.visible_accounts()):
        raise Http404("There is no such query of yours.")
    return run


@require_POST
def cancel_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = _own(request, run_id)
    runs.cancel(run.pk, timezone.now())
    run.refresh_from_db()
    return _part(request, run)


def history(request: HttpRequest) -> HttpResponse:
    """One's own queries, the newest first, each once."""
    found: dict[str, LogQueryRun] = {}
    for run in runs.runs_of(person(request).pk)[: 3 * _HISTORY]:
        found.setdefault(run.asked, run)
    shown = [
        (LABELS[Language(run.language)], run, " ".join(run.query.split()), _link(run))
        for run in list(found.values())[:_HISTORY]
    ]
    return render(request, "monitoring/log_query_history.html", {"runs": shown})


def _link(run: LogQueryRun) -> str:
    """What is on its way or kept is shown; anything else is asked again."""
    is_there = not run.is_over or run.rows
    return reverse("log-query") + run.asked + (f"&run={run.pk}" if is_there else "")


def groups(request: HttpRequest) -> HttpResponse:
    """Log groups whose name contains what was typed, behind those chosen."""
    chosen = tuple(dict.fromkeys(request.GET.getlist("groups")))[:MOST_GROUPS]
    found = choices(person(request), chosen, request.GET.get("find", "")[:512])
    return render(request, "monitoring/log_query_groups.html", {"groups": found})


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    parameters = savedviews.keep(request, SAVED_KIND)
    return HttpResponseRedirect(f"{reverse('log-query')}?{parameters}")


@require_POST
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    savedviews.remove(request, view_id)
    return HttpResponseRedirect(reverse("log-query"))
