"""What an alarm says, in a sentence. Pure."""

from typing import Any

from apps.monitoring.alarms.records import COMPOSITE

_SIGNS = {
    "GreaterThanOrEqualToThreshold": "at least",
    "GreaterThanThreshold": "more than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "at most",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the band",
    "LessThanLowerThreshold": "below the band",
    "GreaterThanUpperThreshold": "above the band",
}
_MINUTE = 60


def condition(kind: str, settings: dict[str, Any]) -> str:
    """When the alarm goes off: `p99 of Latency at least 0.5 for 3 of 3 minutes`."""
    if kind == COMPOSITE:
        return str(settings.get("AlarmRule", ""))
    return " ".join(filter(None, (_what(settings), _bound(settings), _when(settings))))


def _what(settings: dict[str, Any]) -> str:
    if name := settings.get("MetricName"):
        statistic = settings.get("Statistic") or settings.get("ExtendedStatistic")
        return f"{statistic} of {settings.get('Namespace')} {name}"
    for query in settings.get("Metrics", ()):
        if query.get("ReturnData", True):
            return str(query.get("Label") or query.get("Expression") or query["Id"])
    return ""


def _bound(settings: dict[str, Any]) -> str:
    sign = _SIGNS.get(settings.get("ComparisonOperator", ""), "")
    threshold = settings.get("Threshold")
    return sign if threshold is None else f"{sign} {threshold:g}"


def _when(settings: dict[str, Any]) -> str:
    periods = settings.get("EvaluationPeriods")
    if not periods:
        return ""
    needed = settings.get("DatapointsToAlarm", periods)
    length = _length(settings)
    of = f"{needed} of {periods}" if needed != periods else str(periods)
    return f"for {of} {'period' if periods == 1 else 'periods'}{length}"


def _length(settings: dict[str, Any]) -> str:
    periods = [query.get("MetricStat", {}).get("Period") or query.get("Period")
               for query in settings.get("Metrics", ())]  # fmt: skip
    seconds = settings.get("Period") or next(filter(None, periods), None)
    if not seconds:
        return ""
    if seconds % _MINUTE:
        return f" of {seconds} s"
    return f" of {seconds // _MINUTE} min"
