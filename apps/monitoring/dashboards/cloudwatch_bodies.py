"""CloudWatch dashboard bodies as dashboards of ours. Pure.

After "Dashboard Body Structure and Syntax" in CloudWatch's API reference. What cannot
be said here is told by the name of its widget, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.monitoring.dashboards.layouts import (
    COLUMNS,
    MOST_PANELS,
    DashboardSpec,
    LayoutError,
    Variable,
    VariableKind,
)
from apps.monitoring.dashboards.metric_arrays import NotImported, properties_of
from apps.monitoring.dashboards.metric_widgets import Notes, Place, metric_panel
from apps.monitoring.dashboards.other_widgets import alarm_panel, log_panel, text_panel
from apps.monitoring.dashboards.widget_variables import Replacing, variables_of

MOST_BYTES = 1_000_000
_DEFAULT_SIZE = 6
# What CloudWatch shows where a body does not say.
_DEFAULT_SINCE = "now-3h"
_RELATIVE = re.compile(r"-P(?:(\d{1,6})([DW])|T(\d{1,6})([HMS]))")
_READERS = {
    "metric": metric_panel,
    "text": text_panel,
    "log": log_panel,
    "alarm": alarm_panel,
}


class BodyError(ValueError):
    """A text that is no dashboard of CloudWatch; says why."""


@dataclass(frozen=True, slots=True)
class Note:
    """What became of something that cannot be taken over as it is."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A dashboard, and what of its original is not in it."""

    spec: DashboardSpec
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Import:
    """An import on its way: panels so far, and the row where the next may begin."""

    place: Place
    replacing: Replacing
    panels: list[dict[str, Any]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    next_row: int = 0


def decoded(text: str) -> Mapping[str, Any]:
    """The JSON of a body. Raises BodyError with line and column."""
    if len(text) > MOST_BYTES:
        raise BodyError(f"The text is longer than the {MOST_BYTES:,} letters allowed.")
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth limit" in error.msg:
            raise BodyError("The JSON is nested too deeply.") from None
        raise BodyError(
            f"Line {error.lineno}, column {error.colno}: this is not JSON: "
            f"{error.msg.partition(':')[0]}."
        ) from error
    if not isinstance(body, dict):
        raise BodyError("A dashboard is an object with widgets or panels.")
    return body


def imported(body: Mapping[str, Any], title: str, account: str = "") -> Imported:
    """A CloudWatch body as a dashboard called `title`.

    `account` is whose metrics are meant where widgets do not say; without one the
    dashboard lets its viewers choose. Raises BodyError.
    """
    widgets = body.get("widgets")
    if not isinstance(widgets, list):
        raise BodyError("A dashboard body of CloudWatch has a list of widgets.")
    if len(widgets) > MOST_PANELS:
        raise BodyError(f"More than {MOST_PANELS} widgets are no dashboard.")
    variables, replacing, problems = variables_of(body.get("variables", []))
    place = Place(account or "${account}", "${region}")
    work = _Import(place, replacing)
    work.notes = [Note("variables", problem) for problem in problems]
    for at, widget in enumerate(widgets):
        _take(work, widget, at)
    since, until = _times(body, work)
    spec = {
        "title": title,
        "time": {"since": since, "until": until},
        "variables": [one.as_json() for one in _with_places(variables, work)],
        "panels": work.panels,
    }
    try:
        return Imported(DashboardSpec.parse(spec), tuple(work.notes))
    except LayoutError as error:
        raise BodyError(f"The dashboard cannot be shown here: {error}.") from error


def _take(work: _Import, widget: object, at: int) -> None:
    """Add the panel of a widget, or a note that there is none."""
    where = _where(widget, at)
    try:
        panel, notes = _panel(work, widget, at)
        checked = DashboardSpec.parse({"title": "-", "panels": [panel]})
    except NotImported as error:
        work.notes.append(Note(where, f"Not imported: {error}."))
        return
    except LayoutError as error:
        reason = str(error).removeprefix("panels[0].")
        work.notes.append(Note(where, f"Not imported: {reason}."))
        return
    work.notes += [Note(where, note) for note in notes]
    work.panels += [one.as_json() for one in checked.panels]
    work.next_row = max(work.next_row, panel["y"] + panel["h"])


def _panel(work: _Import, widget: object, at: int) -> tuple[dict[str, Any], Notes]:
    if not isinstance(widget, dict):
        raise NotImported("the widget is not an object")
    read = _READERS.get(str(widget.get("type")))
    if read is None:
        raise NotImported(f"widgets of type {str(widget.get('type'))[:40]!r}")
    replaced = work.replacing.in_widget(widget)
    panel, notes = read(properties_of(replaced), work.place)
    panel = work.replacing.in_panel(panel)
    return {"id": f"p{at + 1}", **_rectangle(widget, work.next_row), **panel}, notes


def _rectangle(widget: Mapping[str, Any], next_row: int) -> dict[str, int]:
    w = min(COLUMNS, _size(widget, "width"))
    x = _corner(widget, "x", 0)
    return {
        "x": min(x, COLUMNS - w),
        "y": _corner(widget, "y", next_row),
        "w": w,
        "h": _size(widget, "height"),
    }


def _size(widget: Mapping[str, Any], name: str) -> int:
    value = widget.get(name, _DEFAULT_SIZE)
    return max(1, int(value)) if isinstance(value, int | float) else _DEFAULT_SIZE


def _corner(widget: Mapping[str, Any], name: str, default: int) -> int:
    value = widget.get(name, default)
    return max(0, int(value)) if isinstance(value, int | float) else default


def _where(widget: object, at: int) -> str:
    """A widget as its people know it: by its title, or by its place."""
    properties = widget.get("properties") if isinstance(widget, dict) else None
    title = properties.get("title") if isinstance(properties, dict) else None
    named = f" “{title[:80]}”" if isinstance(title, str) and title else ""
    return f"widgets[{at}]{named}"


def _times(body: Mapping[str, Any], work: _Import) -> tuple[str, str]:
    """What the dashboard opens with, as since and until."""
    start, end = body.get("start"), body.get("end")
    if not isinstance(start, str):
        return _DEFAULT_SINCE, "now"
    relative = _RELATIVE.fullmatch(start)
    if relative is not None:
        days, unit, count, small = relative.groups()
        return f"now-{days or count}{(unit or small).lower()}", "now"
    try:
        DashboardSpec.parse({"title": "-", "time": {"since": start}})
    except LayoutError:
        work.notes.append(Note("start", "Not imported: this is not a time."))
        return _DEFAULT_SINCE, "now"
    return start, end if isinstance(end, str) else "now"


def _with_places(variables: list[Variable], work: _Import) -> list[Variable]:
    """The variables, with those for accounts and regions that nothing says."""
    lines = [
        line
        for panel in work.panels
        for line in panel.get("chart", {}).get("lines", ())
    ]
    kinds: tuple[VariableKind, ...] = ("account", "region")
    used = {line.get(kind) for line in lines for kind in kinds}
    known = {variable.name for variable in variables}
    missing = [
        Variable(kind, kind)
        for kind in kinds
        if "${" + kind + "}" in used and kind not in known
    ]
    return [*missing, *variables]
