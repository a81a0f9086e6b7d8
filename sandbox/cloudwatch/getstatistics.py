"""GetMetricStatistics: the older way to read one metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloudwatch import periods, statistics
from sandbox.cloudwatch.puts import invalid
from sandbox.cloudwatch.samples import Samples
from sandbox.cloudwatch.statistics import Statistic
from sandbox.cloudwatch.store import MetricStore, metric_key
from sandbox.kernel.calls import Answer, Call
from sandbox.kernel.errors import ApiError

_MOST_POINTS = 1_440


def get_metric_statistics(store: MetricStore, call: Call) -> Answer:
    parameters = call.parameters
    wanted = _statistics(parameters)
    _check_range(parameters)
    found: list[dict[str, Any]] = []
    period, start = parameters["Period"], parameters["StartTime"]
    by_unit = store.by_unit(call.place, metric_key(parameters))
    if not periods.has_points(start, period, call.now):
        by_unit = {}
    first = periods.rounded_start(start, period, call.now)
    last = first + -int(-(parameters["EndTime"] - first) // period) * period
    for unit, samples in by_unit.items():
        if parameters.get("Unit", unit) == unit:
            part = samples.between(first, last)
            found += _points(wanted, part, (first, period), unit)
    return {"Label": parameters["MetricName"], "Datapoints": found}


def _points(
    wanted: list[Statistic], samples: Samples, when: tuple[int, int], unit: str
) -> list[dict[str, Any]]:
    """A datapoint for each period, with every statistic it has."""
    by_time: dict[int, dict[str, Any]] = {}
    for statistic in wanted:
        points = statistics.compute(statistic, samples, *when)
        for time, value in zip(
            points.times.tolist(), points.values.tolist(), strict=True
        ):
            point = by_time.setdefault(time, {"Timestamp": time, "Unit": unit})
            if statistic.kind in statistics.SIMPLE:
                point[statistic.kind] = value
            else:
                point.setdefault("ExtendedStatistics", {})[statistic.text] = value
    return list(by_time.values())


def _statistics(parameters: Mapping[str, Any]) -> list[Statistic]:
    names = [
        *(parameters.get("Statistics") or ()),
        *(parameters.get("ExtendedStatistics") or ()),
    ]
    if not names:
        raise ApiError(
            "InvalidParameterCombination",
            "Must specify either Statistics or ExtendedStatistics",
        )
    wanted = []
    for name in names:
        statistic = statistics.parse(name)
        if statistic is None:
            raise invalid(
                f"The value {name} for parameter ExtendedStatistics is not supported."
            )
        wanted.append(statistic)
    return wanted


def _check_range(parameters: Mapping[str, Any]) -> None:
    period, start = parameters["Period"], parameters["StartTime"]
    if not periods.is_period(period):
        raise invalid(
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    end = parameters["EndTime"]
    if not periods.is_time(start) or not periods.is_time(end) or start >= end:
        raise invalid(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    points = int((end - start) / period)
    if points > _MOST_POINTS:
        raise ApiError(
            "InvalidParameterCombination",
            f"You have requested up to {points} datapoints, which exceeds the limit of "
            f"{_MOST_POINTS}. You may reduce the datapoints requested by increasing "
            "Period, or decreasing the time range.",
        )
