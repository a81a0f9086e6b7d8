"""The histogram of latencies as the parts of a drawing: places in percent across."""

from __future__ import annotations

import math
from dataclasses import dataclass

from apps.tracing.traces.distribution import Bar, Distribution
from apps.tracing.traces.durations import shown

HEIGHT = 92
_LEAST = 2.0
_GAP = 0.12
_LABEL = 18.0
_RIGHT = 89.0


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """`y` and heights in pixels, from the top; failed ones lie at the bottom."""

    x: float
    width: float
    y: float
    height: float
    failed_y: float
    failed_height: float
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """`anchor`: which end of its label stands at its place; no label where another
    one stands."""

    x: float
    label: str
    anchor: str = "middle"
    is_labelled: bool = True


@dataclass(frozen=True, slots=True)
class LatencyChart:
    bars: tuple[DrawnBar, ...]
    ticks: tuple[Mark, ...]
    percentiles: tuple[Mark, ...]
    lower_ms: float
    upper_ms: float
    brush_x: float | None
    brush_width: float
    height: int = HEIGHT


def drawn(
    found: Distribution, brush: tuple[float, float] | None = None
) -> LatencyChart:
    most = max(bar.count for bar in found.bars)
    bars = tuple(_bar(found, bar, most) for bar in found.bars if bar.count)
    left = right = None
    if brush is not None:
        left = 100 * found.place(brush[0])
        right = 100.0 if math.isinf(brush[1]) else 100 * found.place(brush[1])
    return LatencyChart(
        bars,
        tuple(Mark(100 * found.place(ms), shown(ms)) for ms in found.ticks),
        _percentiles(found),
        found.lower_ms,
        found.upper_ms,
        left,
        0.0 if left is None or right is None else max(right - left, 0.2),
    )


def _bar(found: Distribution, bar: Bar, most: int) -> DrawnBar:
    x = 100 * found.place(bar.from_ms)
    height = max(_LEAST, HEIGHT * bar.count / most)
    failed = max(_LEAST, height * bar.failed / bar.count) if bar.failed else 0.0
    title = f"{bar.count:,} traces of {shown(bar.from_ms)} to {shown(bar.to_ms)}"
    if bar.failed:
        title += f", {bar.failed:,} failed"
    width = max(100 * found.place(bar.to_ms) - x - 2 * _GAP, _GAP)
    return DrawnBar(
        x + _GAP, width, HEIGHT - height, height, HEIGHT - failed, failed, title
    )


def _percentiles(found: Distribution) -> tuple[Mark, ...]:
    p50, p95, p99 = (
        100 * found.place(ms) for ms in (found.p50_ms, found.p95_ms, found.p99_ms)
    )
    return (
        Mark(p50, f"p50 {shown(found.p50_ms)}", "end", p95 - p50 > _LABEL),
        Mark(p95, f"p95 {shown(found.p95_ms)}", "end"),
        Mark(
            p99,
            f"p99 {shown(found.p99_ms)}",
            "start" if p99 < _RIGHT else "end",
            p99 < _RIGHT or p99 - p95 > _LABEL,
        ),
    )
