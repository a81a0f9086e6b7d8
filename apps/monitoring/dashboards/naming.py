"""The series that a dashboard names: they are collected though nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from apps.discovery.accounts import Viewer
from apps.monitoring.charts.specs import ChartSpec, SpecError
from apps.monitoring.dashboards import found
from apps.monitoring.dashboards.layouts import DashboardSpec, Panel
from apps.monitoring.dashboards.spreading import Find, Pattern, spread
from apps.monitoring.dashboards.variables import Choices, choose
from apps.monitoring.metrics import interest
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import Dashboard

# What a dashboard may keep fresh; the daily budget is the stricter bound.
MOST_NAMED = 2_000


def note_series(board: Dashboard, spec: DashboardSpec, viewer: Viewer) -> None:
    """Keep what the dashboard shows when it is opened as it was saved, and no longer
    what it showed before. Series of accounts that `viewer` may not see are left out,
    and so are those found after it was saved: they are kept from the next time on.
    """
    interest.note_named(series_of(spec, viewer), _by(board.pk))


def forget_series(board_id: int) -> None:
    """The dashboard is gone: nothing is kept for it."""
    interest.note_named([], _by(board_id))


def series_of(spec: DashboardSpec, viewer: Viewer) -> list[int]:
    """Ids of the first MOST_NAMED known series, with variables at their defaults."""
    choices = choose(spec.variables, {})

    @cache
    def find(pattern: Pattern) -> list[MetricKey]:
        return found.series_of(pattern, viewer)

    keys: dict[MetricKey, None] = {}
    for panel in spec.panels:
        if len(keys) < MOST_NAMED:
            keys |= dict.fromkeys(_keys(panel, choices, find))
    return list(found.ids_of(list(keys)[:MOST_NAMED], viewer))


def _keys(panel: Panel, choices: Choices, find: Find) -> Iterator[MetricKey]:
    if panel.kind == "text":
        return
    try:
        yield from ChartSpec.parse(spread(panel.chart, choices, find).chart).keys()
    except SpecError:
        # Such a panel says on screen that it cannot be drawn.
        return


def _by(board_id: int) -> str:
    return f"dashboard:{board_id}"
