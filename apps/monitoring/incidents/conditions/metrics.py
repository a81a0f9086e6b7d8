"""A metric over or under a threshold: one series, or every series of a metric."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from django.db.models import Q

from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Early,
    Parameter,
    Periods,
    Question,
    Reading,
)
from apps.monitoring.charts import units
from apps.monitoring.charts.panels import chart_url
from apps.monitoring.charts.specs import ChartSpec, MetricLine, is_statistic
from apps.monitoring.metrics import interest, samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import MERGEABLE, Line, Wanted
from apps.monitoring.models import MetricSeries
from apps.search.engines.base import Scope

ANY = "*"
_MOST_SERIES = 500
_NAME = 255
_GROWING = ("Sum", "SampleCount", "Maximum")
# What names the thing that a metric is of, in the order in which it says most.
_SERVICE_DIMENSIONS = (
    "ServiceName", "FunctionName", "ApiName", "ApiId", "LoadBalancer", "QueueName",
    "TopicName", "TableName", "StateMachineArn", "DBInstanceIdentifier", "ClusterName",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """A series that a question is about."""

    series_id: int
    key: MetricKey


class MetricThreshold:
    kind = "metric"
    title = "A metric crosses a threshold"
    about = (
        "A statistic of a metric, of one resource or of all that have it: each is "
        "watched on its own."
    )
    unit = ""
    absent = None
    form = (
        Parameter("namespace", "Namespace", "Such as AWS/SQS."),
        Parameter("name", "Metric", "Such as ApproximateAgeOfOldestMessage."),
        Parameter(
            "dimensions",
            "Dimensions",
            "A line for each, such as QueueName=orders. QueueName=* watches every "
            "queue on its own. Series with other dimensions are left out.",
            kind="map",
            is_required=False,
        ),
        Parameter(
            "statistic",
            "Statistic",
            "Average, Sum, Minimum, Maximum, SampleCount, or such as p99.",
            default="Average",
        ),
    )

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        dimensions = parameters.get("dimensions") or {}
        is_map = isinstance(dimensions, Mapping) and all(
            isinstance(one, str) and one for pair in dimensions.items() for one in pair
        )
        if not is_map:
            raise ConditionInvalid(
                "dimensions", "Write a line NAME=VALUE for each dimension."
            )
        statistic = str(parameters.get("statistic") or "Average")
        if not is_statistic(statistic):
            raise ConditionInvalid(
                "statistic",
                f"{statistic[:40]!r} is no statistic; Average, Sum or p99 are.",
            )
        return {
            "namespace": _named(parameters, "namespace"),
            "name": _named(parameters, "name"),
            "dimensions": {name: dimensions[name] for name in sorted(dimensions)},
            "statistic": statistic,
        }

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        key = MetricKey("", "", parameters["namespace"], parameters["name"])
        return units.unit_of(key, parameters["statistic"])

    def say(self, parameters: Mapping[str, Any]) -> str:
        said = ", ".join(f"{n}={v}" for n, v in parameters["dimensions"].items())
        of = f" of {said}" if said else ""
        return f"{parameters['statistic']} {parameters['name']}{of}"

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        [found] = self.read_many([Question(parameters, periods, scope, periods.until)])
        if isinstance(found, ConditionUnavailable):
            raise found
        return found

    def read_many(
        self, questions: Sequence[Question]
    ) -> Sequence[Sequence[Reading] | ConditionUnavailable]:
        """One statement finds the series of all questions, and two read those of the
        same period."""
        known = _series(questions)
        lines: dict[tuple[int, str, int], Line] = {}
        for period, some in _by_period(questions, known).items():
            lines |= _read(period, some)
        return [
            _readings(asked, of, lines)
            for asked, of in zip(questions, known, strict=True)
        ]


def _named(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _NAME:
        raise ConditionInvalid(name, f"Name it, in at most {_NAME} characters.")
    return value.strip()


def _series(questions: Sequence[Question]) -> list[list[_Known]]:
    """The series that each question is about."""
    if not questions:
        return []
    wanted = reduce(or_, _wanted(questions))
    by_metric: dict[tuple[str, ...], list[_Known]] = defaultdict(list)
    names = ("pk", "account", "region", "namespace", "name", "dimensions")
    for pk, *where, dimensions in MetricSeries.objects.filter(wanted).values_list(
        *names
    ):
        account, region, space, name = where
        pairs = tuple((one, value) for one, value in json.loads(dimensions))
        known = _Known(pk, MetricKey(account, region, space, name, pairs))
        by_metric[space, name].append(known)
        by_metric[space, name, dimensions].append(known)
    return [
        [one for one in by_metric[_place(asked)] if _is_meant(asked, one.key)][
            :_MOST_SERIES
        ]
        for asked in questions
    ]


def _place(asked: Question) -> tuple[str, ...]:
    """The metric, with its dimensions as they are stored where all are named."""
    parameters = asked.parameters
    metric = (parameters["namespace"], parameters["name"])
    if ANY in parameters["dimensions"].values():
        return metric
    key = MetricKey.of(("", ""), *metric, parameters["dimensions"])
    return (*metric, key.dimensions_json)


def _wanted(questions: Sequence[Question]) -> Iterator[Q]:
    """Rows that questions may mean, by metric."""
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for namespace, name, *dimensions in map(_place, questions):
        named[namespace, name].add(dimensions[0] if dimensions else "")
    for (namespace, name), some in named.items():
        found = Q(namespace=namespace, name=name)
        yield found if "" in some else found & Q(dimensions__in=some)


def _is_meant(asked: Question, key: MetricKey) -> bool:
    wanted, dimensions = asked.parameters["dimensions"], dict(key.dimensions)
    return (
        asked.scope.admits(key.account, key.region)
        and wanted.keys() == dimensions.keys()
        and all(value in (ANY, dimensions[name]) for name, value in wanted.items())
    )


def _by_period(
    questions: Sequence[Question], known: Sequence[Sequence[_Known]]
) -> dict[int, list[tuple[Question, Sequence[_Known]]]]:
    found: dict[int, list[tuple[Question, Sequence[_Known]]]] = defaultdict(list)
    for asked, of in zip(questions, known, strict=True):
        if of:
            found[asked.periods.seconds].append((asked, of))
    return found


def _read(
    period: int, some: Sequence[tuple[Question, Sequence[_Known]]]
) -> dict[tuple[int, str, int], Line]:
    """Lines by series, statistic and period, over all the time that is asked about;
    what is asked about goes on being collected every minute."""
    now = max(asked.now for asked, _ in some)
    since = min(int(asked.periods.since.timestamp()) for asked, _ in some)
    until = max(int(asked.periods.until.timestamp()) for asked, _ in some)
    wanted = list(
        dict.fromkeys(
            Wanted(one.series_id, asked.parameters["statistic"])
            for asked, of in some
            for one in of
        )
    )
    interest.note_looked([one.series_id for one in wanted], now, "rules")
    for one in wanted:
        if one.statistic not in MERGEABLE:
            interest.want_statistic(one.series_id, one.statistic, period, now)
    found = samples.read(wanted, since, until, period, int(now.timestamp()))
    return {(one.series_id, one.statistic, period): line for one, line in found.items()}


def _readings(
    asked: Question,
    of: Sequence[_Known],
    lines: Mapping[tuple[int, str, int], Line],
) -> Sequence[Reading] | ConditionUnavailable:
    statistic, period = asked.parameters["statistic"], asked.periods.seconds
    if not of:
        return ConditionUnavailable(
            f"No series of {asked.parameters['namespace']} {asked.parameters['name']} "
            "with these dimensions is known here."
        )
    found = [(one, lines[one.series_id, statistic, period]) for one in of]
    if any(line.period_seconds != period for _, line in found):
        return ConditionUnavailable(
            f"This metric is not kept in periods of {period} seconds that far back."
        )
    return [_reading(asked, one.key, line) for one, line in found]


def _reading(asked: Question, key: MetricKey, line: Line) -> Reading:
    statistic = asked.parameters["statistic"]
    dimensions = dict(key.dimensions)
    said = ", ".join(f"{name}={value}" for name, value in key.dimensions)
    values, late = _values(asked.periods, line)
    is_growing = statistic in _GROWING
    return Reading(
        key="/".join((key.account, key.region, said)),
        values=values,
        text=f"{statistic} {key.name}" + (f" of {said}" if said else ""),
        url=chart_url("metrics-chart", _spec(key, asked)),
        account=key.account,
        region=key.region,
        labels=dimensions | _about(key, dimensions),
        late=late,
        early=Early.UP if is_growing else _early_of(statistic),
    )


def _early_of(statistic: str) -> Early:
    return Early.NOT if statistic == "Minimum" else Early.ANY


def _about(key: MetricKey, dimensions: Mapping[str, str]) -> dict[str, str]:
    named = next(
        (dimensions[one] for one in _SERVICE_DIMENSIONS if one in dimensions), ""
    )
    found = {"service": _own(named)} if named else {}
    resource = " ".join(f"{name}={value}" for name, value in key.dimensions)
    return found | ({"resource": f"{key.namespace} {resource}"} if resource else {})


def _own(value: str) -> str:
    """`app/shop/50dc6c495c0c9188` is what AWS calls the load balancer `shop`."""
    parts = value.split("/")
    return parts[1] if parts[0] in ("app", "net", "gwy") and parts[1:] else value


def _values(
    periods: Periods, line: Line
) -> tuple[tuple[float | None, ...], int | None]:
    """Values of the periods, and from where on they may change: what was not read yet,
    and what CloudWatch may still revise."""
    start, step = int(periods.since.timestamp()), periods.seconds
    values: list[float | None] = [None] * periods.count
    places = (line.times - start) // step
    inside = np.flatnonzero((places >= 0) & (places < periods.count))
    for at in inside.tolist():
        values[int(places[at])] = float(line.values[at])
    read_until = line.covered[-1].until if line.covered else start
    for at in _unread(periods, line, read_until):
        values[at] = values[at] if values[at] is not None else math.nan
    settled = min(read_until, line.provisional_since or read_until)
    late = max(0, (settled - start) // step)
    return tuple(values), late if late < periods.count else None


def _unread(periods: Periods, line: Line, read_until: int) -> Iterator[int]:
    """Periods before the end of what was read, of which some was not."""
    start, step = int(periods.since.timestamp()), periods.seconds
    for at in range(periods.count):
        begins, ends = start + at * step, start + (at + 1) * step
        is_read = any(one.since <= begins and ends <= one.until for one in line.covered)
        if ends <= read_until and not is_read:
            yield at


def _spec(key: MetricKey, asked: Question) -> ChartSpec:
    line = MetricLine("watched", key, asked.parameters["statistic"])
    return ChartSpec(lines=(line,), period=asked.periods.seconds)


CONDITION = MetricThreshold()
