"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.collection import (
    MetricDay,
    MetricExclusion,
    MetricOutage,
    MetricPlan,
    MetricScope,
    MetricSpend,
    SeriesInterest,
    SeriesReading,
    WantedStatistic,
)
from apps.monitoring.models.dashboards import (
    Dashboard,
    DashboardRead,
    DashboardVersion,
    ReadDashboard,
)
from apps.monitoring.models.metrics import MetricSeries
from apps.monitoring.models.samples import MetricChunk, SampleCoverage

__all__ = [
    "Dashboard",
    "DashboardRead",
    "DashboardVersion",
    "MetricChunk",
    "MetricDay",
    "MetricExclusion",
    "MetricOutage",
    "MetricPlan",
    "MetricScope",
    "MetricSeries",
    "MetricSpend",
    "ReadDashboard",
    "SampleCoverage",
    "SeriesInterest",
    "SeriesReading",
    "WantedStatistic",
]
