"""The metrics of every account and region."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sandbox.cloudwatch.periods import KEPT_SECONDS
from sandbox.cloudwatch.retention import age
from sandbox.cloudwatch.samples import EMPTY, Column, Samples, joined

Place = tuple[str, str]
"""Account and region."""


class MetricKey(NamedTuple):
    """What makes a metric one: another dimension is another metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, **dimensions: str) -> MetricKey:
        """With the dimensions in the order they are kept in."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


class Tick(NamedTuple):
    """One live sample."""

    key: MetricKey
    time: float
    value: float
    unit: str = "None"


@dataclass(slots=True)
class Metric:
    """A metric with its samples by unit. `number` is the order it was first seen in."""

    key: MetricKey
    number: int
    columns: dict[str, Column] = field(default_factory=dict)
    last_time: int = 0

    def column(self, unit: str, time: int) -> Column:
        """Where a sample of that time goes."""
        self.last_time = max(self.last_time, time)
        found = self.columns.get(unit)
        if found is None:
            found = self.columns[unit] = Column()
        return found


def dimensions_of(given: Iterable[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """AWS's list of dimensions, whose order means nothing."""
    return tuple(sorted((each["Name"], each["Value"]) for each in given))


def as_given(dimensions: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions]


def metric_key(given: Mapping[str, Any]) -> MetricKey:
    """The metric that Namespace, MetricName and Dimensions name."""
    return MetricKey(
        given.get("Namespace", ""),
        given.get("MetricName", ""),
        dimensions_of(given.get("Dimensions") or ()),
    )


class MetricStore:
    """Samples by account, region and metric. Safe to use from any thread."""

    def __init__(self) -> None:
        self._places: dict[Place, dict[MetricKey, Metric]] = {}
        self._numbers = itertools.count(1)
        self.lock = threading.RLock()

    def metric(self, place: Place, key: MetricKey) -> Metric:
        """The metric, made where it is new. Hold the lock while adding to it."""
        metrics = self._places.setdefault(place, {})
        found = metrics.get(key)
        if found is None:
            found = metrics[key] = Metric(key, next(self._numbers))
        return found

    def record(
        self,
        place: Place,
        key: MetricKey,
        times: NDArray[Any] | Sequence[float],
        values: NDArray[Any] | Sequence[float],
        unit: str = "None",
    ) -> None:
        """Add history in bulk: seconds since 1970 and values, in any order."""
        # Copies: what the caller does with its arrays afterwards is its own.
        seconds = np.array(times, np.uint32)
        if not len(seconds):
            return
        samples = Samples(seconds, np.array(values, np.float64))
        with self.lock:
            column = self.metric(place, key).column(unit, int(seconds.max()))
            column.add_columns(samples)

    def add_many(self, place: Place, ticks: Iterable[Tick]) -> None:
        """Add live samples, one a metric or more."""
        with self.lock:
            for key, time, value, unit in ticks:
                second = int(time)
                self.metric(place, key).column(unit, second).add(second, value)

    def samples(self, place: Place, key: MetricKey, unit: str | None) -> Samples:
        """Samples of one unit, or of all where None is asked for."""
        by_unit = self.by_unit(place, key)
        if unit is not None:
            return by_unit.get(unit, EMPTY)
        return joined(list(by_unit.values()))

    def by_unit(self, place: Place, key: MetricKey) -> dict[str, Samples]:
        with self.lock:
            found = self._places.get(place, {}).get(key)
            if found is None:
                return {}
            return {unit: column.settled() for unit, column in found.columns.items()}

    def age(self, now: float) -> None:
        """Forget what nobody can ask for any more. Locks metric by metric."""
        with self.lock:
            places = [(each, list(each.items())) for each in self._places.values()]
        for metrics, found in places:
            for key, metric in found:
                with self.lock:
                    for column in metric.columns.values():
                        age(column, now)
                    if metric.last_time < now - KEPT_SECONDS:
                        metrics.pop(key)

    def listed(self, place: Place, since: float) -> Iterator[Metric]:
        """Metrics with samples since a time, in the order they were first seen."""
        with self.lock:
            metrics = list(self._places.get(place, {}).values())
        return (metric for metric in metrics if metric.last_time >= since)
