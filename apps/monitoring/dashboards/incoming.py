"""Pages by which dashboards and charts come in: as text, from accounts, one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.accounts import visible_to
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.charts.computing import label_of
from apps.monitoring.charts.specs import ChartSpec, SpecError
from apps.monitoring.dashboards import account_reads, arranging, saving
from apps.monitoring.dashboards.cloudwatch_bodies import (
    MOST_BYTES,
    BodyError,
    Imported,
)
from apps.monitoring.dashboards.exchange import read_text
from apps.monitoring.dashboards.layouts import DashboardSpec, Panel, PanelKind
from apps.monitoring.dashboards.pages import change_of, visible_board
from apps.monitoring.dashboards.variables import uses
from apps.monitoring.models import Dashboard, DashboardRead, ReadDashboard

_MOST_READS = 5
_MOST_NAMED = 3
_PANEL_KINDS: Mapping[str, PanelKind] = {"table": "table", "value": "value"}


@everywhere(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def import_dashboard(request: HttpRequest) -> HttpResponse:
    """A dashboard from a pasted text or a file, or by asking an account."""
    context = _import_context(request)
    if request.method == "POST":
        context |= {name: request.POST.get(name, "") for name in ("name", "account")}
        context["text"] = request.POST.get("text", "")
        try:
            text, name = _text_of(request)
            found = read_text(
                text, request.POST.get("name", "") or name, _account(request)
            )
        except BodyError as error:
            context["problem"] = str(error)
        else:
            return _take(request, found)
    return render(request, "monitoring/dashboard_import.html", context)


def _import_context(request: HttpRequest) -> dict[str, Any]:
    me = person(request)
    return {
        "accounts": visible_to(me),
        "connected": visible_to(me).filter(is_connected=True),
        "reads": _reads(request),
        "permissions": account_reads.PERMISSIONS,
    }


def _reads(request: HttpRequest) -> QuerySet[DashboardRead]:
    found = account_reads.visible_to(person(request))
    return found.prefetch_related("dashboards")[:_MOST_READS]


def _text_of(request: HttpRequest) -> tuple[str, str]:
    """What was sent, and a name for it if it came as a file. Raises BodyError."""
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", ""), ""
    if (file.size or 0) > MOST_BYTES:
        raise BodyError(f"The file is longer than the {MOST_BYTES:,} bytes allowed.")
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BodyError("The file is not text in UTF-8.") from None
    return text, (file.name or "").removesuffix(".json")


def _account(request: HttpRequest) -> str:
    """The chosen account, if one may see it; "" to let viewers choose."""
    number = request.POST.get("account", "")
    known = visible_to(person(request)).filter(number=number)
    return number if known.exists() else ""


def _take(request: HttpRequest, found: Imported) -> HttpResponse:
    """Save what was read, and say what is not in it."""
    change = change_of(request, "Imported")
    board = saving.create(found.spec, change, is_shared=True)
    context = {"board": board, "spec": found.spec, "notes": found.notes}
    if not found.notes:
        messages.success(request, f"Imported {board.name!r} whole.")
        return redirect("dashboard", board.slug)
    return render(request, "monitoring/dashboard_imported.html", context)


@everywhere(Role.OPERATOR)
@require_POST
def ask_dashboards(request: HttpRequest) -> HttpResponse:
    """Ask a worker to read an account's dashboards."""
    number = request.POST.get("account", "")
    account = visible_to(person(request)).filter(number=number).first()
    if account is None:
        messages.error(request, "Choose an account.")
        return redirect("import-dashboard")
    account_reads.ask(account, person(request), timezone.now())
    return redirect("import-dashboard")


def dashboard_reads(request: HttpRequest) -> HttpResponse:
    """What accounts answered, for a page that keeps it up to date."""
    context = {
        "reads": _reads(request),
        "may_create": saving.may_create(person(request)),
    }
    return render(request, "monitoring/dashboard_reads.html", context)


@everywhere(Role.OPERATOR)
@require_POST
def take_dashboard(request: HttpRequest, one_id: int) -> HttpResponse:
    """Import a dashboard that was read from an account."""
    reads = account_reads.visible_to(person(request))
    one = get_object_or_404(ReadDashboard, pk=one_id, read__in=reads)
    try:
        found = read_text(one.body, one.name, one.read.account.number)
    except BodyError as error:
        messages.error(request, f"{one.name}: {error}")
        return redirect("import-dashboard")
    return _take(request, found)


@everywhere(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def add_chart(request: HttpRequest) -> HttpResponse:
    """Put a chart, as the chart page has it in its URL, on a dashboard."""
    given = request.POST if request.method == "POST" else request.GET
    try:
        chart = ChartSpec.parse(orjson.loads(given.get("chart", "")[:100_000]))
    except (SpecError, ValueError) as error:
        raise Http404(f"The address holds no chart: {error}") from error
    me = person(request)
    if request.method == "POST":
        return _added(request, chart)
    boards = Dashboard.objects.visible_to(me.pk)
    context = {
        "chart": chart,
        "lines": [label_of(line) for line in chart.lines[:_MOST_NAMED]],
        "text": json.dumps(chart.as_json(), ensure_ascii=False),
        "boards": [board for board in boards if saving.may_edit(me, board)],
        **_replaced(request, chart),
    }
    return render(request, "monitoring/dashboard_add.html", context)


def _replaced(request: HttpRequest, chart: ChartSpec) -> dict[str, Any]:
    """The panel that the chart was opened from, and what is lost where it is saved
    back: what was drawn had values in the place of variables."""
    asked = (request.GET.get(name, "") for name in ("dashboard", "panel"))
    slug, panel_id = (text.replace("\0", "") for text in asked)
    board = Dashboard.objects.visible_to(person(request).pk).filter(slug=slug).first()
    old = saving.spec_of(board).panel(panel_id) if board else None
    if old is None or old.kind == "text":
        return {"dashboard": slug}
    before, after = (json.dumps(one) for one in (dict(old.chart), chart.as_json()))
    lost = [name for name in uses(before) if name not in uses(after)]
    return {"dashboard": slug, "panel": panel_id, "old": old, "lost": lost}


def _added(request: HttpRequest, chart: ChartSpec) -> HttpResponse:
    title = request.POST.get("title", "").strip()[:200]
    kind = _PANEL_KINDS.get(chart.kind, "chart")
    panel = Panel("p1", kind, 0, 0, 1, 1, title or chart.title, chart.as_json())
    slug = request.POST.get("dashboard", "")
    if not slug:
        name = request.POST.get("name", "").strip()[:200]
        spec = arranging.added(DashboardSpec(name or "New dashboard"), panel)
        board = saving.create(spec, change_of(request, "Made"), is_shared=True)
        return redirect("dashboard", board.slug)
    replaced = request.POST.get("panel", "")

    def edit(spec: DashboardSpec) -> DashboardSpec:
        old = spec.panel(replaced)
        if old is None or old.kind == "text":
            return arranging.added(spec, panel)
        return arranging.put(
            spec, replace(old, kind=kind, chart=panel.chart, title=title or old.title)
        )

    change = change_of(request, "Added a chart")
    saved = saving.changed(visible_board(request, slug), change, edit)
    messages.success(request, f"The chart is on {saved.name!r}.")
    return redirect("dashboard", saved.slug)
