"""What was really sent to AWS: every request, those that are refused included."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.kernel import signatures
from sandbox.kernel.application import Application
from sandbox.kernel.clients import INTERNAL
from sandbox.kernel.cloud import Cloud

Sent = tuple[str, str]
"""Operation and region."""

# Calls a second per account and region: CloudWatch Logs service quotas; per shard:
# Kinesis Data Streams quotas. Tests have one account, and one shard where they count.
EUROPE, AMERICA = "eu-west-1", "us-east-1"
QUOTAS: Mapping[Sent, int] = {
    ("FilterLogEvents", EUROPE): 10,
    ("FilterLogEvents", AMERICA): 25,
    ("GetLogEvents", EUROPE): 10,
    ("DescribeLogGroups", EUROPE): 10,
    ("DescribeLogStreams", EUROPE): 25,
    ("DescribeMetricFilters", EUROPE): 5,
    ("DescribeSubscriptionFilters", EUROPE): 5,
    ("GetRecords", EUROPE): 5,
    ("GetShardIterator", EUROPE): 5,
}


@dataclass
class Wire:
    """When each request was sent, in seconds of the sandbox's clock."""

    times: dict[Sent, list[float]] = field(
        default_factory=lambda: defaultdict[Sent, list[float]](list)
    )

    def above_quota(self) -> dict[Sent, int]:
        """The most requests within a second, where they are more than AWS allows."""
        most = {
            sent: _most_within_a_second(times) for sent, times in self.times.items()
        }
        return {sent: count for sent, count in most.items() if count > allowed(sent)}

    def count(self, operation: str) -> int:
        return sum(len(at) for sent, at in self.times.items() if sent[0] == operation)


def allowed(sent: Sent) -> int:
    operation, _ = sent
    return QUOTAS.get(sent, QUOTAS.get((operation, EUROPE), 1_000))


def _most_within_a_second(times: list[float]) -> int:
    """Times are in order; a call just a second after another is in the next one."""
    begins = Counter[int]()
    first = 0
    for at, time in enumerate(times):
        while times[first] <= time - 1:
            first += 1
        begins[at] = at - first + 1
    return max(begins.values(), default=0)


def tapped(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Wire:
    """Listens to everything that comes to the sandbox over HTTP."""
    wire = Wire()
    answer = Application.__call__

    def heard(itself: Application, environ: dict[str, Any], start: Any) -> Any:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        signed = signatures.read(environ.get("HTTP_AUTHORIZATION", ""))
        if target and signed and INTERNAL not in environ:
            operation = target.rpartition(".")[2]
            wire.times[operation, signed.region].append(cloud.clock.now())
        return answer(itself, environ, start)

    monkeypatch.setattr(Application, "__call__", heard)
    return wire
