"""Pages about where resources are learned of."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.accounts import visible_to
from apps.discovery.buckets import PERMISSIONS as S3_PERMISSIONS
from apps.discovery.inventory.config import PERMISSIONS
from apps.discovery.inventory.knowing import open_gaps
from apps.discovery.inventory.sourceforms import ConfigSourceForm
from apps.discovery.inventory.sweeping import look_again
from apps.discovery.models import (
    Account,
    ConfigFile,
    ConfigGap,
    ConfigNotice,
    ConfigSource,
)
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.search import quarantine
from apps.search.quarantine import Reading

_ENDED_GAPS = 20


def sources(request: HttpRequest) -> HttpResponse:
    """Sources with their state, gaps, and what came besides items."""
    viewer = person(request)
    visible = visible_to(viewer)
    rows = ConfigSource.objects.filter(account__in=visible).select_related("account")
    ended = ConfigGap.objects.filter(account__in=visible.values("number"))
    context = {
        "sources": [_shown(row) for row in rows],
        "gaps": open_gaps(viewer),
        "ended": ended.exclude(until=None)[:_ENDED_GAPS],
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "has_accounts": Account.objects.exists(),
    }
    return render(request, "discovery/config_sources.html", context)


def _shown(row: ConfigSource) -> dict[str, Any]:
    files = dict(
        ConfigFile.objects.filter(source=row)
        .values_list("state")
        .annotate(Count("pk"))
        .order_by()
    )
    notices = ConfigNotice.objects.filter(source=row)
    problems = (row.problem, row.hearing_problem)
    return {
        "row": row,
        "files": files,
        "waiting": files.get(ConfigFile.State.FOUND, 0),
        "read": files.get(ConfigFile.State.DONE, 0),
        "failed": files.get(ConfigFile.State.FAILED, 0),
        "notices": list(
            notices.values_list("message_type").annotate(Count("pk")).order_by()
        ),
        "problem": " ".join(filter(None, problems)),
        "problem_since": row.problem_since or row.hearing_problem_since,
    }


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_source(request: HttpRequest) -> HttpResponse:
    form = ConfigSourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        source = form.save()
        messages.success(request, f"{source} is read from now on.")
        return redirect("config-sources")
    return render(request, "discovery/config_source_form.html", _form_context(form))


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, config_source_id: int) -> HttpResponse:
    found = get_object_or_404(ConfigSource, pk=config_source_id)
    form = ConfigSourceForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        # What is to be read may have changed; a worker writes the rest of the row.
        found.swept_at = found.reconciled_at = found.scanned_at = None
        names = ("swept_at", "reconciled_at", "scanned_at")
        found.save(update_fields=[*form.fields, *names])
        messages.success(request, f"Saved {found}.")
        return redirect("config-sources")
    context = _form_context(form) | {"source": found}
    return render(request, "discovery/config_source_form.html", context)


def _form_context(form: ConfigSourceForm) -> dict[str, Any]:
    needed = (*PERMISSIONS, *S3_PERMISSIONS["bucket"], *S3_PERMISSIONS["queue"])
    return {"form": form, "permissions": needed}


@everywhere(Role.OPERATOR)
@require_POST
def switch_source(request: HttpRequest, config_source_id: int) -> HttpResponse:
    found = get_object_or_404(ConfigSource, pk=config_source_id)
    found.is_enabled = not found.is_enabled
    found.save(update_fields=["is_enabled"])
    what = "read again" if found.is_enabled else "paused"
    messages.success(request, f"{found} is {what}.")
    return redirect("config-sources")


@everywhere(Role.OPERATOR)
@require_POST
def read_now(request: HttpRequest, config_source_id: int) -> HttpResponse:
    """Ask for everything to be read again; failed files get another chance."""
    found = get_object_or_404(ConfigSource, pk=config_source_id)
    ConfigSource.objects.filter(pk=found.pk).update(
        ran_at=None, swept_at=None, reconciled_at=None, scanned_at=None
    )
    look_again(found.pk)
    messages.success(request, "It is read as soon as the worker is free.")
    return redirect("config-sources")


@everywhere(Role.ADMIN)
@require_POST
def delete_source(request: HttpRequest, config_source_id: int) -> HttpResponse:
    """Forget a source. The resources read from it stay; its gaps end."""
    found = get_object_or_404(ConfigSource, pk=config_source_id)
    gaps = ConfigGap.objects.filter(account=found.account_id, region=found.region)
    gaps.filter(until=None).update(until=timezone.now())
    quarantine.forget(Reading("config", found.pk))
    found.delete()
    messages.success(request, f"{found} is no longer read. Its resources stay.")
    return redirect("config-sources")
