"""Rows of monitoring, a file for each room."""

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
    "MetricSeries",
    "ReadDashboard",
    "SampleCoverage",
]
