"""Pages about the places that logs are delivered to, and what delivers them to us."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.models import Account
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.logs.keys import new_key
from apps.monitoring.logs.setup import KEYED, permissions_of, steps
from apps.monitoring.logs.sourceforms import FORMS
from apps.monitoring.logs.sourcestanding import source_standings
from apps.monitoring.logs.standing import visible_sources
from apps.monitoring.models import LogArchive, LogShard, LogSource
from apps.search import quarantine
from apps.search.quarantine import Reading

Kind = LogSource.Kind
_FILES = 50
_OUTAGES = 20
_KINDS = (
    (
        Kind.KINESIS,
        "Log groups write to a stream, which Trailmap reads. For many lines a second, "
        "and where AWS cannot reach Trailmap.",
    ),
    (
        Kind.FIREHOSE,
        "Firehose calls Trailmap, whose address must be reachable from AWS by HTTPS. "
        "What is not taken goes to a bucket.",
    ),
    (
        Kind.LAMBDA,
        "A small function calls Trailmap. It can run in a VPC, and reach what Firehose "
        "cannot.",
    ),
    (
        Kind.BUCKET,
        "Exports of log groups, and what Firehose archived: for the past, or where "
        "minutes do not matter.",
    ),
)


def sources(request: HttpRequest) -> HttpResponse:
    """Every source one may see, with its state."""
    viewer = person(request)
    visible = viewer.visible_accounts()
    found = source_standings(visible_sources(viewer), timezone.now())
    context = {
        "sources": [(one, _owners(one.row, visible)) for one in found],
        "kinds": _KINDS,
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "has_accounts": Account.objects.exists(),
    }
    return render(request, "monitoring/log_sources.html", context)


def _owners(row: LogSource, visible: frozenset[str] | None) -> list[str]:
    """The further accounts of a source that a person may know of."""
    return [one for one in row.owners if visible is None or one in visible]


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_source(request: HttpRequest, kind: str) -> HttpResponse:
    form_class = FORMS.get(kind)
    if form_class is None:
        known = ", ".join(FORMS)
        raise Http404(f"There are sources of the kinds {known}.")
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        if kind in KEYED:
            return _page(request, made, new_key(made, timezone.now()))
        messages.success(request, f"{made} is read from now on.")
        return redirect("log-source", made.pk)
    context = {
        "form": form,
        "kind": Kind(kind),
        "permissions": permissions_of(kind),
        "about": dict(_KINDS)[Kind(kind)],
    }
    return render(request, "monitoring/log_source_form.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, log_source_id: int) -> HttpResponse:
    """A source: how it stands, what to set up in AWS, and what may be changed."""
    found = _found(log_source_id)
    if request.method == "POST":
        form = FORMS[found.kind](request.POST, instance=found)
        if not form.is_valid():
            return _page(request, found, form=form)
        form.save()
        # What is to be read may have changed: list everything again.
        LogSource.objects.filter(pk=found.pk).update(swept_at=None)
        messages.success(request, f"Saved {found}.")
        return redirect("log-sources")
    return _page(request, found)


def _found(log_source_id: int) -> LogSource:
    rows = LogSource.objects.select_related("account")
    return get_object_or_404(rows, pk=log_source_id)


def _page(
    request: HttpRequest, found: LogSource, key: str = "", form: Any = None
) -> HttpResponse:
    """The page of a source; `key` is shown this once."""
    endpoint = endpoint_of(request, found)
    failed = LogArchive.objects.filter(source=found, state=LogArchive.State.FAILED)
    context = {
        "form": form or FORMS[found.kind](instance=found),
        "source": found,
        "standing": source_standings([found], timezone.now())[0],
        "kind": Kind(found.kind),
        "permissions": permissions_of(found.kind),
        "endpoint": endpoint,
        "is_reachable": endpoint.startswith("https://"),
        "steps": steps(found, endpoint),
        "key": key,
        "failed": failed.order_by("-found_at")[:_FILES],
        "outages": found.outages.all()[:_OUTAGES],
        "shards": LogShard.objects.filter(source=found, is_finished=False),
    }
    answer = render(request, "monitoring/log_source.html", context)
    if key:
        answer["Cache-Control"] = "no-store"
    return answer


def endpoint_of(request: Any, found: LogSource) -> str:
    """The URL that AWS calls; "" for what is read."""
    if found.kind not in KEYED:
        return ""
    path = reverse(f"ingest-{found.kind}", args=[found.pk])
    return str(request.build_absolute_uri(path))


@everywhere(Role.OPERATOR)
@require_POST
def switch_source(request: HttpRequest, log_source_id: int) -> HttpResponse:
    """Pause, or go on."""
    found = _found(log_source_id)
    found.is_enabled = not found.is_enabled
    found.save(update_fields=["is_enabled"])
    how = "taken again" if found.is_enabled else "paused"
    messages.success(request, f"{found} is {how}.")
    return redirect("log-sources")


@everywhere(Role.OPERATOR)
@require_POST
def read_source_now(request: HttpRequest, log_source_id: int) -> HttpResponse:
    """Ask for a run with a full listing; failed files get another chance."""
    again(_found(log_source_id))
    messages.success(request, "It is read as soon as the worker is free.")
    return redirect("log-sources")


def again(found: LogSource) -> None:
    LogSource.objects.filter(pk=found.pk).update(ran_at=None, swept_at=None)
    LogArchive.objects.filter(source=found, state=LogArchive.State.FAILED).update(
        state=LogArchive.State.FOUND, attempts=0
    )


@everywhere(Role.ADMIN)
@require_POST
def rotate_key(request: HttpRequest, log_source_id: int) -> HttpResponse:
    """A new key, shown once; the one before no longer works."""
    found = _found(log_source_id)
    if found.kind not in KEYED:
        raise Http404("This source is read: it has no key.")
    return _page(request, found, new_key(found, timezone.now()))


@everywhere(Role.ADMIN)
@require_POST
def delete_source(request: HttpRequest, log_source_id: int) -> HttpResponse:
    """Forget a source. The lines that came this way stay."""
    found = _found(log_source_id)
    if request.POST.get("confirm") != found.name:
        messages.error(request, f"Nothing is deleted: type {found.name} to confirm.")
        return redirect("log-source", found.pk)
    forget(found)
    messages.success(request, f"{found} is no longer taken. Its lines stay.")
    return redirect("log-sources")


def forget(found: LogSource) -> None:
    quarantine.forget(Reading("logs", found.pk))
    found.delete()
