"""A metric widget of CloudWatch as a panel. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.monitoring.charts.specs import PERIODS
from apps.monitoring.dashboards.layouts import Json
from apps.monitoring.dashboards.metric_arrays import (
    Metric,
    NotImported,
    entries,
    search_of,
)
from apps.monitoring.dashboards.other_widgets import alarms_text

Notes = list[str]
# What CloudWatch calls units; other texts on an axis are only said.
UNITS = frozenset(
    (
        "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes",
        "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits",
        "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
        "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second",
        "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
        "Count/Second",
    )
)  # fmt: skip
_DYNAMIC = re.compile(r"\$\{([A-Z][^{}]*)\}")
_PROP = re.compile(r"PROP\(\s*'([^']+)'\s*\)")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose metrics are meant where a widget does not say."""

    account: str
    region: str


@dataclass(slots=True)
class _Widget:
    """A widget as it is read: its defaults for lines, and what it could not say."""

    properties: Json
    place: Place
    periods: list[int] = field(default_factory=list)
    notes: Notes = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def metric_panel(properties: Json, place: Place) -> tuple[dict[str, Any], Notes]:
    """A panel without its place, and what it lost. Raises NotImported."""
    annotations = properties.get("annotations")
    annotations = annotations if isinstance(annotations, dict) else {}
    if not properties.get("metrics") and annotations.get("alarms"):
        return _alarm_chart(properties, annotations)
    widget = _Widget(properties, place)
    kind, chart_kind = _view(widget)
    found = list(entries(properties.get("metrics")))
    widget.ids = {str(options["id"]) for _, options in found if "id" in options}
    lines = [_line(widget, metric, options) for metric, options in found]
    chart = {
        "title": "",
        "kind": chart_kind,
        "period": _period(widget),
        "lines": lines,
        "y": _y(widget),
    }
    return {
        "kind": kind,
        "title": _text(properties, "title"),
        "chart": chart,
        "thresholds": _thresholds(widget, annotations),
        "moments": _moments(widget, annotations),
    }, widget.notes


def _alarm_chart(properties: Json, annotations: Json) -> tuple[dict[str, Any], Notes]:
    panel = {
        "kind": "text",
        "title": _text(properties, "title"),
        "text": alarms_text(annotations["alarms"]),
    }
    return panel, ["The chart of an alarm is kept as a link to it."]


def _view(widget: _Widget) -> tuple[str, str]:
    view = widget.properties.get("view", "timeSeries")
    stacked = widget.properties.get("stacked") is True
    if view == "timeSeries":
        return "chart", "area" if stacked else "line"
    if view == "singleValue":
        if widget.properties.get("setPeriodToTimeRange") is True:
            widget.note(
                "Shows the newest value, not the one of the whole time range "
                "(setPeriodToTimeRange)."
            )
        return "value", "value"
    if view in ("bar", "table"):
        return ("chart", "bar") if view == "bar" else ("table", "table")
    if view in ("pie", "gauge"):
        widget.note(
            f"A {view} is shown as {'a table' if view == 'pie' else 'a value'}."
        )
        return ("table", "table") if view == "pie" else ("value", "value")
    raise NotImported(f"the view {str(view)[:40]!r}")


def _line(widget: _Widget, metric: Metric | None, options: Json) -> dict[str, Any]:
    expression = _text(options, "expression")
    statistic = _text(options, "stat") or _text(widget.properties, "stat") or "Average"
    if expression:
        search = search_of(expression)
        if search is None:
            return _common(widget, options, None) | {"expression": expression}
        metric, statistic = search.metric, search.statistic
        widget.periods += [search.period] if search.period else []
    if metric is None:
        raise NotImported("a line that is neither a metric nor an expression")
    if isinstance(options.get("period"), int):
        widget.periods.append(options["period"])
    return _common(widget, options, metric) | {
        "account": _text(options, "accountId")
        or _text(widget.properties, "accountId")
        or widget.place.account,
        "region": _text(options, "region")
        or _text(widget.properties, "region")
        or widget.place.region,
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": dict(metric.dimensions),
        "statistic": statistic,
    }


def _common(widget: _Widget, options: Json, metric: Metric | None) -> dict[str, Any]:
    if "color" in options:
        widget.note("Colours are those of this site.")
    return {
        "id": _text(options, "id") or _new_id(widget),
        "label": _label(widget, _text(options, "label"), metric),
        "axis": "right" if options.get("yAxis") == "right" else "left",
        "is_hidden": options.get("visible") is False,
    }


def _new_id(widget: _Widget) -> str:
    made = next(f"m{at}" for at in range(1, 10_000) if f"m{at}" not in widget.ids)
    widget.ids.add(made)
    return made


def _label(widget: _Widget, label: str, metric: Metric | None) -> str:
    """A label whose properties are filled in; computed values are not kept."""
    known = {} if metric is None else _properties(metric)

    def said(use: re.Match[str]) -> str:
        named = _PROP.fullmatch(use[1].strip())
        if named and named[1] in known:
            return known[named[1]]
        widget.note("Labels lose their computed values, such as ${MAX}.")
        return ""

    return _DYNAMIC.sub(said, label).strip()[:200]


def _properties(metric: Metric) -> dict[str, str]:
    dimensions = {f"Dim.{name}": value for name, value in metric.dimensions}
    return {"MetricName": metric.name, "Namespace": metric.namespace, **dimensions}


def _period(widget: _Widget) -> int:
    """One period for the whole chart, as charts here have it; 0 to fit the range."""
    whole = widget.properties.get("period")
    asked = [whole] if isinstance(whole, int) and whole > 0 else []
    periods = sorted(set(widget.periods or asked))
    if not periods:
        return 0
    known = [period for period in PERIODS if period]
    fitting = [period for period in known if period <= periods[0]] or known[:1]
    if periods != fitting[-1:]:
        widget.note(
            f"Drawn with one period of {fitting[-1]:,} s in place of "
            + ", ".join(f"{period:,} s" for period in periods)
            + "."
        )
    return fitting[-1]


def _y(widget: _Widget) -> dict[str, Any]:
    axes = widget.properties.get("yAxis")
    left = axes.get("left") if isinstance(axes, dict) else None
    left = left if isinstance(left, dict) else {}
    if isinstance(axes, dict) and axes.get("right"):
        widget.note("The right axis fits its values by itself.")
    unit = _text(left, "label")
    if unit and unit not in UNITS:
        widget.note(f"The axis is not labelled {unit[:80]!r}.")
        unit = ""
    return {"from": _number(left, "min"), "to": _number(left, "max"), "unit": unit}


def _thresholds(widget: _Widget, annotations: Json) -> list[dict[str, Any]]:
    levels: list[dict[str, Any]] = []
    for mark in _marks(annotations, "horizontal"):
        value = _number(mark, "value")
        if value is None:
            raise NotImported("a horizontal annotation without a value")
        if mark.get("fill", "none") != "none":
            widget.note("Horizontal annotations are lines without a filled area.")
        axis = "right" if mark.get("yAxis") == "right" else "left"
        levels.append({"value": value, "label": _text(mark, "label"), "axis": axis})
    return levels


def _moments(widget: _Widget, annotations: Json) -> list[dict[str, Any]]:
    moments = []
    for mark in _marks(annotations, "vertical"):
        if mark.get("fill", "none") != "none":
            widget.note("Vertical annotations are lines without a filled area.")
        moments.append({"at": _text(mark, "value"), "label": _text(mark, "label")})
    return moments


def _marks(annotations: Json, name: str) -> list[Mapping[str, Any]]:
    """Annotations, those of a band one by one."""
    listed = annotations.get(name)
    marks: list[Mapping[str, Any]] = []
    for one in listed if isinstance(listed, list) else []:
        marks += [
            mark
            for mark in (one if isinstance(one, list) else [one])
            if isinstance(mark, dict)
        ]
    return marks


def _text(value: Json, name: str) -> str:
    found = value.get(name)
    return found[:2_000] if isinstance(found, str) else ""


def _number(value: Json, name: str) -> float | None:
    found = value.get(name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number else None
