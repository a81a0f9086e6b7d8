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
from apps.monitoring.models.metrics import (
    MetricSeries,
)
from apps.monitoring.models.samples import (
    MetricChunk,
    SampleCoverage,
)

__all__ = [
    "MetricChunk",
    "MetricDay",
    "MetricExclusion",
    "MetricOutage",
    "MetricPlan",
    "MetricScope",
    "MetricSeries",
    "MetricSpend",
    "SampleCoverage",
    "SeriesInterest",
    "SeriesReading",
    "WantedStatistic",
]
