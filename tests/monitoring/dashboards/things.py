"""Dashboards as tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from apps.monitoring.dashboards.layouts import DashboardSpec
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import MetricSeries
from tests.factories import ACCOUNT, NOON

REGION = "eu-west-1"


def a_line(**fields: Any) -> dict[str, Any]:
    """A line of a chart: errors of the function that a variable names."""
    return {
        "id": "a",
        "account": ACCOUNT,
        "region": REGION,
        "namespace": "AWS/Lambda",
        "name": "Errors",
        "dimensions": {"FunctionName": "${function}"},
        "statistic": "Sum",
    } | fields


def a_panel(**fields: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "kind": "chart",
        "x": 0,
        "y": 0,
        "w": 12,
        "h": 6,
        "title": "Errors of ${function}",
        "chart": {"kind": "line", "period": 60, "lines": [a_line()]},
    } | fields


def a_text(**fields: Any) -> dict[str, Any]:
    panel = a_panel(kind="text", title="", text="Read the *runbook*.")
    del panel["chart"]
    return panel | fields


def a_variable(**fields: Any) -> dict[str, Any]:
    return {
        "name": "function",
        "kind": "dimension",
        "namespace": "AWS/Lambda",
        "dimension": "FunctionName",
    } | fields


def a_layout(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Shop",
        "variables": [a_variable()],
        "panels": [a_panel()],
    } | fields


def a_spec(**fields: Any) -> DashboardSpec:
    return DashboardSpec.parse(a_layout(**fields))


def a_key(function: str, name: str = "Errors", account: str = ACCOUNT) -> MetricKey:
    place = (account, REGION)
    return MetricKey.of(place, "AWS/Lambda", name, {"FunctionName": function})


def store_series(*keys: MetricKey) -> list[MetricSeries]:
    """Rows for metrics, as a listing would have found them."""
    rows = [MetricSeries.made_of(key, NOON) for key in keys]
    return MetricSeries.objects.bulk_create(rows)


def draw_samples(key: MetricKey, sums: Sequence[float]) -> MetricSeries:
    """A stored series with a sum for each minute from noon on."""
    row = store_series(key)[0]
    times = int(NOON.timestamp()) + 60 * np.arange(len(sums), dtype=np.int64)
    values = np.array(sums, dtype=np.float64)
    ones = np.ones(len(sums))
    read_at = int(times[-1]) + 3_600
    samples.write(row.pk, 60, Samples(times, ones, values, values, values), read_at)
    covered = Interval(int(times[0]), int(times[-1]) + 60)
    samples.note_covered([row.pk], 60, covered, read_at)
    return row
