"""An alarm beside the points that are stored: its chart, and what it makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from apps.discovery.accounts import Viewer
from apps.monitoring.alarms.deciding import Decision, Point, Rule, decide, newest_read
from apps.monitoring.alarms.watched import NotShown, watched
from apps.monitoring.charts import panels, units
from apps.monitoring.charts.computing import Computed, compute
from apps.monitoring.charts.grids import RAW_POINTS
from apps.monitoring.charts.panels import Panel
from apps.monitoring.dashboards import layouts, levels
from apps.monitoring.models import CloudWatchAlarm
from apps.search.timerange import TimeRange

# Points arrive late: the newest ones that are read may be so many periods old.
_LATE_PERIODS = 15
_LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an alarm makes of the newest points; `computed` is what they are of."""

    rule: Rule
    decision: Decision
    computed: Computed
    unit: str

    @property
    def points(self) -> list[tuple[datetime, str, str]]:
        """When each began, its value with its unit, and what it counts as."""
        return [
            (one.at, units.shown(one.value, self.unit), _word(one))
            for one in self.decision.points
        ]


def evaluate(row: CloudWatchAlarm, viewer: Viewer, now: datetime) -> Evaluated:
    """Raises NotShown, which says what there is to know instead."""
    spec, judged = watched(row.settings, (row.account, row.region))
    rule = Rule.of(row.settings, spec.period)
    back = (rule.looks_at + _LATE_PERIODS) * timedelta(seconds=rule.period) + _LATE
    computed = compute(spec, TimeRange(now - back, now), viewer, now, RAW_POINTS)
    line = next((one for one in computed.lines if one.line.id == judged), None)
    if line is None or line.problem:
        raise NotShown(line.problem if line else "what it watches is not drawn")
    if computed.grid.period_seconds != rule.period:
        raise NotShown("its newest points are only kept in longer periods")
    read = newest_read(rule, line.covered, int(now.timestamp()))
    times = computed.grid.times
    looked_at = np.flatnonzero((times >= read.since) & (times < read.until))
    decision = decide(
        rule, line.values[looked_at].tolist(), times[looked_at].tolist(), row.state
    )
    return Evaluated(rule, decision, computed, line.unit)


def drawn(
    row: CloudWatchAlarm, span: TimeRange, viewer: Viewer, now: datetime
) -> Panel:
    """The chart of what it watches, with its threshold. Raises NotShown."""
    spec, _ = watched(row.settings, (row.account, row.region))
    panel = panels.panel(spec, span, viewer, now, "alarm-chart")
    threshold = row.settings.get("Threshold")
    if threshold is None:
        return panel
    level = layouts.Threshold(float(threshold), f"alarm {threshold:g}")
    board = layouts.Panel("p1", "chart", 0, 0, 1, 1, thresholds=(level,))
    return replace(panel, figure=levels.with_levels(panel.figure, board))


def _word(point: Point) -> str:
    return {None: "missing", True: "breaching", False: "fine"}[point.breach]
