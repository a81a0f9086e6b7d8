"""Where what happens in the shop is told: X-Ray, Logs and CloudWatch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.assembly import Sandbox
from sandbox.cloudwatch import CloudWatch
from sandbox.cloudwatch.store import MetricKey, MetricStore
from sandbox.kernel.cloud import HOME_REGION
from sandbox.logs import Logs
from sandbox.shop.lines import Line, lines_of
from sandbox.shop.logmetrics import Tally
from sandbox.shop.names import Names
from sandbox.shop.samples import Samples, misses_of, samples_of
from sandbox.shop.segments import segments_of
from sandbox.shop.visits import Journey
from sandbox.xray import XRay


class Sinks:
    """Tells the services of the sandbox, without HTTP: only how much there is differs
    from what agents and SDKs would send."""

    def __init__(self, metrics: MetricStore, logs: Logs, xray: XRay) -> None:
        self._metrics = metrics
        self._logs = logs
        self._xray = xray

    @classmethod
    def of(cls, sandbox: Sandbox) -> Sinks:
        cloudwatch = sandbox.one(CloudWatch)
        return cls(cloudwatch.metrics, sandbox.one(Logs), sandbox.one(XRay))

    def tell(self, journeys: list[Journey], names: Names, now: float) -> None:
        """Segments, lines and samples of requests that have happened."""
        self._segments(journeys, names, now)
        self.say(_lines(journeys, names), now)
        self._count(journeys, names)

    def tell_past(self, journeys: list[Journey], names: Names, tally: Tally) -> None:
        """The same of long ago: nothing that only hears live events is told, and lines
        are added to a tally instead, to be measured when all are told."""
        self._segments(journeys, names, None)
        told = list(_lines(journeys, names))
        tally.add(told)
        for (account, group, stream), lines in _by_stream(told).items():
            events = [(line.at, line.message) for line in lines]
            place = (account, HOME_REGION)
            self._logs.write_history(place, (group, stream), events)
        self._count(journeys, names)

    def say(self, lines: Iterable[Line], now: float) -> None:
        """Lines that are written now; metric filters and subscriptions hear them."""
        told, tally = list(lines), Tally()
        for stream, said in _by_stream(told).items():
            self._append(stream, said, now)
        tally.add(told)
        self.measure(tally.incoming())

    def measure(self, samples: Samples) -> None:
        for series, (times, values) in samples.items():
            key = MetricKey(
                series.namespace, series.name, tuple(sorted(series.dimensions))
            )
            place = (series.account, HOME_REGION)
            self._metrics.record(place, key, times, values, series.unit)

    def _segments(
        self, journeys: list[Journey], names: Names, now: float | None
    ) -> None:
        by_account: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for journey in journeys:
            for account, segment in segments_of(journey, names):
                by_account[account].append(segment)
        for account, segments in by_account.items():
            self._xray.put_documents((account, HOME_REGION), segments, now)

    def _append(self, to: _Stream, lines: list[Line], now: float) -> None:
        account, group, stream = to
        events = [(line.at, line.message) for line in lines]
        self._logs.append((account, HOME_REGION), (group, stream), events, now)

    def _count(self, journeys: list[Journey], names: Names) -> None:
        self.measure(samples_of(journeys, names))
        self.measure(misses_of(journeys))


_Stream = tuple[str, str, str]
"""Account, log group and log stream."""


def _lines(journeys: Iterable[Journey], names: Names) -> Iterable[Line]:
    return (line for journey in journeys for line in lines_of(journey, names))


def _by_stream(lines: Iterable[Line]) -> dict[_Stream, list[Line]]:
    found: dict[_Stream, list[Line]] = defaultdict(list)
    for line in lines:
        service = line.service
        found[service.account, service.log_group, line.stream].append(line)
    for each in found.values():
        each.sort(key=lambda line: line.at)
    return found
