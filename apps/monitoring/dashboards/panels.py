"""One panel of a dashboard, drawn: a chart, a table, or single values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from apps.monitoring.charts import panels as charts
from apps.monitoring.charts.computing import UNKNOWN, Computed, Drawn, unmerged
from apps.monitoring.charts.functions import Column
from apps.monitoring.charts.notes import Note
from apps.monitoring.charts.specs import COMPARISONS, ChartSpec, SpecError
from apps.monitoring.charts.units import shown
from apps.monitoring.dashboards import found, levels
from apps.monitoring.dashboards.layouts import Panel
from apps.monitoring.dashboards.shown import Look
from apps.monitoring.dashboards.spreading import MOST_LINES, Spread, spread
from apps.monitoring.metrics import interest

# A sparkline is as wide as a panel: more points than these cannot be told apart.
_SPARK_POINTS = 120
_SPARK_WIDTH, _SPARK_HEIGHT = 100, 28
_UNSEEN = "no metric is known by that name in an account that you may see"
# What is said below a panel; the rest of what is to know is in its menu.
_URGENT = ("problem", "uncollected", "empty")
_SINCE = {"1d": "a day before", "1w": "a week before", "4w": "four weeks before"}


class PanelProblem(ValueError):
    """Why a panel cannot be drawn, in words."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A line in numbers. Texts have their unit; `at` is when the newest one began."""

    label: str
    newest: str
    at: datetime | None
    average: str
    lowest: str
    highest: str
    change: str = ""
    compared: str = ""
    spark: str = ""
    problem: str = ""


def context(panel: Panel, look: Look) -> dict[str, Any]:
    """What `monitoring/board_panel.html` needs. Raises PanelProblem."""
    spreading = spread(
        panel.chart, look.choices, lambda pattern: found.series_of(pattern, look.viewer)
    )
    spec = _spec(spreading)
    if not spec.lines:
        raise PanelProblem(_nothing(spreading))
    drawn = charts.panel(spec, look.span, look.viewer, look.now, f"chart-{panel.id}")
    computed = drawn.computed
    interest.note_looked(list(computed.series.values()), look.now, look.by)
    _want_statistics(computed, look.now)
    said = {
        "said": _said(spreading, computed),
        "chart": drawn,
        "first_note": _first_note(drawn),
        "period_ms": computed.grid.period_seconds * 1_000,
    }
    if panel.kind == "chart":
        return said | {"figure": levels.with_levels(drawn.figure, panel)}
    return said | {"figures": figures(computed)}


def _first_note(drawn: charts.Panel) -> Note | None:
    """What has to be read below a panel. Unknown metrics are told in a sentence of
    their own, all at once."""
    urgent = (one for one in drawn.notes if one.kind in _URGENT)
    return next((one for one in urgent if UNKNOWN not in one.text), None)


def _want_statistics(computed: Computed, now: datetime) -> None:
    """Have percentiles read from now on, at the period they are drawn at."""
    for key, statistic in unmerged(computed.spec):
        if key in computed.series:
            period = computed.grid.period_seconds
            interest.want_statistic(computed.series[key], statistic, period, now)


def _spec(spreading: Spread) -> ChartSpec:
    try:
        return ChartSpec.parse(spreading.chart)
    except SpecError as error:
        raise PanelProblem(f"The chart cannot be read: {error}") from error


def _nothing(spreading: Spread) -> str:
    if not spreading.unfound:
        return "Nothing is on this chart yet."
    return f"{spreading.unfound[0]}: {_UNSEEN}."


def _said(spreading: Spread, drawn: Computed) -> list[str]:
    """What a reader has to know about what they do not see."""
    said = []
    if spreading.left_out:
        whole = spreading.left_out + MOST_LINES
        said.append(f"The first {MOST_LINES} of {whole:,} lines are drawn.")
    said += [f"{one}: {_UNSEEN}." for one in spreading.unfound[:3]]
    unknown = len(drawn.spec.keys()) - len(drawn.series)
    if unknown:
        many = "metrics are" if unknown > 1 else "metric is"
        said.append(
            f"{unknown} {many} not shown: not known, or of an account that you may "
            "not see."
        )
    return said


def figures(drawn: Computed) -> list[Figures]:
    """Every line that is to be seen, in numbers."""
    times = drawn.grid.times
    return [_figures(line, times, drawn.spec.compare) for line in drawn.lines]


def _figures(line: Drawn, times: Any, compare: str) -> Figures:
    at = newest_place(line, times)
    if at is None:
        empty = shown(np.nan, "")
        reason = line.problem.replace(UNKNOWN, "Not known") or "No data in this range"
        return Figures(line.label, empty, None, empty, empty, empty, problem=reason)
    known = line.values[~np.isnan(line.values)]
    made = Figures(
        label=line.label,
        newest=shown(float(line.values[at]), line.unit),
        at=datetime.fromtimestamp(int(times[at]), UTC),
        average=shown(float(known.mean()), line.unit),
        lowest=shown(float(known.min()), line.unit),
        highest=shown(float(known.max()), line.unit),
        spark=spark(line.values),
    )
    if line.before is None or not COMPARISONS[compare]:
        return made
    earlier = float(line.before[at])
    if not np.isfinite(earlier):
        return replace(made, compared=f"nothing {_SINCE[compare]}")
    return replace(
        made,
        change=change(float(line.values[at]), earlier),
        compared=f"{shown(earlier, line.unit)} {_SINCE[compare]}",
    )


def newest_place(line: Drawn, times: Any) -> int | None:
    """Where the newest value is that CloudWatch no longer changes; where there is
    none, the newest of all."""
    places = np.flatnonzero(~np.isnan(line.values))
    if not places.size:
        return None
    if line.provisional_since is not None:
        settled = places[times[places] < line.provisional_since]
        places = settled if settled.size else places
    return int(places[-1])


def change(now: float, before: float) -> str:
    """How far a value is from another, in percent of that one."""
    if not np.isfinite(before):
        return ""
    if before == 0:
        return "±0 %" if now == 0 else ""
    return f"{(now - before) / abs(before) * 100:+,.1f} %".replace("-", "\u2212")


def spark(values: Column) -> str:
    """A line's course as the path of an SVG 100 wide and 28 high; "" for no course."""
    thinned = _thinned(values)
    known = thinned[~np.isnan(thinned)]
    if known.size < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = float(known.min()), float(known.max())
    scale = (_SPARK_HEIGHT - 4) / (high - low) if high > low else 0.0
    steps: list[str] = []
    is_begun = False
    for place, value in enumerate(thinned):
        if np.isnan(value):
            is_begun = False
            continue
        x = place * _SPARK_WIDTH / max(1, thinned.size - 1)
        y = _SPARK_HEIGHT - 2 - (float(value) - low) * scale
        steps.append(f"{'L' if is_begun else 'M'}{x:.1f} {y:.1f}")
        is_begun = True
    return " ".join(steps)


def _thinned(values: Column) -> Column:
    """At most so many points, each the mean of what it stands for."""
    every = -(-values.size // _SPARK_POINTS)
    if every <= 1:
        return values
    padded = np.full(-(-values.size // every) * every, np.nan)
    padded[: values.size] = values
    rows = padded.reshape(-1, every)
    counts = np.count_nonzero(~np.isnan(rows), axis=1)
    sums = np.nansum(rows, axis=1)
    thinned: Column = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return thinned
