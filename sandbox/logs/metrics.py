"""What metric filters make of events: samples of metrics, minute by minute."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.logs.filterpatterns import TooExpensive
from sandbox.logs.filters import MetricFilter
from sandbox.logs.groups import DAY_MS, Group
from sandbox.logs.ingestion import Batch
from sandbox.logs.patience import Patience
from sandbox.logs.store import Row

_MINUTE_MS = 60_000
_OLDEST = 15 * DAY_MS
"""No live event is older, so none is of these minutes."""
_MOST_VALUES = 150
_MOST_DATA = 1_000
_DEFAULT_AFTER_SECONDS = 60

Dimensions = tuple[tuple[str, str], ...]
Samples = dict[tuple[int, Dimensions], Counter[float]]
"""How often each value came, by minute (ms since 1970) and dimensions."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one filter made of a batch: samples, and the minutes with and without."""

    samples: Samples
    matched: frozenset[int]
    quiet: frozenset[int]


def samples_of(metric_filter: MetricFilter, rows: Sequence[Row]) -> Heard:
    """Events whose value is no number, or that lack a dimension, give no sample."""
    samples: Samples = {}
    minutes = frozenset(_minute(row) for row in rows)
    matched = set()
    for row in rows:
        try:
            if not metric_filter.pattern.matches(row.message):
                continue
            value = _value(metric_filter, row.message)
            dimensions = _dimensions(metric_filter, row.message)
        except TooExpensive:  # counts as no match, which Patience says
            continue
        matched.add(_minute(row))
        if value is not None and dimensions is not None:
            counts = samples.setdefault((_minute(row), dimensions), Counter())
            counts[value] += 1
    return Heard(samples, frozenset(matched), minutes - matched)


def _minute(row: Row) -> int:
    return row.timestamp // _MINUTE_MS * _MINUTE_MS


def _value(metric_filter: MetricFilter, message: str) -> float | None:
    written: str | None = metric_filter.value
    if metric_filter.value.startswith("$"):
        written = metric_filter.pattern.extract(message, metric_filter.value)
    try:
        return None if written is None else float(written)
    except ValueError:
        return None


def _dimensions(metric_filter: MetricFilter, message: str) -> Dimensions | None:
    found = []
    for name, source in metric_filter.dimensions.items():
        value = metric_filter.pattern.extract(message, source)
        if not value:
            return None
        found.append((name, value))
    return tuple(found)


def data_of(metric_filter: MetricFilter, samples: Samples) -> list[dict[str, Any]]:
    """The members of PutMetricData's MetricData."""
    found = []
    for (minute, dimensions), counts in samples.items():
        values = sorted(counts)
        for start in range(0, len(values), _MOST_VALUES):
            some = values[start : start + _MOST_VALUES]
            found.append(
                {
                    "MetricName": metric_filter.metric,
                    "Timestamp": minute / 1_000,
                    "Values": some,
                    "Counts": [float(counts[value]) for value in some],
                    "Unit": metric_filter.unit,
                    "Dimensions": [
                        {"Name": name, "Value": value} for name, value in dimensions
                    ],
                }
            )
    return found


class MetricEmitter:
    """Sends what filters make of live events to CloudWatch.

    The thread that brings events matches them; the timers' thread only sends.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._patience = Patience()
        self._waiting: list[tuple[Group, MetricFilter, Samples]] = []
        # Minutes with events but no match yet, and those with one, by group and filter.
        self._quiet: dict[tuple[int, str], set[int]] = {}
        self._matched: dict[tuple[int, str], set[int]] = {}
        self._groups: dict[int, Group] = {}
        cloud.timers.every(_DEFAULT_AFTER_SECONDS, self._emit_defaults)

    def hear(self, batch: Batch) -> None:
        group = batch.group
        for one in list(group.metric_filters.values()):
            with self._patience.given(group, one, batch.rows[-1].ingested):
                heard = samples_of(one, batch.rows)
            self._note(group, one, heard)
            if heard.samples:
                self._wait((group, one, heard.samples))

    def _wait(self, made: tuple[Group, MetricFilter, Samples]) -> None:
        with self._lock:
            self._waiting.append(made)
            is_first = len(self._waiting) == 1
        if is_first:
            self._cloud.timers.after(0, self._emit)

    def _emit(self, now: float) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for made in waiting:
            self._put(*made)

    def _note(self, group: Group, metric_filter: MetricFilter, heard: Heard) -> None:
        if metric_filter.default is None:
            return
        key = (group.id, metric_filter.name)
        with self._lock:
            self._groups[group.id] = group
            matched = self._matched.setdefault(key, set())
            matched |= heard.matched
            quiet = self._quiet.setdefault(key, set())
            quiet |= heard.quiet
            quiet -= matched

    def _emit_defaults(self, now: float) -> None:
        """The default value of each minute that ended with events but without a match.

        Source: "CloudWatch reports the metric's default value", User Guide.
        """
        ended = round(now * 1_000) - _MINUTE_MS
        for key, minutes in self._taken(ended):
            group = self._groups[key[0]]
            metric_filter = group.metric_filters.get(key[1])
            if metric_filter is None or metric_filter.default is None:
                continue
            counts = Counter({metric_filter.default: 1})
            samples: Samples = {(minute, ()): counts for minute in minutes}
            self._put(group, metric_filter, samples)

    def _taken(self, ended: int) -> list[tuple[tuple[int, str], list[int]]]:
        with self._lock:
            found = []
            for key, quiet in self._quiet.items():
                over = sorted(minute for minute in quiet if minute <= ended)
                quiet.difference_update(over)
                # Remembered, so that the same minute gets its default once.
                self._matched[key] |= set(over)
                self._matched[key] = {
                    minute for minute in self._matched[key] if minute > ended - _OLDEST
                }
                found.append((key, over))
            return [one for one in found if one[1]]

    def _put(self, group: Group, metric_filter: MetricFilter, samples: Samples) -> None:
        data = data_of(metric_filter, samples)
        account, region = group.place
        client = self._cloud.client("cloudwatch", account, region, "logs.amazonaws.com")
        for start in range(0, len(data), _MOST_DATA):
            client.put_metric_data(
                Namespace=metric_filter.namespace,
                MetricData=data[start : start + _MOST_DATA],
            )
