"""Pages about where events come from: sources, imports, quarantine."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit import covered
from apps.audit.cloudtrail import PERMISSIONS
from apps.audit.forms import BucketForm, LookupForm
from apps.audit.models import LogObject, TrailSource
from apps.discovery.models import Account
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.search import imports, quarantine
from apps.search.models import ImportRun, QuarantinedRecord
from apps.search.parameters import is_count
from apps.search.quarantine import Reading

_RUNS = 15
_ONLY_THAT = "It cannot be read. Who sees every account can see why."
_A_PAGE = 50
_FORMS: dict[str, type[BucketForm] | type[LookupForm]] = {
    TrailSource.Kind.BUCKET: BucketForm,
    TrailSource.Kind.LOOKUP: LookupForm,
}


def sources(request: HttpRequest) -> HttpResponse:
    """Sources with their state, and what was imported by hand."""
    viewer = person(request)
    visible = viewer.visible_accounts()
    shown = TrailSource.objects.select_related("account")
    if visible is not None:
        shown = shown.filter(account__in=visible)
    now = timezone.now()
    context = {
        "sources": [_shown(source, visible, now) for source in shown],
        "runs": _runs(request),
        "sees_all": visible is None,
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "has_accounts": Account.objects.exists(),
    }
    return render(request, "audit/sources.html", context)


def runs(request: HttpRequest) -> HttpResponse:
    """The list of imports alone, for a page that keeps it up to date."""
    context = {
        "runs": _runs(request),
        "sees_all": person(request).visible_accounts() is None,
        "is_operator": person(request).rights.may_everywhere(Role.OPERATOR),
    }
    return render(request, "audit/runs.html", context)


def _runs(request: HttpRequest) -> list[ImportRun]:
    """Imports may hold any account: only who sees all sees them."""
    if person(request).visible_accounts() is not None:
        return []
    return list(ImportRun.objects.select_related("requested_by")[:_RUNS])


def _shown(
    source: TrailSource, visible: frozenset[str] | None, now: datetime
) -> dict[str, Any]:
    states = dict(
        LogObject.objects.filter(source=source)
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    return {
        "row": source,
        "waiting": states.get(LogObject.State.FOUND, 0),
        "read": states.get(LogObject.State.DONE, 0),
        "failed": states.get(LogObject.State.FAILED, 0),
        "coverage": covered.summaries(source, visible, now),
        # What AWS said of an organization may name accounts one does not see.
        "problem": source.problem if visible is None else _ONLY_THAT,
    }


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_source(request: HttpRequest, kind: str) -> HttpResponse:
    form_class = _FORMS.get(kind)
    if form_class is None:
        raise Http404("There are sources of the kinds bucket and lookup.")
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = form.save()
        messages.success(request, f"{source} is read from now on.")
        return redirect("sources")
    context = {
        "form": form,
        "kind": TrailSource.Kind(kind),
        "permissions": _permissions(kind),
    }
    return render(request, "audit/source_form.html", context)


def _permissions(kind: str) -> list[str]:
    if kind == TrailSource.Kind.BUCKET:
        return [*PERMISSIONS["bucket"], *PERMISSIONS["queue"]]
    return list(PERMISSIONS["lookup"])


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    found = get_object_or_404(TrailSource, pk=source_id)
    form = _FORMS[found.kind](request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        # What is to be read may have changed: list everything again. A worker that
        # reads the source meanwhile writes the rest of its row.
        found.swept_at = found.deep_swept_at = None
        found.save(update_fields=[*form.fields, "swept_at", "deep_swept_at"])
        messages.success(request, f"Saved {found}.")
        return redirect("sources")
    failed = LogObject.objects.filter(source=found, state=LogObject.State.FAILED)
    context = {
        "form": form,
        "source": found,
        "kind": TrailSource.Kind(found.kind),
        "permissions": _permissions(found.kind),
        "failed": failed.order_by("-delivered_at")[:_A_PAGE],
    }
    return render(request, "audit/source_form.html", context)


@everywhere(Role.OPERATOR)
@require_POST
def switch_source(request: HttpRequest, source_id: int) -> HttpResponse:
    found = get_object_or_404(TrailSource, pk=source_id)
    found.is_enabled = not found.is_enabled
    found.save(update_fields=["is_enabled"])
    messages.success(
        request, f"{found} is {'read again' if found.is_enabled else 'paused'}."
    )
    return redirect("sources")


@everywhere(Role.OPERATOR)
@require_POST
def read_source_now(request: HttpRequest, source_id: int) -> HttpResponse:
    """Ask for a run with a full listing; failed objects get another chance."""
    found = get_object_or_404(TrailSource, pk=source_id)
    TrailSource.objects.filter(pk=found.pk).update(
        ran_at=None, swept_at=None, deep_swept_at=None
    )
    LogObject.objects.filter(source=found, state=LogObject.State.FAILED).update(
        state=LogObject.State.FOUND, attempts=0
    )
    messages.success(request, "It is read as soon as the worker is free.")
    return redirect("sources")


@everywhere(Role.ADMIN)
@require_POST
def delete_source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Forget a source. The events read from it stay."""
    found = get_object_or_404(TrailSource, pk=source_id)
    quarantine.forget(Reading("cloudtrail", found.pk))
    found.delete()
    messages.success(request, f"{found} is no longer read. Its events stay.")
    return redirect("sources")


@everywhere(Role.OPERATOR)
@require_POST
def cancel_import(request: HttpRequest, run_id: int) -> HttpResponse:
    imports.cancel(run_id, timezone.now())
    messages.success(request, "The import stops at its next checkpoint.")
    return redirect("sources")


def quarantined(request: HttpRequest) -> HttpResponse:
    """What could not be read, newest first."""
    viewer = person(request)
    states = QuarantinedRecord.State
    chosen = request.GET.get("state", "open")
    shown = {
        "open": quarantine.OPEN,
        "settled": (states.SETTLED,),
        "dismissed": (states.DISMISSED,),
    }.get(chosen, quarantine.OPEN)
    reader = request.GET.get("reader", "")
    seen = _of_reader(quarantine.visible_to(viewer), reader)
    rows = seen.filter(state__in=shown)
    counts = dict(seen.values_list("state").annotate(Count("pk")).order_by())
    context = {
        "page": Paginator(rows, _A_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "reader": reader,
        "counts": {
            "open": sum(counts.get(state, 0) for state in quarantine.OPEN),
            "settled": counts.get(states.SETTLED, 0),
            "dismissed": counts.get(states.DISMISSED, 0),
        },
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "sees_all": viewer.visible_accounts() is None,
    }
    return render(request, "audit/quarantine.html", context)


def _of_reader(
    rows: QuerySet[QuarantinedRecord], reader: str
) -> QuerySet[QuarantinedRecord]:
    """Of a source alone, as `logs-3` names it; all where nothing is named."""
    kind, _, number = reader.rpartition("-")
    return rows.filter(kind=kind, source=int(number)) if is_count(number) else rows


@everywhere(Role.OPERATOR)
@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """Read the chosen files again, or dismiss the chosen records."""
    states = QuarantinedRecord.State
    ids = [one for one in request.POST.getlist("record") if is_count(one)]
    chosen = QuarantinedRecord.objects.filter(pk__in=ids)
    if not chosen.exists():
        messages.error(request, "Choose a record first.")
        return redirect("quarantine")
    if request.POST.get("what") == "dismiss":
        changed = chosen.update(state=states.DISMISSED)
        messages.success(request, f"Dismissed {changed}.")
    else:
        origins = list(chosen.values_list("origin", flat=True))
        changed = QuarantinedRecord.objects.filter(
            origin__in=origins, state=states.OPEN
        ).update(state=states.RETRY)
        files = len(set(origins))
        noun = "file" if files == 1 else "files"
        messages.success(request, f"{files} {noun} will be read again.")
    return redirect("quarantine")
