"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.metrics import MetricSeries
from apps.monitoring.models.samples import MetricChunk, SampleCoverage

__all__ = ["MetricChunk", "MetricSeries", "SampleCoverage"]
