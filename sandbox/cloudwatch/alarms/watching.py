"""What a metric alarm sees when it looks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cloudwatch import queries, statistics
from sandbox.cloudwatch.alarms.decisions import MORE_PERIODS, Missing, Rule
from sandbox.cloudwatch.evaluation import Evaluation, Range, series_of
from sandbox.cloudwatch.mathvalues import MetricStat, Series
from sandbox.cloudwatch.store import MetricStore, Place, metric_key

Configuration = Mapping[str, Any]
Compare = Callable[[float, float], bool]

_MINUTE = 60
_COMPARE: Mapping[str, Compare] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
# Source: percentile-based alarms and low data samples, CloudWatch user guide.
_FEW_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A period that ended. Without a value it is missing."""

    time: int
    value: float | None
    count: float | None
    is_breaching: bool | None


@dataclass(frozen=True, slots=True)
class Sight:
    """The evaluation range, oldest first."""

    points: tuple[Point, ...]
    period: int
    has_enough_samples: bool = True


def rule_of(configuration: Configuration) -> Rule:
    periods = configuration["EvaluationPeriods"]
    missing = Missing(configuration.get("TreatMissingData") or "missing")
    if configuration.get("Namespace") == "AWS/DynamoDB":
        # Source: PutMetricAlarm: these always ignore missing data.
        missing = Missing.IGNORE
    needed = configuration.get("DatapointsToAlarm") or periods
    return Rule(periods, needed, missing)


def look(store: MetricStore, place: Place, given: Configuration, now: float) -> Sight:
    """The last periods that have ended, and a few before them."""
    if "Metrics" in given:
        return _look_at_metrics(store, place, given, now)
    stat = MetricStat(
        metric_key(given),
        given["Period"],
        given.get("Statistic") or given["ExtendedStatistic"],
        given.get("Unit"),
        place[0],
    )
    when = _range(given, stat.period, now)
    values = _by_time(series_of(store, place, stat, when))
    counted = MetricStat(stat.key, stat.period, "SampleCount", stat.unit, place[0])
    counts = _by_time(series_of(store, place, counted, when))
    breaches = _against(_COMPARE[given["ComparisonOperator"]], given["Threshold"])
    points = _points(when, stat.period, values, breaches, counts)
    return Sight(points, stat.period, _has_enough(given, counts))


def _range(given: Configuration, period: int, now: float) -> Range:
    """AWS's windows slide by the minute, or by the period where that is shorter."""
    grain = min(period, _MINUTE)
    end = int(now // grain * grain)
    periods = given["EvaluationPeriods"] + MORE_PERIODS
    return Range(end - periods * period, end, now, is_exact=True)


def _by_time(series: Series) -> dict[int, float]:
    pairs = zip(series.times.tolist(), series.values.tolist(), strict=True)
    return {int(time): value for time, value in pairs}


Breaches = Callable[[int, float], bool]


def _against(compare: Compare, threshold: float) -> Breaches:
    return lambda time, value: compare(value, threshold)


def _points(
    when: Range,
    period: int,
    values: Mapping[int, float],
    breaches: Breaches,
    counts: Mapping[int, float],
) -> tuple[Point, ...]:
    points = []
    for time in range(int(when.start), int(when.end), period):
        value = values.get(time)
        is_breaching = None if value is None else breaches(time, value)
        points.append(Point(time, value, counts.get(time), is_breaching))
    return tuple(points)


def _has_enough(given: Configuration, counts: Mapping[int, float]) -> bool:
    statistic = statistics.parse(given.get("ExtendedStatistic") or "")
    if given.get("EvaluateLowSampleCountPercentile") != "ignore" or statistic is None:
        return True
    fraction = statistic.high or 0.0
    tail = min(1 - fraction, fraction) if statistic.kind == "p" else 1.0
    return not tail or sum(counts.values()) >= _FEW_SAMPLES / tail


def _look_at_metrics(
    store: MetricStore, place: Place, given: Configuration, now: float
) -> Sight:
    asked = queries.read(given["Metrics"], place[0])
    period = period_of(asked)
    when = _range(given, period, now)
    evaluation = Evaluation(store, place, asked, when)
    band_id = given.get("ThresholdMetricId")
    watched = next(q for q in asked.values() if q.is_returned and q.id != band_id)
    series = evaluation.series(watched)
    values = _by_time(series[0]) if series else {}
    if band_id is None:
        breaches = _against(_COMPARE[given["ComparisonOperator"]], given["Threshold"])
    else:
        edges = [_by_time(edge) for edge in evaluation.series(asked[band_id])]
        if len(edges) != 2:  # noqa: PLR2004 - upper and lower
            raise queries.refused(f"{band_id} is not an anomaly detection band.")
        breaches = _outside(given["ComparisonOperator"], *edges)
    return Sight(_points(when, period, values, breaches, {}), period)


def period_of(asked: queries.Queries) -> int:
    """The period of an alarm on several metrics."""
    periods = [each.stat.period for each in asked.values() if each.stat]
    periods += [each.period for each in asked.values() if each.period]
    return max(periods, default=_MINUTE)


def _outside(
    comparison: str, upper: Mapping[int, float], lower: Mapping[int, float]
) -> Breaches:
    def breaches(time: int, value: float) -> bool:
        is_above = time in upper and value > upper[time]
        is_below = time in lower and value < lower[time]
        if comparison == "GreaterThanUpperThreshold":
            return is_above
        if comparison == "LessThanLowerThreshold":
            return is_below
        return is_above or is_below

    return breaches
