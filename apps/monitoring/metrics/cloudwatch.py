"""The door to CloudWatch's metrics: which there are, and their points.

PERMISSIONS names every action used here; the IAM policy in the docs is made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.discovery.aws import Door, Target
from apps.discovery.limits import Pace
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval

PERMISSIONS = ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics")

COMPLETE, PARTIAL = "Complete", "PartialData"
FAILED, FORBIDDEN = "InternalError", "Forbidden"


@dataclass(frozen=True, slots=True)
class Query:
    """A statistic of a metric at a period; `id` begins with a small letter."""

    id: str
    key: MetricKey
    statistic: str
    period_seconds: int


@dataclass(frozen=True, slots=True)
class Points:
    """What was answered to one query, over all pages.

    `values` by the start of their period, seconds since 1970. `status` is COMPLETE,
    PARTIAL (there is more than was given), FAILED or FORBIDDEN; `messages` are AWS's
    own words about it.
    """

    values: Mapping[int, float]
    status: str
    messages: tuple[str, ...] = ()


@dataclass(slots=True)
class Answer:
    """Points by the id of their query; `messages` concern all; `calls` were made."""

    points: dict[str, Points] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    calls: int = 0


def list_metrics(target: Target) -> Iterator[list[MetricKey]]:
    """Every metric that had data in the last two weeks, a page at a time, of all
    namespaces. A page may be empty and not the last.

    A new metric is listed after up to 15 minutes. Raises AwsError.
    """
    door = Door(target, "cloudwatch")
    place = (target.account, target.region)
    for page in _pages(door, "list_metrics", {}):
        yield [_key(place, one) for one in page.get("Metrics", ())]


def get_metric_data(
    target: Target, queries: Sequence[Query], window: Interval, pace: Pace
) -> Answer:
    """The points of at most 500 queries from `window.since`, included, until
    `window.until`, excluded.

    `pace` is that of the points there may be, `limits.points_pace`. A query that is not
    answered at all has the status FAILED. Raises AwsError.
    """
    door = Door(target, "cloudwatch")
    asked = {
        "MetricDataQueries": [_asked(query) for query in queries],
        "StartTime": _time(window.since),
        "EndTime": _time(window.until),
        "ScanBy": "TimestampAscending",
    }
    door.wait_for(pace)
    merged = _Merged()
    for page in _pages(door, "get_metric_data", asked):
        merged.add(page)
    return merged.answer(query.id for query in queries)


def statistics_points(
    answer: Mapping[str, Any],
) -> dict[tuple[str, str], dict[int, float]]:
    """The points of an answer of GetMetricStatistics by statistic and unit, and by
    time in order, which AWS does not keep. We never call it; recorded answers of it
    are read like this."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for point in sorted(answer.get("Datapoints", ()), key=_timestamp):
        moment = int(_timestamp(point).timestamp())
        for name, value in {**point, **point.get("ExtendedStatistics", {})}.items():
            if isinstance(value, int | float):
                key = (name, point.get("Unit", "None"))
                found.setdefault(key, {})[moment] = float(value)
    return found


def _timestamp(point: Mapping[str, Any]) -> datetime:
    moment: datetime = point["Timestamp"]
    return moment


class _Merged:
    """Results by id over pages: points join, the last status holds."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, float]] = {}
        self._statuses: dict[str, str] = {}
        self._told: dict[str, list[str]] = {}
        self._messages: list[str] = []
        self._calls = 0

    def add(self, page: Mapping[str, Any]) -> None:
        self._calls += 1
        self._messages += _said(page)
        for result in page.get("MetricDataResults", ()):
            name = result["Id"]
            times = (int(moment.timestamp()) for moment in result["Timestamps"])
            values = zip(times, result["Values"], strict=True)
            self._values.setdefault(name, {}).update(values)
            self._statuses[name] = result.get("StatusCode", COMPLETE)
            self._told.setdefault(name, []).extend(_said(result))

    def answer(self, ids: Iterable[str]) -> Answer:
        points = {
            name: Points(
                self._values.get(name, {}),
                self._statuses.get(name, FAILED),
                tuple(self._told.get(name, ())),
            )
            for name in ids
        }
        return Answer(points, self._messages, self._calls)


def _pages(
    door: Door, operation: str, asked: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Every page, empty ones included: only the token ends it."""
    token: dict[str, str] = {}
    while True:
        answer = door.call(operation, **asked, **token)
        yield answer
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _said(part: Mapping[str, Any]) -> list[str]:
    return [
        f"{one.get('Code', '')}: {one.get('Value', '')}".strip(": ")
        for one in part.get("Messages", ())
    ]


def _key(place: tuple[str, str], listed: Mapping[str, Any]) -> MetricKey:
    dimensions = {one["Name"]: one["Value"] for one in listed.get("Dimensions", ())}
    return MetricKey.of(place, listed["Namespace"], listed["MetricName"], dimensions)


def _asked(query: Query) -> dict[str, Any]:
    key = query.key
    return {
        "Id": query.id,
        "MetricStat": {
            "Metric": {
                "Namespace": key.namespace,
                "MetricName": key.name,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in key.dimensions
                ],
            },
            "Period": query.period_seconds,
            "Stat": query.statistic,
        },
    }


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
