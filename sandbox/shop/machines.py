"""What machines report each minute, busy or not: CPU, memory, connections. Pure."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator

from sandbox.shop.effects import Effects
from sandbox.shop.names import Names
from sandbox.shop.samples import Samples, Series
from sandbox.shop.topology import (
    CLUSTER,
    SERVICES,
    STORES,
    Runtime,
    Service,
    Store,
    StoreKind,
)

_IDLE_CPU, _CPU_PER_SHARE, _CPU_PER_SLOWNESS = 6.0, 22.0, 4.0
_MOST_PERCENT = 100.0


class Machines:
    """Remembers what grows from minute to minute: memory that leaks."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a demo's dice
        self._leaked: dict[str, float] = defaultdict(float)

    def restart(self, name: str) -> None:
        """Give back what a service has leaked."""
        self._leaked.pop(name, None)

    def leaked(self, name: str) -> float:
        """Percent of memory a service has lost since it was started."""
        return self._leaked[name]

    def minute(
        self, at: float, share: float, effects: Effects, names: Names
    ) -> Samples:
        """The samples of one minute with this share of the mean traffic."""
        found: Samples = defaultdict(lambda: ([], []))
        for name, percent in effects.leaks.items():
            self._leaked[name] += percent
        for series, value in (*self._all(share, effects), *_healthy(names)):
            found[series][0].append(at)
            found[series][1].append(value)
        return found

    def _all(self, share: float, effects: Effects) -> Iterator[tuple[Series, float]]:
        for service in SERVICES.values():
            if service.runtime is Runtime.ECS:
                yield from self._tasks(service, share, effects)
        for store in STORES.values():
            if store.kind is StoreKind.RDS:
                yield from self._database(store, share, effects)
            if store.kind is StoreKind.SQS:
                dimensions = (("QueueName", store.name),)
                name = "ApproximateNumberOfMessagesVisible"
                series = Series(store.account, "AWS/SQS", name, dimensions, "Count")
                waiting = "fulfilment" in effects.silent
                yield series, 400.0 * share if waiting else self._around(share, 0.5)

    def _tasks(
        self, service: Service, share: float, effects: Effects
    ) -> Iterator[tuple[Series, float]]:
        dimensions = (("ClusterName", CLUSTER), ("ServiceName", service.name))

        def of(name: str) -> Series:
            return Series(service.account, "AWS/ECS", name, dimensions, "Percent")

        load = 0.0 if service.name in effects.silent else share
        slowness = math.log(effects.slower.get(service.name, 1.0))
        cpu = _IDLE_CPU + _CPU_PER_SHARE * load + _CPU_PER_SLOWNESS * slowness
        memory = service.memory_percent + self._leaked[service.name]
        yield of("CPUUtilization"), self._around(cpu, 0.12)
        yield of("MemoryUtilization"), self._around(memory, 0.01)

    def _database(
        self, store: Store, share: float, effects: Effects
    ) -> Iterator[tuple[Series, float]]:
        dimensions = (("DBInstanceIdentifier", store.name),)

        def of(name: str, unit: str) -> Series:
            return Series(store.account, "AWS/RDS", name, dimensions, unit)

        pressure = effects.slower.get(store.name, 1.0)
        yield (
            of("CPUUtilization", "Percent"),
            self._around(min(12 + 15 * share * pressure, _MOST_PERCENT), 0.1),
        )
        connections = round(self._around(8 + 6 * share * pressure, 0.15))
        yield of("DatabaseConnections", "Count"), float(connections)
        yield of("FreeStorageSpace", "Bytes"), 42e9

    def _around(self, value: float, spread: float) -> float:
        drawn = value * (1 + self._random.gauss(0, spread))
        return min(max(drawn, 0.0), max(_MOST_PERCENT, value))


def _healthy(names: Names) -> Iterator[tuple[Series, float]]:
    """A running task is a healthy target."""
    for service, balanced in names.balanced.items():
        dimensions = (
            ("LoadBalancer", balanced.load_balancer),
            ("TargetGroup", balanced.target_group),
        )
        series = Series(
            SERVICES[service].account,
            "AWS/ApplicationELB",
            "HealthyHostCount",
            dimensions,
            "Count",
        )
        yield series, float(names.running.get(service, 0))
