"""The page that changes a dashboard.

What is being changed is in the page, as JSON in a hidden field, until it is saved:
each button sends it and gets it back changed. Saving says which version it began from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.discovery.permissions import everywhere
from apps.discovery.roles import Role
from apps.monitoring.dashboards import arranging, saving
from apps.monitoring.dashboards.cloudwatch_bodies import BodyError, decoded
from apps.monitoring.dashboards.layouts import (
    COLUMNS,
    MOST_ROWS,
    PANEL_KINDS,
    REFRESHES,
    VARIABLE_KINDS,
    DashboardSpec,
    LayoutError,
    Panel,
    PanelKind,
)
from apps.monitoring.dashboards.pages import change_of, visible_board
from apps.monitoring.dashboards.saving import SavedMeanwhile
from apps.monitoring.models import Dashboard

_DIRECTIONS = (
    ("left", "← Left"),
    ("right", "→ Right"),
    ("up", "↑ Up"),
    ("down", "↓ Down"),
    ("narrower", "Narrower"),
    ("wider", "Wider"),
    ("shorter", "Shorter"),
    ("taller", "Taller"),
)
_EMPTY_CHART: Mapping[str, Any] = {"kind": "line", "lines": []}


@dataclass(frozen=True, slots=True)
class Draft:
    """A dashboard on its way: the version it began from, and the chosen panel."""

    spec: DashboardSpec
    version: int
    chosen: str = ""
    problem: str = ""
    # Text that could not be read, kept to be corrected: of the whole, or of a chart.
    json: str = ""
    chart: str = ""


@everywhere(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def edit_dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    board = visible_board(request, slug)
    if request.method == "GET":
        spec = saving.spec_of(board)
        chosen = request.GET.get("panel", "")
        return _page(request, board, Draft(spec, board.version, chosen))
    try:
        draft = _draft(request, board)
    except (LayoutError, BodyError) as error:
        messages.error(request, f"The page sent what is no dashboard: {error}")
        return redirect("edit-dashboard", slug)
    action, _, argument = request.POST.get("do", "").partition(":")
    draft = _with_fields(draft, request.POST)
    if action == "save" and not draft.problem:
        return _save(request, board, draft)
    change = _ACTIONS.get(action)
    if change is not None and not (draft.problem and action != "json"):
        draft = change(draft, argument, request.POST)
    return _page(request, board, draft)


def _draft(request: HttpRequest, board: Dashboard) -> Draft:
    spec = DashboardSpec.parse(decoded(request.POST.get("draft", "")))
    version = request.POST.get("version", "")
    began = int(version) if version.isascii() and version.isdigit() else 0
    return Draft(spec, began, request.POST.get("chosen", ""))


def _page(request: HttpRequest, board: Dashboard, draft: Draft) -> HttpResponse:
    spec = draft.spec
    text = json.dumps(spec.as_json(), ensure_ascii=False)
    chosen = spec.panel(draft.chosen)
    context = {
        "board": board,
        "draft": draft,
        "spec": spec,
        "text": text,
        "panels": arranging.in_reading_order(spec.panels),
        "chosen": chosen,
        "chart_text": draft.chart or _pretty(chosen.chart if chosen else {}),
        "json": draft.json or json.dumps(spec.as_json(), indent=2, ensure_ascii=False),
        "is_changed": text != board.spec,
        "variables": spec.variables,
        "directions": _DIRECTIONS,
        "places": _places(chosen) if chosen else [],
        "chart_url": _chart_url(board, chosen) if chosen else "",
        "kinds": PANEL_KINDS,
        "variable_kinds": VARIABLE_KINDS,
        "refreshes": [(one, one == spec.refresh_seconds) for one in REFRESHES],
    }
    return render(request, "monitoring/dashboard_edit.html", context)


def _places(panel: Panel) -> list[tuple[str, str, int, int, int]]:
    """The fields of a panel's place: name, label, value, least and most."""
    return [
        ("x", "Column", panel.x, 0, COLUMNS - 1),
        ("y", "Row", panel.y, 0, 100_000),
        ("w", "Columns wide", panel.w, 1, COLUMNS),
        ("h", "Rows high", panel.h, 1, MOST_ROWS),
    ]


def _chart_url(board: Dashboard, panel: Panel) -> str:
    """The chart page with this chart, which can be saved back from there."""
    if panel.kind == "text":
        return ""
    chart = json.dumps(panel.chart, ensure_ascii=False, separators=(",", ":"))
    query = {"chart": chart, "dashboard": board.slug, "panel": panel.id}
    return f"{reverse('metrics-chart')}?{urlencode(query)}"


def _save(request: HttpRequest, board: Dashboard, draft: Draft) -> HttpResponse:
    board.version = draft.version
    change = change_of(request, request.POST.get("what", "").strip())
    try:
        saved = saving.save(board, draft.spec, change)
    except SavedMeanwhile as meanwhile:
        problem = (
            f"{meanwhile} What you changed is still here. Save once more to put it "
            f"over version {meanwhile.current.version}; the other stays in the history."
        )
        kept = replace(draft, version=meanwhile.current.version, problem=problem)
        return _page(request, meanwhile.current, kept)
    messages.success(request, f"Saved version {saved.version}.")
    return redirect("dashboard", saved.slug)


def _with_fields(draft: Draft, form: Mapping[str, str]) -> Draft:
    """The draft with what stands in the fields of the page."""
    try:
        spec = _with_board_fields(draft.spec, form)
        draft = replace(draft, spec=spec)
        panel = draft.spec.panel(draft.chosen)
        if panel is None or "panel-title" not in form:
            return draft
        return replace(draft, spec=arranging.put(spec, _from_fields(panel, form)))
    except (LayoutError, BodyError) as error:
        return replace(draft, problem=str(error), chart=form.get("panel-chart", ""))


def _with_board_fields(spec: DashboardSpec, form: Mapping[str, str]) -> DashboardSpec:
    if "title" not in form:
        return spec
    changed = spec.as_json() | {
        "title": form["title"],
        "description": form.get("description", ""),
        "time": {"since": form.get("since", ""), "until": form.get("until", "")},
        "refresh_seconds": _number(form.get("refresh_seconds", "0")),
    }
    return DashboardSpec.parse(changed)


def _from_fields(panel: Panel, form: Mapping[str, str]) -> Panel:
    """Raises LayoutError and BodyError for what is no panel."""
    place = {name: _number(form.get(f"panel-{name}", "")) for name in "xywh"}
    said: dict[str, Any] = panel.as_json() | place | {"title": form["panel-title"]}
    if panel.kind == "text":
        said["text"] = form.get("panel-text", "")
    elif form.get("panel-chart", "").strip():
        chart = _chart(form["panel-chart"])
        said["chart"] = chart | {"kind": _chart_kind(panel.kind, chart)}
    return DashboardSpec.parse({"title": "-", "panels": [said]}).panels[0]


def _chart(text: str) -> dict[str, Any]:
    try:
        return dict(decoded(text))
    except BodyError as error:
        raise BodyError(f"The chart: {error}") from error


def _chart_kind(kind: PanelKind, chart: Mapping[str, Any]) -> str:
    """What a chart is drawn as, in a panel of this kind."""
    if kind in ("table", "value"):
        return kind
    drawn = str(chart.get("kind", "line"))
    return "line" if drawn in ("table", "value") else drawn


def _number(text: str) -> int | str:
    is_number = text.isascii() and text.isdigit() and len(text) < 8  # noqa: PLR2004
    return int(text) if is_number else text


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


# --- What the buttons do --------------------------------------------------------------

_Action = Callable[[Draft, str, Mapping[str, str]], Draft]


def _move(draft: Draft, argument: str, form: Mapping[str, str]) -> Draft:
    direction, _, panel_id = argument.partition(":")
    spec = arranging.moved(draft.spec, panel_id, direction)
    return replace(draft, spec=spec, chosen=panel_id)


def _add(draft: Draft, kind: str, form: Mapping[str, str]) -> Draft:
    if kind not in PANEL_KINDS:
        return draft
    drawn = {**_EMPTY_CHART, "kind": _chart_kind(kind, {})}
    chart = {} if kind == "text" else drawn
    panel = Panel("", kind, 0, 0, 1, 1, "" if kind == "text" else "New panel", chart)
    if kind == "text":
        panel = replace(panel, text="New text")
    spec = arranging.added(draft.spec, panel)
    return replace(draft, spec=spec, chosen=spec.panels[-1].id)


def _copy(draft: Draft, panel_id: str, form: Mapping[str, str]) -> Draft:
    panel = draft.spec.panel(panel_id)
    if panel is None:
        return draft
    spec = arranging.added(draft.spec, panel, (panel.w, panel.h))
    return replace(draft, spec=spec, chosen=spec.panels[-1].id)


def _remove(draft: Draft, panel_id: str, form: Mapping[str, str]) -> Draft:
    return replace(draft, spec=arranging.removed(draft.spec, panel_id), chosen="")


def _choose(draft: Draft, panel_id: str, form: Mapping[str, str]) -> Draft:
    return replace(draft, chosen=panel_id)


def _close_up(draft: Draft, _: str, form: Mapping[str, str]) -> Draft:
    return replace(draft, spec=arranging.closed_up(draft.spec))


def _drop(draft: Draft, argument: str, form: Mapping[str, str]) -> Draft:
    """What a pointer did: a panel at a place with a size, `id:x:y:w:h`."""
    panel_id, *numbers = argument.split(":")
    panel = draft.spec.panel(panel_id)
    if panel is None or len(numbers) != len("xywh"):
        return draft
    place = dict(zip("xywh", map(_number, numbers), strict=True))
    try:
        said = {"title": "-", "panels": [panel.as_json() | place]}
        dropped = DashboardSpec.parse(said).panels[0]
    except LayoutError:
        return draft
    return replace(draft, spec=arranging.put(draft.spec, dropped), chosen=panel_id)


def _json(draft: Draft, _: str, form: Mapping[str, str]) -> Draft:
    text = form.get("json", "")
    try:
        spec = DashboardSpec.parse(decoded(text))
    except (LayoutError, BodyError) as error:
        return replace(draft, problem=str(error), json=text)
    return replace(draft, spec=spec, problem="", json="", chart="")


def _add_variable(draft: Draft, _: str, form: Mapping[str, str]) -> Draft:
    values = [one.strip() for one in form.get("variable-values", "").split(",")]
    said = draft.spec.as_json()
    said["variables"].append(
        {
            **{
                name: form.get(f"variable-{name}", "").strip()
                for name in ("name", "label", "kind", "namespace", "dimension")
            },
            "values": [one for one in values if one],
        }
    )
    return _parsed(draft, said)


def _remove_variable(draft: Draft, name: str, form: Mapping[str, str]) -> Draft:
    kept = tuple(one for one in draft.spec.variables if one.name != name)
    return replace(draft, spec=replace(draft.spec, variables=kept))


def _parsed(draft: Draft, said: Mapping[str, Any]) -> Draft:
    try:
        return replace(draft, spec=DashboardSpec.parse(said))
    except LayoutError as error:
        return replace(draft, problem=str(error))


_ACTIONS: Mapping[str, _Action] = {
    "move": _move,
    "add": _add,
    "copy": _copy,
    "remove": _remove,
    "choose": _choose,
    "close-up": _close_up,
    "drop": _drop,
    "json": _json,
    "add-variable": _add_variable,
    "remove-variable": _remove_variable,
}
