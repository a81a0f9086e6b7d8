"""Dashboards that nobody made: one for each namespace that has series."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.automatic_boards import (
    board,
    metrics_of,
    tables,
    title_of,
)
from apps.monitoring.dashboards.found import inventory, namespaces
from apps.monitoring.dashboards.layouts import DashboardSpec
from apps.monitoring.dashboards.pages import change_of, panel_answer
from apps.monitoring.dashboards.shown import board_context


def automatic_dashboards(request: HttpRequest) -> HttpResponse:
    """Which namespaces have data, and what of ours knows them."""
    found = namespaces(person(request))
    known = {one.name for one in found}
    context = {
        "services": [
            (title_of(one.name), one) for one in found if one.name in tables()
        ],
        "others": [one for one in found if one.name not in tables()],
        "absent": [
            (table["title"], namespace)
            for namespace, table in tables().items()
            if namespace not in known
        ],
    }
    return render(request, "monitoring/automatic_dashboards.html", context)


# As long as the column that says for whom a series is read.
_LONGEST_BY = 200


def automatic_dashboard(request: HttpRequest) -> HttpResponse:
    namespace = _namespace(request)
    spec = _spec(request, namespace)
    panels_url = reverse("automatic-panel", args=["-"]).removesuffix("-")
    context = board_context(request, spec, panels_url)
    named = urlencode({"namespace": namespace})
    for shown in context["panels"]:
        shown["url"] += f"&{named}"
    context |= {
        "namespace": namespace,
        "may_create": saving.may_create(person(request)),
    }
    return render(request, "monitoring/automatic_dashboard.html", context)


def automatic_panel(request: HttpRequest, panel_id: str) -> HttpResponse:
    namespace = _namespace(request)
    by = f"dashboard:auto/{namespace}"[:_LONGEST_BY]
    spec = _spec(request, namespace, metrics_of(namespace, panel_id))
    return panel_answer(request, spec, panel_id, by)


@everywhere(Role.OPERATOR)
@require_POST
def copy_automatic(request: HttpRequest) -> HttpResponse:
    """Save it as a dashboard that can be changed."""
    namespace = request.POST.get("namespace", "")
    spec = _spec(request, namespace)
    change = change_of(request, f"Copied from the automatic dashboard of {namespace}")
    saved = saving.create(spec, change, is_shared=False)
    messages.success(request, f"Saved {saved.name!r}, which only you see.")
    return redirect("dashboard", saved.slug)


def _namespace(request: HttpRequest) -> str:
    return request.GET.get("namespace", "")[:255]


def _spec(
    request: HttpRequest, namespace: str, metrics: Sequence[str] = ()
) -> DashboardSpec:
    there = inventory(namespace, person(request), metrics)
    if not there:
        raise Http404("No metric of this namespace is known that you may see.")
    return board(namespace, there)
