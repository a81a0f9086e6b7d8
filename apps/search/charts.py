"""Figures for plotly.js as plain dictionaries.

Plain, because building plotly's own objects costs 4 ms a figure; tests hold every
builder against them. Colours are names that the page's theme resolves.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    Histogram,
)
from apps.search.measures import Measured
from apps.search.timerange import from_milliseconds, rfc3339

Figure = dict[str, Any]
# Fewer points are drawn as points too, for one between gaps has no line.
_FEW_POINTS = 200

# Resolved by static/js/charts.js to the colours of the light or dark theme.
_SERIES_COLOURS = (
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-6",
)
_SPECIAL = {
    TOTAL_SERIES: "series-calm",
    WITHOUT_SERIES: "series-calm",
    OTHER_SERIES: "series-other",
}


def series_names(histogram: Histogram, without: str) -> Mapping[str, str]:
    """What each series is called on screen; `without` names those without a value."""
    return names_of(histogram.series, without)


def names_of(series: Iterable[str], without: str) -> Mapping[str, str]:
    known = {TOTAL_SERIES: "All", WITHOUT_SERIES: without, OTHER_SERIES: "Other values"}
    return {name: known.get(name, name) for name in series}


def histogram_figure(
    histogram: Histogram,
    without: str,
    colours: Mapping[str, str] | None = None,
    height: int = 148,
) -> Figure:
    """Stacked bars over time; the calm series at the bottom, the rest on top.

    Values that `colours` names have their colour, and are stacked in its order.

    Every bar's `meta` is the place of its series in the histogram, for the legend.
    """
    names = series_names(histogram, without)
    fixed = colours or {}
    places = list(fixed)
    ordered = sorted(
        histogram.series,
        key=lambda name: (
            name != WITHOUT_SERIES,
            places.index(name) if name in fixed else -1,
        ),
    )
    starts = [rfc3339(from_milliseconds(ms)) for ms in histogram.starts_ms]
    free = iter(_SERIES_COLOURS)
    known = {**fixed, **_SPECIAL}
    bars = [
        {
            "type": "bar",
            "name": names[series],
            "meta": list(names).index(series),
            "x": starts,
            # A bar of nothing is none: it is not named on hover, nor clicked.
            "y": [count or None for count in histogram.series[series]],
            "width": [histogram.interval_ms * 0.86] * len(starts),
            "offset": histogram.interval_ms * 0.07,
            "marker": {"color": known.get(series) or next(free, "series-other")},
            "hovertemplate": "%{y:,} " + escaped(names[series]) + "<extra></extra>",
        }
        for series in ordered
    ]
    return {
        "data": bars,
        "layout": _layout(histogram, height),
        "interval_ms": histogram.interval_ms,
    }


def measured_figure(
    measured: Measured, without: str, colours: Mapping[str, str], height: int = 320
) -> Figure:
    """A line a series; where there was nothing to measure, the line has a gap."""
    names = names_of(measured.series, without)
    starts = [rfc3339(from_milliseconds(ms)) for ms in measured.starts_ms]
    free = iter(_SERIES_COLOURS)
    known = {**colours, **_SPECIAL, TOTAL_SERIES: "series-3"}
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(starts) < _FEW_POINTS else "lines",
            "name": names[series],
            "meta": at,
            "x": starts,
            "y": list(values),
            "connectgaps": False,
            "marker": {"color": known.get(series) or next(free, "series-other")},
            "hovertemplate": "%{y:,.6~g} " + escaped(names[series]) + "<extra></extra>",
        }
        for at, (series, values) in enumerate(measured.series.items())
    ]
    span = Histogram(measured.interval_ms, measured.starts_ms, {})
    return {
        "data": lines,
        "layout": _layout(span, height),
        "interval_ms": measured.interval_ms,
    }


def histogram_rows(histogram: Histogram) -> list[dict[str, Any]]:
    """The table twin: a row for every bucket that is not empty."""
    return [
        {"start": from_milliseconds(start), "counts": counts}
        for start, *counts in zip(
            histogram.starts_ms, *histogram.series.values(), strict=True
        )
        if any(counts)
    ]


def _layout(histogram: Histogram, height: int) -> Figure:
    layout: Figure = {
        "barmode": "stack",
        "bargap": 0,
        "height": height,
        "margin": {"l": 44, "r": 8, "t": 6, "b": 24},
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "select",
        "selectdirection": "h",
        "xaxis": {"type": "date", "fixedrange": True, "showgrid": False},
        "yaxis": {"fixedrange": True, "rangemode": "tozero", "nticks": 4},
    }
    if histogram.starts_ms:
        end = histogram.starts_ms[-1] + histogram.interval_ms
        layout["xaxis"]["range"] = [
            rfc3339(from_milliseconds(histogram.starts_ms[0])),
            rfc3339(from_milliseconds(end)),
        ]
    return layout


def escaped(name: str) -> str:
    """Plotly reads a little HTML in hover texts; a name has none."""
    return (
        name.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("%{", "%\u200b{")
    )
