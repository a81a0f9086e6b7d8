"""Metrics of log lines: what CloudWatch Logs counts, and what filters make. Pure.

Source: "CloudWatch Logs metrics and dimensions", CloudWatch Logs User Guide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from sandbox.shop.lines import Line
from sandbox.shop.samples import Samples, Series
from sandbox.shop.topology import SERVICES

ERRORS_NAMESPACE = "Shop/Logs"
_MINUTE_MS = 60_000
_OVERHEAD_BYTES = 26
"""What CloudWatch Logs counts for every event besides its message."""
_Minute = tuple[str, int]
"""A service and a minute, since 1970."""


def errors_metric(service: str) -> str:
    """The metric that a service's filter makes of lines of level ERROR."""
    return f"{service}-errors"


class Tally:
    """Counts lines minute by minute."""

    def __init__(self) -> None:
        self._events: Counter[_Minute] = Counter()
        self._bytes: Counter[_Minute] = Counter()
        self._errors: Counter[_Minute] = Counter()

    def add(self, lines: Iterable[Line]) -> None:
        for line in lines:
            minute = (line.service.name, line.at // _MINUTE_MS)
            self._events[minute] += 1
            self._bytes[minute] += len(line.message.encode()) + _OVERHEAD_BYTES
            if line.is_error:
                self._errors[minute] += 1

    def incoming(self) -> Samples:
        """What came in, as CloudWatch Logs itself reports it."""
        found: Samples = defaultdict(lambda: ([], []))
        for counted, name, unit in (
            (self._events, "IncomingLogEvents", "None"),
            (self._bytes, "IncomingBytes", "Bytes"),
        ):
            for (service, minute), value in counted.items():
                of = SERVICES[service]
                dimensions = (("LogGroupName", of.log_group),)
                series = Series(of.account, "AWS/Logs", name, dimensions, unit)
                times, values = found[series]
                times.append(minute * 60.0)
                values.append(float(value))
        return found

    def errors(self) -> Samples:
        """What the filters for errors make of the lines: one for each that matches,
        and the default, 0, once in a minute where none does."""
        found: Samples = defaultdict(lambda: ([], []))
        for service, minute in self._events:
            of, count = SERVICES[service], self._errors[service, minute]
            name = errors_metric(service)
            series = Series(of.account, ERRORS_NAMESPACE, name, (), "None")
            times, values = found[series]
            times += [minute * 60.0] * max(count, 1)
            values += [1.0] * count or [0.0]
        return found
