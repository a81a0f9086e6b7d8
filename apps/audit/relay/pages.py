"""Pages: where violations are handed on to, and what asked for repairs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.models import RecordTarget, RepairQueue, RepairRequest
from apps.audit.relay import publishing
from apps.audit.relay.forms import RecordTargetForm, RepairQueueForm
from apps.discovery.buckets import PERMISSIONS as READS
from apps.discovery.models import Account
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role

_A_PAGE = 50
_KINDS: dict[str, tuple[type[forms.ModelForm[Any]], str, tuple[str, ...]]] = {
    "record": (
        RecordTargetForm,
        "a bucket for records",
        (*publishing.PERMISSIONS["bucket"], *publishing.PERMISSIONS["topic"]),
    ),
    "queue": (RepairQueueForm, "a queue of requests", READS["queue"]),
}


@everywhere(Role.VIEWER)
def relay(request: HttpRequest) -> HttpResponse:
    """Targets and queues with their state, and the newest requests."""
    viewer = person(request)
    undone = Count("violationrecord", filter=Q(violationrecord__done_at=None))
    context = {
        "targets": RecordTarget.objects.select_related("account").annotate(
            undone=undone, records=Count("violationrecord")
        ),
        "queues": RepairQueue.objects.select_related("account").annotate(
            requests=Count("repairrequest")
        ),
        "page": Paginator(
            RepairRequest.objects.select_related("queue", "violation"), _A_PAGE
        ).get_page(request.GET.get("page")),
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "has_accounts": Account.objects.exists(),
    }
    return render(request, "audit/relay.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_relay(request: HttpRequest, relay_kind: str) -> HttpResponse:
    if relay_kind not in _KINDS:
        raise Http404("There are kinds record and queue.")
    form_class, what, permissions = _KINDS[relay_kind]
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        messages.success(request, f"{made} is in use from now on.")
        return redirect("relay")
    context = {"form": form, "what": what, "permissions": permissions}
    return render(request, "audit/relay_form.html", context)


@everywhere(Role.ADMIN)
@require_POST
def switch_relay(request: HttpRequest, relay_kind: str, relay_id: int) -> HttpResponse:
    found = _row(relay_kind, relay_id)
    found.is_enabled = not found.is_enabled
    found.save(update_fields=["is_enabled"])
    state = "in use again" if found.is_enabled else "paused"
    messages.success(request, f"{found} is {state}.")
    return redirect("relay")


@everywhere(Role.ADMIN)
@require_POST
def delete_relay(request: HttpRequest, relay_kind: str, relay_id: int) -> HttpResponse:
    """Forget a target or queue. Objects in buckets and messages stay."""
    found = _row(relay_kind, relay_id)
    found.delete()
    messages.success(request, f"{found} is no longer used.")
    return redirect("relay")


@everywhere(Role.ADMIN)
@require_POST
def retry_records(request: HttpRequest, relay_id: int) -> HttpResponse:
    found = _row("record", relay_id)
    publishing.retry(found.pk, timezone.now())
    messages.success(request, "They are written as soon as the worker is free.")
    return redirect("relay")


def _row(kind: str, row_id: int) -> RecordTarget | RepairQueue:
    if kind == "record":
        return get_object_or_404(RecordTarget, pk=row_id)
    if kind == "queue":
        return get_object_or_404(RepairQueue, pk=row_id)
    raise Http404("There are kinds record and queue.")
