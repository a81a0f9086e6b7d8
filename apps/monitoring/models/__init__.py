"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.alarms import AlarmChange, AlarmScope, CloudWatchAlarm
from apps.monitoring.models.metrics import MetricSeries
from apps.monitoring.models.samples import MetricChunk, SampleCoverage

__all__ = ["AlarmChange", "AlarmScope", "CloudWatchAlarm", "MetricSeries"]
__all__ = ["MetricChunk", "MetricSeries", "SampleCoverage"]
