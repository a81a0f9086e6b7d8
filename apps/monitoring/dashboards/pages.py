"""Pages of dashboards: the list, one of them, its history and settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.charts.panels import chart_url
from apps.monitoring.dashboards import panels, saving
from apps.monitoring.dashboards.cloudwatch_export import exported
from apps.monitoring.dashboards.found import values_of
from apps.monitoring.dashboards.layouts import DashboardSpec, LayoutError
from apps.monitoring.dashboards.saving import Change, SavedMeanwhile
from apps.monitoring.dashboards.shown import (
    SEARCHED_BY,
    Look,
    board_context,
    parameters_of,
)
from apps.monitoring.dashboards.variables import PREFIX
from apps.monitoring.models import Dashboard, DashboardVersion
from apps.search.timerange import TimeError

_A_PAGE = 50
_TIMES = ("since", "until")
_SHOWN = {"": "All", "own": "Mine", "shared": "Shared"}


def dashboards(request: HttpRequest) -> HttpResponse:
    """Every dashboard one may see."""
    me = person(request)
    wanted = request.GET.get("q", "").strip()[:200]
    show = request.GET.get("show", "")
    rows = Dashboard.objects.visible_to(me.pk).select_related("owner", "updated_by")
    rows = rows.filter(Q(name__icontains=wanted) | Q(slug__icontains=wanted))
    if show == "own":
        rows = rows.filter(owner=me.pk)
    elif show == "shared":
        rows = rows.filter(is_shared=True)
    page = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": wanted,
        "show": show,
        "choices": _SHOWN.items(),
        "may_create": saving.may_create(me),
        "any": wanted or Dashboard.objects.visible_to(me.pk).exists(),
    }
    return render(request, "monitoring/dashboards.html", context)


def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """A dashboard at once, with empty panels that are asked for one by one."""
    board = visible_board(request, slug)
    panels_url = reverse("dashboard", args=[slug]) + "panels/"
    context = board_context(request, saving.spec_of(board), panels_url)
    context |= {"board": board, "may_edit": saving.may_edit(person(request), board)}
    return render(request, "monitoring/dashboard.html", context)


def dashboard_panel(request: HttpRequest, slug: str, panel_id: str) -> HttpResponse:
    """One panel, drawn."""
    board = visible_board(request, slug)
    spec = saving.spec_of(board)
    origin = {"dashboard": slug, "panel": panel_id}
    return panel_answer(request, spec, panel_id, f"dashboard:{board.pk}", origin)


def panel_answer(
    request: HttpRequest,
    spec: DashboardSpec,
    panel_id: str,
    by: str,
    origin: Mapping[str, str] = MappingProxyType({}),
) -> HttpResponse:
    """`origin`: what the chart's page is told of where it was opened from."""
    panel = spec.panel(panel_id)
    if panel is None:
        raise Http404("There is no such panel on the dashboard.")
    try:
        context = panels.context(panel, Look.of(request, spec, by))
        times = {name: parameters_of(request, spec)[name][0] for name in _TIMES}
        context["open_url"] = chart_url(
            "metrics-chart", context["chart"].spec, more={**times, **origin}
        )
    except (TimeError, panels.PanelProblem) as error:
        context = {"problem": str(error)}
    context |= {"panel": panel, "table_url": f"{request.get_full_path()}&as=table"}
    form = "board_table" if request.GET.get("as") == "table" else "board_panel"
    return render(request, f"monitoring/{form}.html", context)


@require_GET
def choices(request: HttpRequest) -> HttpResponse:
    """The values of a variable that contain what was typed so far."""
    try:
        said = {name: request.GET.get(name, "") for name in SEARCHED_BY}
        spec = DashboardSpec.parse({"title": "-", "variables": [said]})
    except LayoutError as error:
        raise Http404(str(error)) from error
    variable = spec.variables[0]
    typed = request.GET.get(PREFIX + variable.name, "")[:200].strip()
    context = {"found": values_of(variable, person(request), typed)}
    return render(request, "monitoring/board_choices.html", context)


@everywhere(Role.OPERATOR)
@require_POST
def new_dashboard(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:200]
    if not name:
        messages.error(request, "A dashboard needs a name.")
        return redirect("dashboards")
    change = change_of(request, "Made")
    board = saving.create(DashboardSpec(name), change, is_shared=True)
    return redirect("edit-dashboard", board.slug)


@everywhere(Role.OPERATOR)
@require_POST
def copy_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    board = visible_board(request, slug)
    spec = saving.spec_of(board).as_json() | {"title": f"Copy of {board.name}"[:200]}
    change = change_of(request, f"Copied from {board.name}")
    copy = saving.create(DashboardSpec.parse(spec), change, is_shared=False)
    messages.success(request, f"Made {copy.name!r}, which only you see.")
    return redirect("edit-dashboard", copy.slug)


@everywhere(Role.OPERATOR)
@require_POST
def share_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    board = visible_board(request, slug)
    is_shared = request.POST.get("shared") == "on"
    if not is_shared and board.owner_id != person(request).pk:
        messages.error(request, "Only its owner can keep a dashboard to themselves.")
        return redirect("dashboard", slug)
    what = "Shared with everybody" if is_shared else "Kept to its owner"
    saving.share(board, change_of(request, what), is_shared=is_shared)
    messages.success(request, f"{what}.")
    return redirect("dashboard", slug)


@everywhere(Role.OPERATOR)
@require_POST
def delete_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    board = visible_board(request, slug)
    saving.delete(board)
    messages.success(request, f"Deleted the dashboard {board.name!r}.")
    return redirect("dashboards")


def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Who saved what and when."""
    board = visible_board(request, slug)
    versions = board.versions.select_related("saved_by").defer("spec")
    context = {
        "board": board,
        "page": Paginator(versions, _A_PAGE).get_page(request.GET.get("page")),
        "may_edit": saving.may_edit(person(request), board),
    }
    return render(request, "monitoring/dashboard_history.html", context)


@everywhere(Role.OPERATOR)
@require_POST
def restore_dashboard(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    board = visible_board(request, slug)
    version = get_object_or_404(DashboardVersion, dashboard=board, version=number)
    try:
        saving.restore(board, version, change_of(request, ""))
        messages.success(request, f"Version {number} is the newest again.")
    except (SavedMeanwhile, LayoutError) as error:
        messages.error(request, str(error))
    return redirect("dashboard", slug)


@require_GET
def export_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """The dashboard as a file: ours, or a body of CloudWatch."""
    board = visible_board(request, slug)
    spec = saving.spec_of(board)
    is_cloudwatch = request.GET.get("form") == "cloudwatch"
    body: dict[str, Any] = exported(spec).body if is_cloudwatch else spec.as_json()
    answer = JsonResponse(body, json_dumps_params={"indent": 2, "ensure_ascii": False})
    suffix = ".cloudwatch" if is_cloudwatch else ""
    answer["Content-Disposition"] = f'attachment; filename="{slug}{suffix}.json"'
    return answer


def export_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Both forms, and what CloudWatch cannot say."""
    board = visible_board(request, slug)
    out = exported(saving.spec_of(board))
    context = {
        "board": board,
        "notes": out.notes,
        "body": json.dumps(out.body, indent=2, ensure_ascii=False),
    }
    return render(request, "monitoring/dashboard_export.html", context)


def visible_board(request: HttpRequest, slug: str) -> Dashboard:
    """Raises Http404 for what one may not see, as for what is not there."""
    rows = Dashboard.objects.visible_to(person(request).pk)
    board = rows.select_related("owner", "updated_by").filter(slug=slug).first()
    if board is None:
        raise Http404("There is no such dashboard, or it is not shared.")
    return board


def change_of(request: HttpRequest, what: str) -> Change:
    return Change(person(request), timezone.now(), what)
