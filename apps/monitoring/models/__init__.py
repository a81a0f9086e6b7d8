"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.logclaims import ClaimedLine
from apps.monitoring.models.logs import (
    LogArchive,
    LogCoverage,
    LogGroup,
    LogOutage,
    LogPoll,
    LogScope,
    LogShard,
    LogSource,
    LogStream,
)
from apps.monitoring.models.metrics import MetricSeries

__all__ = [
    "ClaimedLine",
    "LogArchive",
    "LogCoverage",
    "LogGroup",
    "LogOutage",
    "LogPoll",
    "LogScope",
    "LogShard",
    "LogSource",
    "LogStream",
    "MetricSeries",
]
