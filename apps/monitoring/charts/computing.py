"""The numbers of a chart, from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from apps.discovery.accounts import Viewer
from apps.monitoring.charts import grids, units
from apps.monitoring.charts.baselines import HISTORY_SECONDS, Usual, usual
from apps.monitoring.charts.evaluation import Evaluated, Evaluation
from apps.monitoring.charts.functions import Column
from apps.monitoring.charts.grids import DRAWN_POINTS, Grid
from apps.monitoring.charts.specs import (
    COMPARISONS,
    ChartSpec,
    MetricLine,
    SpecLine,
)
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import MERGEABLE, Interval, Line, Wanted
from apps.monitoring.models import MetricSeries
from apps.search.timerange import TimeRange

UNKNOWN = "This metric is not known, or its account is not yours to see"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A line that is to be seen.

    `values`: for each period of the chart, NaN where there is none. `before`: what
    they were at the time compared with. `covered`: what was read of all metrics that
    the line is made of. `problem`: why there are no values, in words.
    """

    line: SpecLine
    label: str
    unit: str
    values: Column
    before: Column | None
    covered: tuple[Interval, ...]
    provisional_since: int | None
    problem: str = ""
    # The line's place in the chart, which gives it its colour.
    at: int = 0

    @property
    def is_empty(self) -> bool:
        return bool(np.isnan(self.values).all())


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A chart with its numbers. `series` are the rows it was drawn from."""

    spec: ChartSpec
    span: TimeRange
    now: datetime
    grid: Grid
    lines: tuple[Drawn, ...]
    band: Usual | None
    series: Mapping[MetricKey, int]
    # The periods of what is compared with: longer ones where only those are kept.
    before_period_seconds: int = 0

    @property
    def gaps(self) -> tuple[Interval, ...]:
        """The parts of the range, until now, that were read for none of the lines."""
        until = min(self.span.until, self.now)
        covered = [one.covered for one in self.lines if not one.problem]
        if not covered:
            return ()
        since = int(self.span.since.timestamp())
        return grids.uncovered(covered, since, int(until.timestamp()))


def compute(
    spec: ChartSpec,
    span: TimeRange,
    viewer: Viewer,
    now: datetime,
    most: int = DRAWN_POINTS,
) -> Computed:
    """The lines of a chart over a range, at most `most` points each.

    One read for the range, one for what it is compared with, one for what is usual.
    """
    asking = _Asking(spec, _known_series(spec, viewer), int(now.timestamp()))
    since, until = int(span.since.timestamp()), -int(-span.until.timestamp() // 1)
    period = grids.fitting_period(since, until, spec.period, most)
    at = asking.evaluated(Grid.over(since, until, period))
    shift = COMPARISONS[spec.compare]
    before = asking.evaluated(at.grid.shifted(shift)) if shift else None
    drawn = tuple(
        replace(_drawn(line, at, before, asking), at=number)
        for number, line in enumerate(spec.lines)
        if not line.is_hidden
    )
    band = asking.band(at.grid)
    kept = before.grid.period_seconds if before else 0
    return Computed(spec, span, now, at.grid, drawn, band, asking.series, kept)


def _known_series(spec: ChartSpec, viewer: Viewer) -> dict[MetricKey, int]:
    keys = spec.keys()
    by_digest = {key.digest: key for key in keys}
    rows = MetricSeries.objects.visible_to(viewer).of_keys(keys)
    return {by_digest[digest]: pk for digest, pk in rows.values_list("digest", "pk")}


@dataclass(frozen=True, slots=True)
class _Asking:
    """A chart's question to the store, for any stretch of time."""

    spec: ChartSpec
    series: Mapping[MetricKey, int]
    now: int

    def evaluated(self, grid: Grid) -> Evaluated:
        """All lines in the periods of a grid, or in the longer ones that are kept."""
        read = self._read(grid)
        longest = max((one.period_seconds for one in read.values()), default=0)
        if longest > grid.period_seconds:
            grid = Grid.over(grid.start, grid.until, longest)
            read = self._read(grid)
        missing = {
            line.id: UNKNOWN
            for line in self.spec.lines
            if isinstance(line, MetricLine) and line.key not in self.series
        }
        return Evaluation(self.spec, grid, read, missing).run()

    def _read(self, grid: Grid) -> dict[str, Line]:
        wanted = {
            line.id: Wanted(self.series[line.key], line.statistic)
            for line in self.spec.lines
            if isinstance(line, MetricLine) and line.key in self.series
        }
        once = list(dict.fromkeys(wanted.values()))
        if not once or not grid.count:
            return {}
        found = samples.read(
            once, grid.start, grid.until, grid.period_seconds, self.now
        )
        return {line_id: found[one] for line_id, one in wanted.items()}

    def band(self, grid: Grid) -> Usual | None:
        if self.spec.band is None:
            return None
        past = Grid.over(grid.start - HISTORY_SECONDS, grid.start, grid.period_seconds)
        then = self.evaluated(past)
        values = then.lines[self.spec.band.of].values
        line = next(one for one in self.spec.lines if one.id == self.spec.band.of)
        values = values * _share(line, grid, then.grid)
        return usual((then.grid.times, values), grid.times, self.spec.band.width)


def _drawn(
    line: SpecLine, at: Evaluated, before: Evaluated | None, asking: _Asking
) -> Drawn:
    found = at.lines[line.id]
    earlier = _earlier(line, before, at.grid) if before else None
    return Drawn(
        line=line,
        label=label_of(line),
        unit=_unit(line, asking.spec),
        values=found.values,
        before=earlier,
        covered=found.covered,
        provisional_since=found.provisional_since,
        problem=found.problem,
    )


def _earlier(line: SpecLine, before: Evaluated, grid: Grid) -> Column:
    values = _stretched(before.lines[line.id].values, grid)
    return values * _share(line, grid, before.grid)


def _share(line: SpecLine, grid: Grid, longer: Grid) -> float:
    """The part of a longer period's value that belongs to one of the grid: roll-ups
    add up what a shorter period has a part of."""
    if isinstance(line, MetricLine) and line.statistic in ("Sum", "SampleCount"):
        return grid.period_seconds / longer.period_seconds
    return 1.0


def _stretched(values: Column, grid: Grid) -> Column:
    """Values of the past at as many points, where only longer periods are kept."""
    if values.size == grid.count or not values.size:
        return values if values.size else np.full(grid.count, np.nan)
    places = np.arange(grid.count) * values.size // max(grid.count, 1)
    return values[places]


def label_of(line: SpecLine) -> str:
    """What a line is called where nobody named it."""
    if line.label:
        return line.label
    if not isinstance(line, MetricLine):
        return line.expression
    values = ", ".join(value for _, value in line.key.dimensions)
    return f"{line.key.name} {line.statistic}" + (f" · {values}" if values else "")


def _unit(line: SpecLine, spec: ChartSpec) -> str:
    if spec.y.unit and line.axis == "left":
        return spec.y.unit
    if isinstance(line, MetricLine):
        return units.unit_of(line.key, line.statistic)
    return ""


def unmerged(spec: ChartSpec) -> tuple[tuple[MetricKey, str], ...]:
    """The metrics and statistics that only exist at periods they were asked for."""
    return tuple(
        (line.key, line.statistic)
        for line in spec.lines
        if isinstance(line, MetricLine) and line.statistic not in MERGEABLE
    )
