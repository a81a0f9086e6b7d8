"""Small graphs of the map's panels as SVG: latencies, a line over time. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.tracing.maps import wording
from apps.tracing.maps.latencies import Histogram, middle_us, percentile_us, upper_us
from apps.tracing.maps.servicemap import Figures

WIDE, HIGH = 320.0, 84.0
_BARS = 40
_MARKS = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str
    faults: float = 0

    @property
    def failed_y(self) -> float:
        """Failures stand at the foot of a bar."""
        return self.y + self.height - self.faults


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Graph:
    """`first` and `last` name the ends of the axis."""

    bars: Sequence[Bar]
    marks: Sequence[Mark]
    first: str
    last: str


def latencies(histogram: Histogram) -> Graph | None:
    """Calls by how long they took, on a scale where each step is a multiple; None
    without calls."""
    if not histogram:
        return None
    first, last = min(histogram), max(histogram)
    step = max(1, -(-(last - first + 1) // _BARS))
    many = -(-(last - first + 1) // step)
    counts = [0] * many
    for bucket, count in histogram.items():
        counts[(bucket - first) // step] += count
    wide, most = WIDE / max(many, 8), max(counts)
    bars = []
    for at, count in enumerate(counts):
        if count:
            high = max(1.5, (HIGH - 14) * count / most)
            ends = (
                upper_us(first + at * step - 1),
                upper_us(first + at * step + step - 1),
            )
            said = " to ".join(wording.milliseconds(end / 1_000) for end in ends)
            title = f"{said}: {count:,} calls"
            bars.append(Bar(at * wide, HIGH - high, max(1, wide - 1), high, title))
    marks = [
        Mark(
            min(WIDE, ((_bucket(found) - first) / step + 0.5) * wide),
            name,
            wording.milliseconds(found / 1_000),
        )
        for name, fraction in _MARKS
        if (found := percentile_us(histogram, fraction)) is not None
    ]
    return Graph(
        bars,
        marks,
        wording.milliseconds(middle_us(first) / 1_000),
        wording.milliseconds(middle_us(last) / 1_000),
    )


def _bucket(duration_us: float) -> float:
    return math.log(max(1.0, duration_us)) / math.log(upper_us(1))


def steps(
    timeline: Sequence[tuple[int, Figures]], step_s: int, high: float = HIGH
) -> list[Bar]:
    """Calls of each step, faults and errors within, on a width of `WIDE`."""
    most = max((figures.calls for _, figures in timeline), default=0)
    wide = WIDE / max(1, len(timeline))
    bars = []
    for at, (_, figures) in enumerate(timeline):
        tall = (high - 2) * figures.calls / most if most else 0.0
        tall = max(1.0, tall) if figures.calls else 0.0
        failed = tall * figures.failures / figures.calls if figures.calls else 0.0
        failed = max(1.5, failed) if figures.failures else 0.0
        title = f"{wording.rate(figures.calls, step_s)}"
        if figures.failures:
            title += f", {wording.share(figures.failures / figures.calls)} fail"
        bars.append(
            Bar(at * wide, high - tall, max(0.8, wide - 0.8), tall, title, failed)
        )
    return bars
