"""Thresholds and moments of a panel, drawn over its chart. Pure.

Figures are plain dictionaries of plotly; colours are names that the theme resolves.
"""

from __future__ import annotations

from typing import Any

from apps.monitoring.dashboards.layouts import Moment, Panel, Threshold

Figure = dict[str, Any]
_COLOUR = "bad"
_MOST_LABEL = 60


def with_levels(figure: Figure | None, panel: Panel) -> Figure | None:
    """The figure with the panel's levels, as high as its panel."""
    if figure is None:
        return None
    layout = {**figure["layout"], "autosize": True}
    layout.pop("height", None)
    span = layout["xaxis"]["range"]
    layout["shapes"] = [
        *layout.get("shapes", ()),
        *(_across(one, span) for one in panel.thresholds),
        *(_down(one) for one in panel.moments),
    ]
    names = [
        *(_named_level(one, span) for one in panel.thresholds),
        *(_named_moment(one) for one in panel.moments),
    ]
    return {**figure, "data": [*figure["data"], *names], "layout": layout}


def _across(one: Threshold, span: list[str]) -> Figure:
    since, until = span
    return {
        "type": "line",
        "xref": "x",
        "x0": since,
        "x1": until,
        "yref": _axis(one),
        "y0": one.value,
        "y1": one.value,
        "line": {"color": f"{_COLOUR}/0.7", "width": 1, "dash": "dash"},
    }


def _down(one: Moment) -> Figure:
    return {
        "type": "line",
        "xref": "x",
        "x0": one.at,
        "x1": one.at,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": "info/0.7", "width": 1, "dash": "dot"},
    }


def _named_level(one: Threshold, span: list[str]) -> Figure:
    """Its label, at a point that makes the axis reach as far as the threshold."""
    said = _text(one.label) | {"textposition": "top left"}
    return said | {"x": [span[1]], "y": [one.value], "yaxis": _axis(one)}


def _named_moment(one: Moment) -> Figure:
    said = _text(one.label) | {"textposition": "bottom right"}
    return said | {"x": [one.at], "y": [1], "yaxis": "y3"}


def _text(label: str) -> Figure:
    """Plotly reads a little HTML in texts; a label has none."""
    plain = label[:_MOST_LABEL].replace("&", "&amp;").replace("<", "&lt;")
    return {
        "type": "scatter",
        "mode": "text",
        "name": "level",
        "text": [plain],
        "textfont": {"size": 10},
        "marker": {"color": _COLOUR},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _axis(one: Threshold) -> str:
    return "y2" if one.axis == "right" else "y"
