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
_ROOM = 0.08


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
    threshold: float,
    unit: str,
    firing: Iterable[Stretch] = (),
    height: int = 240,
) -> Figure:
    """Lines over time, the threshold dashed, and behind them when it fired."""
    shown = lines[:MOST_LINES]
    begins = min(one.start for one in shown)
    ends = max(one.start + len(one.values) * one.period_seconds for one in shown)
    span = (_rfc(begins), _rfc(ends))
    return {
        "data": [_trace(line, at, unit) for at, line in enumerate(shown)],
        "layout": {
            "height": height,
            "margin": {"l": 60, "r": 12, "t": 10, "b": 26},
            "showlegend": False,
            "hovermode": "x unified",
            "dragmode": False,
            "xaxis": {
                "type": "date",
                "fixedrange": True,
                "showgrid": False,
                "range": list(span),
            },
            "yaxis": _axis(shown, threshold, unit),
            "shapes": [
                *(_behind(one, (begins, ends)) for one in firing),
                _level(threshold, span),
            ],
        },
    }


def _trace(line: Line, at: int, unit: str) -> Figure:
    form, suffix = axis_format(unit, _largest([line]))
    digits = ".4~s" if form == "~s" else ",.5~r"
    colour = f"series-{_COLOURS[at % len(_COLOURS)]}"
    count = len(line.values)
    text = f"%{{y:{digits}}}{escaped(suffix)} {escaped(line.label)}<extra></extra>"
    return {
        "type": "scatter",
        "mode": "lines+markers" if count <= _FEW_POINTS else "lines",
        "name": line.label,
        "meta": at,
        "x": [_rfc(line.start + n * line.period_seconds) for n in range(count)],
        "y": [one if _is_known(one) else None for one in line.values],
        "connectgaps": False,
        "line": {"color": colour, "width": 1.6},
        "marker": {"color": colour, "size": 4, "line": {"width": 0}},
        "hovertemplate": text,
    }


def _axis(lines: Sequence[Line], threshold: float, unit: str) -> Figure:
    """Zero, all values and the threshold are in sight."""
    known = [one for line in lines for one in line.values if _is_known(one)]
    numbers = [float(one) for one in known if one is not None]
    largest = max([*numbers, threshold, 0.0])
    least = min([*numbers, threshold, 0.0])
    form, suffix = axis_format(unit, max(abs(largest), abs(least)))
    room = (largest - least or 1.0) * _ROOM
    return {
        "fixedrange": True,
        "nticks": 5,
        "tickformat": form,
        "ticksuffix": suffix,
        "range": [least - (room if least < 0 else 0), largest + room],
    }


def _behind(one: Stretch, span: tuple[int, int]) -> Figure:
    since, until = max(one.since, span[0]), min(one.until, span[1])
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": _rfc(since),
        "x1": _rfc(max(since, until)),
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "fillcolor": "bad/0.12",
    }


def _level(threshold: float, span: tuple[str, str]) -> Figure:
    return {
        "type": "line",
        "xref": "x",
        "x0": span[0],
        "x1": span[1],
        "yref": "y",
        "y0": threshold,
        "y1": threshold,
        "line": {"color": "bad/0.7", "width": 1.2, "dash": "dash"},
    }


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


def _is_known(value: Value) -> bool:
    return value is not None and math.isfinite(value)


def _rfc(seconds: int) -> str:
    return rfc3339(from_milliseconds(seconds * 1_000))
