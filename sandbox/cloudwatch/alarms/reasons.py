"""Why an alarm is in its state, in CloudWatch's words and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.cloudwatch.alarms.decisions import Missing, Rule, State, points_to_fill
from sandbox.cloudwatch.alarms.model import stamp
from sandbox.cloudwatch.alarms.watching import Point, Sight

_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to the threshold",
    "GreaterThanThreshold": "greater than the threshold",
    "LessThanOrEqualToThreshold": "less than or equal to the threshold",
    "LessThanThreshold": "less than the threshold",
    "GreaterThanUpperThreshold": "greater than the upper thresholds",
    "LessThanLowerThreshold": "less than the lower thresholds",
    "LessThanLowerOrGreaterThanUpperThreshold": (
        "less than the lower thresholds or greater than the upper thresholds"
    ),
}
_TREATED = {Missing.BREACHING: "Breaching", Missing.NOT_BREACHING: "NonBreaching"}
_LONGEST_DATA = 4_000


def _evaluated(sight: Sight, rule: Rule) -> list[Point]:
    """The real points that decided, newest first."""
    real = [point for point in sight.points if point.value is not None]
    return real[-rule.periods :][::-1]


def reason(
    state: State, sight: Sight, rule: Rule, configuration: Mapping[str, Any]
) -> str:
    points = _evaluated(sight, rule)
    fill = points_to_fill([point.is_breaching for point in sight.points], rule)
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_datapoints(fill)} {_were(fill)} unknown."
    treated = _treated(fill, rule)
    if not points:
        periods = f"{rule.periods} period{'s' if rule.periods > 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods}{treated}."
    is_alarm = state is State.ALARM
    shown = [point for point in points if point.is_breaching is is_alarm] or points
    needed = rule.needed if is_alarm else rule.periods - rule.needed + 1
    move = "OK -> ALARM" if is_alarm else "ALARM -> OK"
    word = _WORDS[configuration["ComparisonOperator"]]
    listed = ", ".join(_shown(point) for point in shown)
    return (
        f"Threshold Crossed: {len(shown)} out of the last "
        f"{len(points)} datapoints [{listed}] {_were(len(shown))} "
        f"{'' if is_alarm else 'not '}{word}{_threshold(configuration)}{treated} "
        f"(minimum {_datapoints(needed)} for {move} transition)."
    )


def _datapoints(count: int) -> str:
    return f"{count} datapoint{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _treated(fill: int, rule: Rule) -> str:
    if not fill or rule.missing not in _TREATED:
        return ""
    points = f"{fill} missing datapoint{'' if fill == 1 else 's'}"
    return f" and {points} {_were(fill)} treated as [{_TREATED[rule.missing]}]"


def _shown(point: Point) -> str:
    moment = datetime.fromtimestamp(point.time, UTC)
    return f"{point.value} ({moment:%d/%m/%y %H:%M:%S})"


def _threshold(configuration: Mapping[str, Any]) -> str:
    threshold = configuration.get("Threshold")
    return "" if threshold is None else f" ({float(threshold)})"


def reason_data(
    sight: Sight, rule: Rule, configuration: Mapping[str, Any], now: float
) -> str:
    """StateReasonData of a metric alarm."""
    points = _evaluated(sight, rule)
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now)}
    if points:
        data["startDate"] = stamp(points[-1].time)
    if "Unit" in configuration:
        data["unit"] = configuration["Unit"]
    statistic = configuration.get("Statistic") or configuration.get("ExtendedStatistic")
    if statistic:
        data["statistic"] = statistic
    data["period"] = sight.period
    data["recentDatapoints"] = [point.value for point in reversed(points)]
    if configuration.get("Threshold") is not None:
        data["threshold"] = float(configuration["Threshold"])
    data["evaluatedDatapoints"] = _details(points)
    return compact(data)


def _details(points: Sequence[Point]) -> list[dict[str, Any]]:
    details = []
    for point in points:
        detail: dict[str, Any] = {"timestamp": stamp(point.time)}
        if point.count is not None:
            detail["sampleCount"] = point.count
        details.append({**detail, "value": point.value})
    return details


def compact(data: Mapping[str, Any]) -> str:
    """JSON without spaces, as long as CloudWatch lets it be."""
    text = json.dumps(data, separators=(",", ":"))
    if len(text) <= _LONGEST_DATA:
        return text
    short = {k: v for k, v in data.items() if not k.startswith("evaluated")}
    return json.dumps(short, separators=(",", ":"))[:_LONGEST_DATA]
