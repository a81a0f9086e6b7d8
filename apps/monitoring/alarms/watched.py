"""The chart of what an alarm watches, made of its settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.monitoring.charts.specs import PERIODS, ChartSpec, SpecError

Json = Mapping[str, Any]
Where = tuple[str, str]
"""Account and region."""

_BANDS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


class NotShown(ValueError):
    """Why there is no chart of an alarm, in words."""


def watched(settings: Json, where: Where) -> tuple[ChartSpec, str]:
    """The chart at the alarm's own period, and the id of the line that is judged.

    Lines the alarm only computes with are hidden. Raises NotShown.
    """
    try:
        lines, judged = _lines(settings, where)
        spec = {"period": _period(settings), "lines": lines}
        return ChartSpec.parse(spec), judged
    except SpecError as error:
        raise NotShown(f"what it watches cannot be drawn: {error}") from error


def _lines(settings: Json, where: Where) -> tuple[list[dict[str, Any]], str]:
    if settings.get("ComparisonOperator") in _BANDS:
        raise NotShown(
            "it is held against a band of CloudWatch's anomaly detection, which "
            "CloudWatch keeps to itself"
        )
    if settings.get("MetricName"):
        statistic = settings.get("Statistic") or settings.get("ExtendedStatistic")
        return [_metric("watched", settings, statistic, where)], "watched"
    queries = [one for one in settings.get("Metrics", ()) if isinstance(one, dict)]
    judged = [one for one in queries if one.get("ReturnData", True)]
    if len(judged) != 1:
        raise NotShown("it does not watch a metric")
    lines = [_query(one, where) for one in queries]
    return lines, str(judged[0].get("Id"))


def _query(query: Json, where: Where) -> dict[str, Any]:
    said = {
        "label": str(query.get("Label") or "")[:200],
        "is_hidden": not query.get("ReturnData", True),
    }
    account = str(query.get("AccountId") or where[0])
    if told := query.get("MetricStat"):
        metric = told.get("Metric", {})
        line = _metric(query.get("Id"), metric, told.get("Stat"), (account, where[1]))
        return line | said
    return {"id": query.get("Id"), "expression": query.get("Expression", "")} | said


def _metric(line_id: Any, metric: Json, statistic: Any, where: Where) -> dict[str, Any]:
    return {
        "id": line_id,
        "account": where[0],
        "region": where[1],
        "namespace": metric.get("Namespace"),
        "name": metric.get("MetricName"),
        "dimensions": {
            one["Name"]: one["Value"] for one in metric.get("Dimensions", ())
        },
        "statistic": statistic,
    }


def _period(settings: Json) -> int:
    """Raises NotShown for periods that are not kept."""
    told = [settings.get("Period")]
    for query in settings.get("Metrics", ()):
        told += [query.get("MetricStat", {}).get("Period"), query.get("Period")]
    found = {one for one in told if one}
    if len(found) != 1:
        raise NotShown("its metrics have periods of different lengths")
    [period] = found
    if period not in PERIODS:
        raise NotShown(f"points of {period} seconds are not kept here")
    return int(period)
