"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.metrics import MetricSeries

__all__ = ["MetricSeries"]
