"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.dashboards import (
    Dashboard,
    DashboardRead,
    DashboardVersion,
    ReadDashboard,
)
from apps.monitoring.models.metrics import MetricSeries

__all__ = [
    "Dashboard",
    "DashboardRead",
    "DashboardVersion",
    "MetricSeries",
    "ReadDashboard",
]
