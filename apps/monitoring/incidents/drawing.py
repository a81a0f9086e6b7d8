"""Values of a rule against its threshold, as a figure. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.monitoring.charts.units import axis_format
from apps.monitoring.incidents.deciding import Value
from apps.search.charts import escaped
from apps.search.timerange import from_milliseconds, rfc3339

Figure = dict[str, Any]
_COLOURS = (3, 1, 6, 4, 2, 7, 5, 8)
MOST_LINES = 8
_FEW_POINTS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """Values of periods one after the other, from `start` on: seconds since 1970."""

    label: str
    start: int
    period_seconds: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """When something fired: seconds since 1970."""

    since: int
    until: int


def figure(
    lines: Sequence[Line],
    threshold: float | None,
    unit: str,
    firing: Iterable[Stretch] = (),
    height: int = 240,
) -> Figure:
    """Lines in the middle of their periods' ends, the threshold dashed, and behind
    them when it fired."""
    return {
        "data": [_trace(line, at, unit) for at, line in enumerate(lines[:MOST_LINES])],
        "layout": _layout(lines, threshold, unit, firing, height),
    }


def _trace(line: Line, at: int, unit: str) -> Figure:
    form, suffix = axis_format(unit, _largest([line]))
    digits = ".4~s" if form == "~s" else ",.5~r"
    colour = f"series-{_COLOURS[at % len(_COLOURS)]}"
    is_short = len(line.values) <= _FEW_POINTS
    text = f"%{{y:{digits}}}{escaped(suffix)} {escaped(line.label)}<extra></extra>"
    return {
        "type": "scatter",
        "mode": "lines+markers" if is_short else "lines",
        "name": line.label,
        "meta": at,
        "x": [
            _rfc(line.start + n * line.period_seconds) for n in range(len(line.values))
        ],
        "y": [None if not _is_known(one) else one for one in line.values],
        "connectgaps": False,
        "line": {"color": colour, "width": 1.6},
        "marker": {"color": colour, "size": 4, "line": {"width": 0}},
        "hovertemplate": text,
    }


def _layout(
    lines: Sequence[Line],
    threshold: float | None,
    unit: str,
    firing: Iterable[Stretch],
    height: int,
) -> Figure:
    largest = max(_largest(lines), abs(threshold or 0))
    form, suffix = axis_format(unit, largest)
    yaxis: Figure = {
        "fixedrange": True,
        "nticks": 5,
        "tickformat": form,
        "ticksuffix": suffix,
        "rangemode": "tozero",
    }
    if largest:
        least = min(0.0, _least(lines), threshold or 0.0)
        yaxis["range"] = [least * 1.08, largest * 1.08]
    return {
        "height": height,
        "margin": {"l": 60, "r": 12, "t": 10, "b": 26},
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": False,
        "xaxis": {"type": "date", "fixedrange": True, "showgrid": False},
        "yaxis": yaxis,
        "shapes": [*map(_behind, firing), *_level(threshold)],
    }


def _behind(one: Stretch) -> Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": _rfc(one.since),
        "x1": _rfc(one.until),
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "fillcolor": "bad/0.14",
    }


def _level(threshold: float | None) -> list[Figure]:
    if threshold is None:
        return []
    place = {"xref": "paper", "x0": 0, "x1": 1, "y0": threshold, "y1": threshold}
    return [
        {
            "type": "line",
            **place,
            "line": {"color": "bad", "width": 1.2, "dash": "dash"},
        }
    ]


def _largest(lines: Sequence[Line]) -> float:
    return max(
        (
            abs(one)
            for line in lines
            for one in line.values
            if one is not None and _is_known(one)
        ),
        default=0.0,
    )


def _least(lines: Sequence[Line]) -> float:
    return min(
        (
            one
            for line in lines
            for one in line.values
            if one is not None and _is_known(one)
        ),
        default=0.0,
    )


def _is_known(value: Value) -> bool:
    return value is not None and math.isfinite(value)


def _rfc(seconds: int) -> str:
    return rfc3339(from_milliseconds(seconds * 1_000))
