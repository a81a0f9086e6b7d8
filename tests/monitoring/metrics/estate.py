"""A shop's metrics in a sandbox, a Trailmap that collects them, and the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.claims import READING
from apps.monitoring.metrics.collector import collect
from apps.monitoring.metrics.discovery import begin_reading, note_listed
from apps.monitoring.metrics.interest import settle
from apps.monitoring.metrics.keeping import Keeper
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval, Wanted
from apps.monitoring.metrics.windows import BASE_STATISTICS, DAY
from apps.monitoring.models import MetricScope, MetricSeries
from sandbox.assembly import Sandbox
from sandbox.cloudwatch.service import CloudWatch
from sandbox.cloudwatch.store import MetricKey as SandboxKey
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP

PLACE = (SHOP, HOME_REGION)
Row = tuple[float, float, float, float]
Minutes = dict[int, Row]
"""Count, sum, minimum and maximum by the start of the minute."""


def queried(call: Any) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = list(call.parameters["MetricDataQueries"])
    return asked


@dataclass
class Ledger:
    """The queries of every call of GetMetricData that was let in."""

    calls: list[list[dict[str, Any]]] = field(default_factory=list)

    def attach(self, sandbox: Sandbox) -> None:
        operations: Any = sandbox.one(CloudWatch).operations
        answer = operations["GetMetricData"]

        def counted(call: Any) -> Any:
            self.calls.append(queried(call))
            return answer(call)

        operations["GetMetricData"] = counted

    @property
    def billed(self) -> int:
        """By AWS's rule, from the requests: five statistics of a metric are one."""
        return sum(
            -(-count // 5) for call in self.calls for count in _by_metric(call).values()
        )


def _by_metric(call: Iterable[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for query in call:
        metric = repr(query["MetricStat"]["Metric"])
        found[metric] = found.get(metric, 0) + 1
    return found


class Estate:
    """Metrics Metric0, Metric1, ... of the namespace Shop."""

    def __init__(
        self, sandbox: Sandbox, scope: MetricScope, keeper: Keeper = samples
    ) -> None:
        self.store = sandbox.one(CloudWatch).metrics
        self.scope, self.keeper = scope, keeper
        self.ledger = Ledger()
        self.ledger.attach(sandbox)
        clock = sandbox.cloud.clock
        assert isinstance(clock, SetClock)
        self.clock = clock
        self._random = np.random.default_rng(7)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def happens(
        self, series: Sequence[int], since: float, until: float, a_minute: float = 3
    ) -> None:
        """Samples at random times, as they would be put meanwhile."""
        for number in series:
            count = max(1, int((until - since) / 60 * a_minute))
            self.store.record(
                PLACE,
                SandboxKey.of("Shop", f"Metric{number}"),
                self._random.uniform(since, until, count).astype(np.int64),
                self._random.normal(100, 30, count).round(3),
            )

    def found(self, count: int) -> list[int]:
        """Rows of series as discovery makes them; their numbers."""
        keys = [MetricKey(*PLACE, "Shop", f"Metric{n}") for n in range(count)]
        for at in range(0, count, 500):
            note_listed(keys[at : at + 500], self.now())
        begin_reading(self.scope, self.now())
        ids = dict(MetricSeries.objects.values_list("name", "pk"))
        return [ids[f"Metric{n}"] for n in range(count)]

    def tick(self) -> str:
        """What the worker does each second; the problem the scope has now."""
        settle(self.now())
        if READING.claim(self.scope.pk, self.now()):
            collect(self.scope.pk, self.keeper, self.now)
        self.scope.refresh_from_db()
        return self.scope.reading_problem

    def poll(self) -> str:
        """A run as soon as there may be one: a worker that died is given up, and a
        problem has rested."""
        while not READING.due(self.now()):
            self.clock.advance(5)
        return self.tick()

    def stored(self, series_id: int, period: int = 60) -> Minutes:
        """Everything stored of a series, by the start of the period."""
        wanted = [Wanted(series_id, name) for name in BASE_STATISTICS]
        until = int(self.clock.now()) + DAY
        lines = samples.read(wanted, until - 500 * DAY, until, period, until)
        columns = [lines[one].values.tolist() for one in wanted]
        times = lines[wanted[0]].times.tolist()
        return dict(zip(times, zip(*columns, strict=True), strict=True))

    def covered(self, series_id: int) -> list[Interval]:
        """What was really read of a series."""
        until = int(self.clock.now()) + DAY
        wanted = Wanted(series_id, "Sum")
        since = until - 500 * DAY
        return list(samples.read([wanted], since, until, 60, until)[wanted].covered)

    def truth(self, number: int, since: int, until: int) -> Minutes:
        """Minutes that have samples in the sandbox's own store."""
        key = SandboxKey.of("Shop", f"Metric{number}")
        raw = self.store.samples(PLACE, key, None).wide()
        assert raw.lows is not None
        assert raw.highs is not None
        found: dict[int, list[Row]] = {}
        columns = (raw.weights(), raw.values, raw.lows, raw.highs)
        for time, *row in zip(raw.times, *columns, strict=True):
            minute = int(time) // 60 * 60
            if since <= minute < until:
                found.setdefault(minute, []).append(tuple(map(float, row)))  # type: ignore[arg-type]
        return {minute: _merged(rows) for minute, rows in found.items()}


def _merged(rows: Sequence[Row]) -> Row:
    counts, sums, lows, highs = zip(*rows, strict=True)
    return sum(counts), sum(sums), min(lows), max(highs)
