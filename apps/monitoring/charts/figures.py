"""Charts for plotly.js as plain dictionaries.

Colours are names that the page's theme resolves (`series-3`, `bad`), a share of one is
`series-3/0.2`. Traces without `x` stand on the figure's `grid`; times elsewhere are
RFC 3339. static/js/charts.js puts both into the reader's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from apps.monitoring.charts import units
from apps.monitoring.charts.computing import Computed, Drawn
from apps.monitoring.charts.functions import Column
from apps.monitoring.charts.markers import Marker
from apps.monitoring.charts.notes import late_gap
from apps.monitoring.metrics.lines import Interval
from apps.search.charts import escaped
from apps.search.timerange import from_milliseconds, rfc3339

Figure: TypeAlias = dict[str, Any]

COLOURS = (3, 1, 6, 4, 2, 7, 5, 8)
_MARKS = {
    "alarm": ("triangle-up", "bad"),
    "incident": ("star", "warn"),
    "change": ("diamond", "info"),
}
_COMPARED = {"1d": "a day before", "1w": "a week before", "4w": "4 weeks before"}
_WIDTH = 0.86
_DIGITS = 6
_NEAR = 0.6


def colour_of(at: int) -> str:
    """The colour of the line at a place, the same in figure and legend."""
    return f"series-{COLOURS[at % len(COLOURS)]}"


def figure(
    computed: Computed, marks: Sequence[Marker] = (), height: int = 260
) -> Figure:
    """Lines, areas or bars over time, with what is usual, gaps and markers."""
    traces: list[Figure] = _gap_traces(computed) + _band_traces(computed)
    for drawn in computed.lines:
        if not drawn.problem:
            traces += _line_traces(computed, drawn, drawn.at)
    traces += _mark_traces(marks)
    grid = computed.grid
    return {
        "data": traces,
        "layout": _layout(computed, marks, height),
        "grid": {
            "start_ms": grid.start * 1000,
            "step_ms": grid.period_seconds * 1000,
            "count": grid.count,
        },
    }


def _line_traces(computed: Computed, drawn: Drawn, at: int) -> list[Figure]:
    """Settled values, then those that may change, then those compared with."""
    settled, settling = _split(computed, drawn)
    base = _base(computed, drawn, at)
    traces = [{**base, "y": _numbers(settled)}]
    if not np.isnan(settling).all():
        traces.append({**base, **_settling(base), "y": _numbers(settling)})
    if drawn.before is not None:
        traces.append(_compared(computed, drawn, at))
    return traces


def _compared(computed: Computed, drawn: Drawn, at: int) -> Figure:
    """The same line earlier: dashed, whatever the kind of chart."""
    label = f"{drawn.label}, {_COMPARED[computed.spec.compare]}"
    before = np.empty(0) if drawn.before is None else drawn.before
    return {
        **_shared(drawn, at, label),
        **_as_line(colour_of(at), before, "dash"),
        "opacity": 0.6,
        "y": _numbers(before),
    }


def _split(computed: Computed, drawn: Drawn) -> tuple[Column, Column]:
    """Both parts hold the last settled point, so that the line goes on."""
    since = drawn.provisional_since
    times = computed.grid.times
    if since is None:
        return drawn.values, np.full(times.shape, np.nan)
    first = int(np.searchsorted(times, since))
    is_bar = computed.spec.kind == "bar"
    settled, settling = drawn.values.copy(), drawn.values.copy()
    settled[first:] = np.nan
    settling[: first if is_bar else max(0, first - 1)] = np.nan
    return settled, settling


def _base(computed: Computed, drawn: Drawn, at: int) -> Figure:
    colour = colour_of(at)
    shared = _shared(drawn, at, drawn.label)
    if computed.spec.kind == "bar":
        step = computed.grid.period_seconds * 1000
        place = {"width": step * _WIDTH, "offset": step * (1 - _WIDTH) / 2}
        return {"type": "bar", **shared, **place, "marker": {"color": colour}}
    trace = {**shared, **_as_line(colour, drawn.values)}
    if computed.spec.kind == "area":
        trace |= {"fill": "tozeroy", "fillcolor": f"{colour}/0.18"}
    return trace


def _shared(drawn: Drawn, at: int, label: str) -> Figure:
    form, suffix = units.axis_format(drawn.unit, _largest([drawn]))
    digits = ".4~s" if form == "~s" else ",.5~r"
    text = f"%{{y:{digits}}}{escaped(suffix)} {escaped(label)}<extra></extra>"
    return {
        "name": label,
        "meta": at,
        "yaxis": "y2" if drawn.line.axis == "right" else "y",
        "hovertemplate": text,
    }


def _as_line(colour: str, values: Column, dash: str = "solid") -> Figure:
    """A point between missing ones is no line: it is drawn as a dot."""
    is_known = np.concatenate(([False], ~np.isnan(values), [False]))
    is_alone = is_known[1:-1] & ~is_known[:-2] & ~is_known[2:]
    has_dots = bool(is_alone.any())
    sizes = np.where(is_alone, 5, 0).tolist() if has_dots else 5
    return {
        "type": "scatter",
        "mode": "lines+markers" if has_dots else "lines",
        "line": {"color": colour, "width": 1.6, "dash": dash},
        "connectgaps": False,
        # Plotly would draw a light rim around points of different sizes.
        "marker": {"color": colour, "size": sizes, "line": {"width": 0}},
    }


def _settling(base: Figure) -> Figure:
    """How values look that may still change: lighter, dotted or hatched."""
    if base["type"] == "bar":
        pattern = {"shape": "/", "fgopacity": 0.5, "size": 5}
        return {"marker": {**base["marker"], "pattern": pattern}, "opacity": 0.6}
    return {"line": {**base["line"], "dash": "dot"}, "fill": "none", "opacity": 0.6}


def _band_traces(computed: Computed) -> list[Figure]:
    """What is usual: its bounds with the room between them filled."""
    band, spec = computed.band, computed.spec
    if band is None or spec.band is None or np.isnan(band.low).all():
        return []
    of = next((one for one in computed.lines if one.line.id == spec.band.of), None)
    colour = colour_of(of.at if of else 0)
    bound: Figure = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
        "yaxis": "y2" if of and of.line.axis == "right" else "y",
    }
    filled = {"fill": "tonexty", "fillcolor": f"{colour}/0.14"}
    return [
        {**bound, "name": "usual from", "y": _numbers(band.low)},
        {**bound, **filled, "name": "usual to", "y": _numbers(band.high)},
    ]


def _gap_traces(computed: Computed) -> list[Figure]:
    """Time that was not read: hatched, and dotted where it is only late."""
    late = late_gap(computed)
    missing = [one for one in computed.gaps if one != late]
    return [
        *_areas("not collected", missing, {"shape": "/", "size": 7, "solidity": 0.15}),
        *_areas("late", [late] if late else [], {"shape": ".", "size": 6}),
    ]


def _areas(name: str, gaps: Sequence[Interval], pattern: Figure) -> list[Figure]:
    if not gaps:
        return []
    xs: list[str | None] = []
    for gap in gaps:
        since, until = _rfc(gap.since), _rfc(gap.until)
        xs += [since, since, until, until, since, None]
    colours = {"fgcolor": "line-strong", "bgcolor": "line/0.25"}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": xs,
            "y": [0, 1, 1, 0, 0, None] * len(gaps),
            "yaxis": "y3",
            "line": {"width": 0, "color": "line-strong"},
            "fill": "toself",
            "fillcolor": "line/0.25",
            "fillpattern": {**pattern, **colours},
            "hoverinfo": "skip",
        }
    ]


def _mark_traces(marks: Sequence[Marker]) -> list[Figure]:
    if not marks:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "markers",
            "x": [_rfc_ms(mark.time_ms) for mark in marks],
            "y": [0.97] * len(marks),
            "yaxis": "y3",
            "text": [escaped(mark.title) for mark in marks],
            "customdata": [mark.url for mark in marks],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "symbol": [_MARKS[mark.kind][0] for mark in marks],
                "color": [_MARKS[mark.kind][1] for mark in marks],
                "size": 10,
            },
        }
    ]


def _layout(computed: Computed, marks: Sequence[Marker], height: int) -> Figure:
    left = [one for one in computed.lines if one.line.axis == "left"]
    right = [one for one in computed.lines if one.line.axis == "right"]
    layout: Figure = {
        "height": height,
        "margin": {"l": 60, "r": 60 if right else 12, "t": 10, "b": 26},
        "showlegend": False,
        "barmode": "stack",
        "bargap": 0,
        "hovermode": "x unified",
        "dragmode": "select",
        "selectdirection": "h",
        "xaxis": {
            "type": "date",
            "fixedrange": True,
            "showgrid": False,
            "range": [rfc3339(computed.span.since), rfc3339(computed.span.until)],
        },
        "yaxis": _axis(computed, left),
        "yaxis3": {
            "overlaying": "y",
            "visible": False,
            "fixedrange": True,
            "range": [0, 1],
        },
        "shapes": [_upright(mark) for mark in marks],
    }
    if right:
        placed = {"overlaying": "y", "side": "right", "tickmode": "auto"}
        layout["yaxis2"] = {**_axis(computed, right), **placed, "showgrid": False}
    bounds = computed.spec.y
    if bounds.low is not None or bounds.high is not None:
        layout["yaxis"]["range"] = [bounds.low, bounds.high]
    return layout


def _upright(mark: Marker) -> Figure:
    at = _rfc_ms(mark.time_ms)
    line = {"color": f"{_MARKS[mark.kind][1]}/0.55", "width": 1, "dash": "dot"}
    place = {"x0": at, "x1": at, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
    return {"type": "line", **place, "line": line}


def _axis(computed: Computed, lines: Sequence[Drawn]) -> Figure:
    named = {one.unit for one in lines if not one.is_empty}
    form, suffix = units.axis_format(
        named.pop() if len(named) == 1 else "", _largest(lines)
    )
    axis: Figure = {
        "fixedrange": True,
        "nticks": 5,
        "tickformat": form,
        "ticksuffix": suffix,
        "rangemode": "tozero" if _from_zero(computed, lines) else "normal",
    }
    if _largest(lines) == 0:
        # Zero is a line at zero, not one in the middle of nothing.
        axis["range"] = [-0.05, 1]
    return axis


def _from_zero(computed: Computed, lines: Sequence[Drawn]) -> bool:
    """Whether zero is near enough to be shown; areas and bars stand on it."""
    if computed.spec.kind != "line":
        return True
    least = min((_least(one.values) for one in lines), default=0.0)
    return least >= 0 and least < _NEAR * _largest(lines)


def _least(values: Column) -> float:
    return 0.0 if np.isnan(values).all() else float(np.nanmin(values))


def _largest(lines: Sequence[Drawn]) -> float:
    found = [one.values for one in lines if not one.is_empty]
    return max((float(np.nanmax(np.abs(one))) for one in found), default=0.0)


def _numbers(values: Column) -> list[float | None]:
    """As JSON has them: six digits that count, None where missing."""
    known = np.abs(values[~np.isnan(values)])
    largest = float(known.max()) if known.size else 0.0
    if 0 < largest < 10.0**_DIGITS:
        values = np.round(values, _DIGITS - int(np.floor(np.log10(largest))))
    return [None if one != one else one for one in values.tolist()]


def _rfc(seconds: int) -> str:
    return _rfc_ms(seconds * 1000)


def _rfc_ms(milliseconds: int) -> str:
    return rfc3339(from_milliseconds(milliseconds))
