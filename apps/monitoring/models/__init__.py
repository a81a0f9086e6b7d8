"""Rows of monitoring, a file for each room."""

from apps.monitoring.models.alarms import AlarmChange, AlarmScope, CloudWatchAlarm
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
from apps.monitoring.models.incidents import (
    AlertRule,
    Backtest,
    EvaluationHour,
    Incident,
    IncidentEvent,
    RuleOutage,
    RuleState,
    RuleVersion,
)
from apps.monitoring.models.logclaims import ClaimedLine
from apps.monitoring.models.logqueries import LogQueryDay, LogQueryRows, LogQueryRun
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
from apps.monitoring.models.notifications import (
    Attempt,
    Channel,
    Delivery,
    EscalationPolicy,
    EscalationStep,
    EscalationTurn,
    Matter,
    Route,
)
from apps.monitoring.models.samples import MetricChunk, SampleCoverage
from apps.monitoring.models.silences import Silence

__all__ = [
    "AlarmChange",
    "AlarmScope",
    "AlertRule",
    "Attempt",
    "Backtest",
    "Channel",
    "ClaimedLine",
    "CloudWatchAlarm",
    "Dashboard",
    "DashboardRead",
    "DashboardVersion",
    "Delivery",
    "EscalationPolicy",
    "EscalationStep",
    "EscalationTurn",
    "EvaluationHour",
    "Incident",
    "IncidentEvent",
    "LogArchive",
    "LogCoverage",
    "LogGroup",
    "LogOutage",
    "LogPoll",
    "LogQueryDay",
    "LogQueryRows",
    "LogQueryRun",
    "LogScope",
    "LogShard",
    "LogSource",
    "LogStream",
    "Matter",
    "MetricChunk",
    "MetricDay",
    "MetricExclusion",
    "MetricOutage",
    "MetricPlan",
    "MetricScope",
    "MetricSeries",
    "MetricSpend",
    "ReadDashboard",
    "Route",
    "RuleOutage",
    "RuleState",
    "RuleVersion",
    "SampleCoverage",
    "SeriesInterest",
    "SeriesReading",
    "Silence",
    "WantedStatistic",
]
