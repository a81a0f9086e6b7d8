"""A chart as pages and dashboards show it: figure, legend, notes, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
from django.urls import reverse

from apps.discovery.accounts import Viewer
from apps.monitoring.charts import markers, units
from apps.monitoring.charts.computing import Computed, Drawn, compute
from apps.monitoring.charts.figures import Figure, colour_of, figure
from apps.monitoring.charts.markers import Marker
from apps.monitoring.charts.notes import Note, notes
from apps.monitoring.charts.specs import ChartSpec
from apps.search.timerange import TimeRange, from_milliseconds, rfc3339

MAX_TABLE_ROWS = 800


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A line with what it came to over the range; texts with units."""

    at: int
    line_id: str
    label: str
    colour: str
    low: str
    high: str
    mean: str
    last: str
    problem: str


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """All that panel.html draws. `id` is unique on the page."""

    id: str
    spec: ChartSpec
    computed: Computed
    figure: Figure | None
    legend: tuple[LegendRow, ...]
    notes: tuple[Note, ...]
    markers: tuple[Marker, ...]
    url: str
    csv_url: str

    @property
    def figure_id(self) -> str:
        return f"{self.id}-figure"

    @property
    def table_id(self) -> str:
        return f"{self.id}-table"

    @property
    def is_empty(self) -> bool:
        """Whether no line has a value; what is compared with may have some."""
        return all(one.is_empty for one in self.computed.lines)

    def rows(self) -> list[dict[str, Any]]:
        """The table twin, newest first, without periods that have no value at all."""
        lines = self.computed.lines
        if not lines:
            return []
        stacked = np.array([one.values for one in lines])
        known = np.flatnonzero(~np.isnan(stacked).all(axis=0))[::-1][:MAX_TABLE_ROWS]
        times = self.computed.grid.times
        return [
            {
                "time": from_milliseconds(int(times[at]) * 1000),
                "values": [units.shown(one.values[at], one.unit) for one in lines],
            }
            for at in known.tolist()
        ]


def panel(
    spec: ChartSpec,
    span: TimeRange,
    viewer: Viewer,
    now: datetime,
    element_id: str = "chart",
) -> Panel:
    """The chart over a range, with all that marks it."""
    return panel_of(compute(spec, span, viewer, now), viewer, element_id)


def panel_of(
    computed: Computed, viewer: Viewer, element_id: str = "chart", height: int = 260
) -> Panel:
    """A chart that is computed, with all that marks it; `height` in pixels."""
    spec, span = computed.spec, computed.span
    marks = markers.markers(tuple(computed.series), span, viewer)
    is_drawn = spec.kind not in ("table", "value") and bool(computed.lines)
    return Panel(
        id=element_id,
        spec=spec,
        computed=computed,
        figure=figure(computed, marks, height) if is_drawn else None,
        legend=legend(computed),
        notes=notes(computed),
        markers=marks,
        url=chart_url("metrics-chart", spec, span),
        csv_url=chart_url("metrics-chart-csv", spec, span),
    )


def chart_url(
    name: str,
    spec: ChartSpec,
    span: TimeRange | None = None,
    more: Mapping[str, str] | None = None,
) -> str:
    """A page about a chart; the chart itself is in the URL."""
    parameters = {"chart": compact(spec)}
    if span is not None:
        parameters |= {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    return f"{reverse(name)}?{urlencode({**parameters, **(more or {})})}"


def compact(spec: ChartSpec) -> str:
    """The JSON of a chart without what is at its default."""
    whole = spec.as_json()
    lines = [_without_defaults(line) for line in whole.pop("lines")]
    kept = {name: value for name, value in whole.items() if _is_said(name, value)}
    return orjson.dumps({**kept, "lines": lines}).decode()


_LINE_DEFAULTS = {"label": "", "fill": "gap", "axis": "left", "is_hidden": False}


def _without_defaults(line: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in line.items()
        if name not in _LINE_DEFAULTS or value != _LINE_DEFAULTS[name]
    }


def _is_said(name: str, value: Any) -> bool:
    if name == "y":
        return bool(value != {"from": None, "to": None, "unit": ""})
    return bool(value) and (name, value) != ("kind", "line")


def legend(computed: Computed) -> tuple[LegendRow, ...]:
    return tuple(map(_row, computed.lines))


def _row(drawn: Drawn) -> LegendRow:
    known = drawn.values[~np.isnan(drawn.values)]
    low, high, mean, last = _summary(known.tolist())
    return LegendRow(
        at=drawn.at,
        line_id=drawn.line.id,
        label=drawn.label,
        colour=colour_of(drawn.at),
        low=units.shown(low, drawn.unit),
        high=units.shown(high, drawn.unit),
        mean=units.shown(mean, drawn.unit),
        last=units.shown(last, drawn.unit),
        problem=drawn.problem,
    )


def _summary(known: Sequence[float]) -> tuple[float, float, float, float]:
    if not known:
        nothing = float("nan")
        return nothing, nothing, nothing, nothing
    return min(known), max(known), sum(known) / len(known), known[-1]
