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
from apps.monitoring.models.metrics import MetricSeries

__all__ = [
    "MetricDay",
    "MetricExclusion",
    "MetricOutage",
    "MetricPlan",
    "MetricScope",
    "MetricSeries",
    "MetricSpend",
    "SeriesInterest",
    "SeriesReading",
    "WantedStatistic",
]
