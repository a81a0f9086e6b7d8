"""Our dashboards as bodies that CloudWatch takes. Pure.

What CloudWatch cannot say is listed, panel by panel. Reading the body again gives the
same dashboard but for what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.monitoring.dashboards.cloudwatch_bodies import Note
from apps.monitoring.dashboards.layouts import (
    ALL,
    DashboardSpec,
    Json,
    Panel,
    Variable,
)
from apps.monitoring.dashboards.metric_arrays import Metric, search_text
from apps.monitoring.dashboards.metric_widgets import UNITS

_VIEWS = {
    "line": "timeSeries", "area": "timeSeries", "bar": "bar", "table": "table",
    "value": "singleValue",
}  # fmt: skip
_RELATIVE = re.compile(r"now-(\d{1,6})([smhdw])")
_FALLBACK_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Exported:
    """A dashboard body, and what of the dashboard is not in it."""

    body: dict[str, Any]
    notes: tuple[Note, ...] = ()


def exported(spec: DashboardSpec) -> Exported:
    """The dashboard in CloudWatch's words."""
    notes = list(_unsaid(spec))
    body: dict[str, Any] = {"periodOverride": "inherit", **_start(spec)}
    if spec.variables:
        body["variables"] = [_variable(one) for one in spec.variables]
    body["widgets"] = []
    for at, panel in enumerate(spec.panels):
        where = f"panels[{at}]" + (f" “{panel.title}”" if panel.title else "")
        body["widgets"].append(_widget(panel))
        notes += [Note(where, what) for what in _unsaid_of(panel)]
    return Exported(body, tuple(notes))


def _unsaid(spec: DashboardSpec) -> Iterator[Note]:
    if spec.description:
        yield Note("description", "CloudWatch's dashboards have no description.")
    if spec.refresh_seconds:
        yield Note("refresh_seconds", "How often it refreshes is not kept there.")
    if (spec.since, spec.until) != ("now-3h", "now") and not _start(spec):
        yield Note("time", f"{spec.since} to {spec.until} has no form there.")
    for at, variable in enumerate(spec.variables):
        if variable.default == ALL:
            yield Note(
                f"variables[{at}]", "Begins with its first value, not with all of them."
            )
        if variable.kind in ("account", "region"):
            yield Note(
                f"variables[{at}]", "Its values have to be listed there by hand."
            )


def _start(spec: DashboardSpec) -> dict[str, str]:
    relative = _RELATIVE.fullmatch(spec.since)
    if relative is None:
        is_said = "now" not in spec.since + spec.until
        return {"start": spec.since, "end": spec.until} if is_said else {}
    if spec.until != "now":
        return {}
    count, unit = relative[1], relative[2].upper()
    return {"start": f"-P{count}{unit}" if unit in "DW" else f"-PT{count}{unit}"}


def _variable(one: Variable) -> dict[str, Any]:
    """A pattern variable: `${name}` stays in the body, and CloudWatch replaces it."""
    said: dict[str, Any] = {
        "type": "pattern",
        "pattern": f"\\$\\{{{one.name}\\}}",
        "inputType": "select",
        "id": one.name,
        "label": one.label,
        "visible": True,
        "defaultValue": "__FIRST" if one.default == ALL else one.default,
    }
    if one.kind == "dimension":
        metric = Metric(one.namespace, "", ((one.dimension, ALL),))
        schema = search_text(metric, "", 0).partition("'")[2].partition(" ")[0]
        return said | {"search": schema, "populateFrom": one.dimension}
    return said | {"values": [{"value": v, "label": v} for v in one.values]}


def _widget(panel: Panel) -> dict[str, Any]:
    place = {"x": panel.x, "y": panel.y, "width": panel.w, "height": panel.h}
    if panel.kind == "text":
        return {"type": "text", **place, "properties": {"markdown": panel.text}}
    return {"type": "metric", **place, "properties": _properties(panel)}


def _properties(panel: Panel) -> dict[str, Any]:
    chart = panel.chart
    lines = chart.get("lines", [])
    regions = [line["region"] for line in lines if line.get("region")]
    said: dict[str, Any] = {
        "title": panel.title,
        "view": _VIEWS[_chart_kind(panel)],
        "stacked": _chart_kind(panel) == "area",
        "region": next(iter(regions), _FALLBACK_REGION),
        "metrics": [_metric(line, chart.get("period", 0)) for line in lines],
    }
    if chart.get("period"):
        said["period"] = chart["period"]
    if axis := _axis(chart.get("y") or {}):
        said["yAxis"] = {"left": axis}
    if annotations := _annotations(panel):
        said["annotations"] = annotations
    return said


def _chart_kind(panel: Panel) -> str:
    return panel.kind if panel.kind != "chart" else str(panel.chart.get("kind", "line"))


def _metric(line: Json, period: int) -> list[Any]:
    options: dict[str, Any] = {"id": line["id"]}
    if line.get("label"):
        options["label"] = line["label"]
    if line.get("axis") == "right":
        options["yAxis"] = "right"
    if line.get("is_hidden"):
        options["visible"] = False
    if "expression" in line:
        return [{"expression": line["expression"], **options}]
    metric = Metric(line["namespace"], line["name"], tuple(line["dimensions"].items()))
    for ours, theirs in (("account", "accountId"), ("region", "region")):
        if line.get(ours):
            options[theirs] = line[ours]
    if ALL in line["dimensions"].values():
        search = search_text(metric, line["statistic"], period)
        return [{"expression": search, **options}]
    pairs = [part for pair in metric.dimensions for part in pair]
    return [
        metric.namespace,
        metric.name,
        *pairs,
        options | {"stat": line["statistic"]},
    ]


def _axis(y: Json) -> dict[str, Any]:
    said = {"min": y.get("from"), "max": y.get("to"), "label": y.get("unit") or None}
    return {name: value for name, value in said.items() if value is not None}


def _annotations(panel: Panel) -> dict[str, Any]:
    horizontal = [
        {"value": one.value, "label": one.label, "yAxis": one.axis}
        for one in panel.thresholds
    ]
    vertical = [{"value": one.at, "label": one.label} for one in panel.moments]
    said = {"horizontal": horizontal, "vertical": vertical}
    return {name: marks for name, marks in said.items() if marks}


_Check = Callable[[Panel], bool]
_UNSAID: tuple[tuple[_Check, str], ...] = (
    (
        lambda panel: panel.kind == "text" and bool(panel.title),
        "Texts have no title there.",
    ),
    (
        lambda panel: bool(panel.chart.get("compare")),
        "The comparison with an earlier time is left out.",
    ),
    (
        lambda panel: bool(panel.chart.get("band")),
        "The band of usual values is left out.",
    ),
    (
        lambda panel: bool(panel.chart.get("title")),
        "The chart's own title is left out.",
    ),
    (
        lambda panel: any(
            line.get("fill", "gap") != "gap" for line in panel.chart.get("lines", ())
        ),
        "Gaps are not filled there.",
    ),
    (
        lambda panel: any(
            ALL in (line.get("account"), line.get("region"))
            for line in panel.chart.get("lines", ())
        ),
        "A line stands for one account and region there.",
    ),
    (
        lambda panel: _is_unknown_unit((panel.chart.get("y") or {}).get("unit", "")),
        "The unit becomes the axis' label.",
    ),
)  # fmt: skip


def _is_unknown_unit(unit: str) -> bool:
    return bool(unit) and unit not in UNITS


def _unsaid_of(panel: Panel) -> Iterator[str]:
    return (what for check, what in _UNSAID if check(panel))
