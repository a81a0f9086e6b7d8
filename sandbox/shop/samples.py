"""The metric samples of journeys, as the services that carry them report. Pure.

Sources of names, units and dimensions: the "CloudWatch metrics" pages of API Gateway,
Elastic Load Balancing, Lambda, DynamoDB, SQS, SNS, RDS and ElastiCache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sandbox.kernel.cloud import SHOP
from sandbox.shop.names import Names
from sandbox.shop.topology import (
    API,
    STAGE,
    Runtime,
    Service,
    Store,
    StoreKind,
)
from sandbox.shop.visits import Journey, Visit

Dimensions = tuple[tuple[str, str], ...]

_OK, _CLIENT_ERROR, _FAULT = 200, 400, 500


@dataclass(frozen=True, slots=True)
class Series:
    """What a sample belongs to."""

    account: str
    namespace: str
    name: str
    dimensions: Dimensions
    unit: str


Samples = dict[Series, tuple[list[float], list[float]]]
"""Times in seconds since 1970, and values."""


def samples_of(journeys: Iterable[Journey], names: Names) -> Samples:
    """Every sample of some journeys, by series."""
    found: Samples = defaultdict(lambda: ([], []))
    for journey in journeys:
        _gateway(found, journey)
        for visit in journey.visits():
            if isinstance(visit.place, Service):
                _service(found, visit, visit.place)
                _load_balancer(found, visit, names)
            else:
                _STORES[visit.place.kind](found, visit, visit.place)
    return found


def _note(found: Samples, series: Series, at: float, value: float) -> None:
    times, values = found[series]
    times.append(at)
    values.append(value)


def _gateway(found: Samples, journey: Journey) -> None:
    root, dimensions = journey.root, (("ApiName", API), ("Stage", STAGE))
    milliseconds = root.seconds * 1_000

    def note(name: str, value: float, unit: str = "Count") -> None:
        series = Series(SHOP, "AWS/ApiGateway", name, dimensions, unit)
        _note(found, series, root.start, value)

    note("Count", 1)
    note("Latency", milliseconds + 8, "Milliseconds")
    note("IntegrationLatency", milliseconds, "Milliseconds")
    note("5XXError", float(root.status >= _FAULT))
    note("4XXError", float(_CLIENT_ERROR <= root.status < _FAULT))


def _service(found: Samples, visit: Visit, service: Service) -> None:
    def own(name: str, value: float, unit: str) -> None:
        dimensions = (("Service", service.name),)
        series = Series(service.account, "Shop", name, dimensions, unit)
        _note(found, series, visit.start, value)

    own("Latency", visit.seconds * 1_000, "Milliseconds")
    own("Faults", float(visit.is_fault), "Count")
    if service.runtime is Runtime.LAMBDA:
        _function(found, visit, service)
    if service.name == "checkout" and visit.status == _OK:
        series = Series(SHOP, "Shop", "Orders", (), "Count")
        _note(found, series, visit.end, 1)


def _function(found: Samples, visit: Visit, service: Service) -> None:
    dimensions = (("FunctionName", service.name),)

    def note(name: str, value: float, unit: str = "Count") -> None:
        series = Series(service.account, "AWS/Lambda", name, dimensions, unit)
        _note(found, series, visit.start, value)

    note("Invocations", 1)
    note("Errors", float(visit.is_fault))
    note("Duration", visit.seconds * 1_000, "Milliseconds")
    note("Throttles", 0)


def _load_balancer(found: Samples, visit: Visit, names: Names) -> None:
    balanced = names.balanced.get(visit.place.name)
    if balanced is None:
        return
    dimensions = (("LoadBalancer", balanced.load_balancer),)
    namespace = "AWS/ApplicationELB"

    def note(name: str, value: float, unit: str = "Count") -> None:
        series = Series(visit.place.account, namespace, name, dimensions, unit)
        _note(found, series, visit.start, value)

    note("RequestCount", 1)
    note("TargetResponseTime", visit.seconds, "Seconds")
    # Codes that did not happen have no sample: the metric is sparse.
    note(f"HTTPCode_Target_{visit.status // 100}XX_Count", 1)


def _table(found: Samples, visit: Visit, store: Store) -> None:
    operation = (("Operation", visit.action), ("TableName", store.name))
    latency = Series(
        store.account,
        "AWS/DynamoDB",
        "SuccessfulRequestLatency",
        operation,
        "Milliseconds",
    )
    _note(found, latency, visit.start, visit.seconds * 1_000)
    is_write = visit.action in {"PutItem", "UpdateItem"}
    name = f"Consumed{'Write' if is_write else 'Read'}CapacityUnits"
    table = (("TableName", store.name),)
    consumed = Series(store.account, "AWS/DynamoDB", name, table, "Count")
    _note(found, consumed, visit.start, 1.0 if is_write else 0.5)


def _queue(found: Samples, visit: Visit, store: Store) -> None:
    dimensions = (("QueueName", store.name),)

    def note(name: str, at: float, value: float, unit: str = "Count") -> None:
        series = Series(store.account, "AWS/SQS", name, dimensions, unit)
        _note(found, series, at, value)

    note("NumberOfMessagesSent", visit.start, 1)
    for consumer in visit.consumers:
        waited = consumer.start - visit.end
        note("ApproximateAgeOfOldestMessage", consumer.start, waited, "Seconds")
        note("NumberOfMessagesReceived", consumer.start, 1)
        note("NumberOfMessagesDeleted", consumer.end, 1)


def _topic(found: Samples, visit: Visit, store: Store) -> None:
    dimensions = (("TopicName", store.name),)
    series = Series(
        store.account, "AWS/SNS", "NumberOfMessagesPublished", dimensions, "Count"
    )
    _note(found, series, visit.start, 1)


def _database(found: Samples, visit: Visit, store: Store) -> None:
    dimensions = (("DBInstanceIdentifier", store.name),)
    kind = "Read" if visit.action == "SELECT" else "Write"
    series = Series(store.account, "AWS/RDS", f"{kind}Latency", dimensions, "Seconds")
    _note(found, series, visit.start, visit.seconds)


def _cache(found: Samples, visit: Visit, store: Store) -> None:
    dimensions = (("CacheClusterId", store.name),)
    series = Series(
        store.account, "AWS/ElastiCache", "GetTypeCmds", dimensions, "Count"
    )
    _note(found, series, visit.start, 1)


def misses_of(journeys: Iterable[Journey]) -> Samples:
    """Hits and misses of caches: after a miss, the database is read."""
    found: Samples = defaultdict(lambda: ([], []))
    for journey in journeys:
        for visit in journey.visits():
            for at, child in enumerate(visit.children):
                if getattr(child.place, "kind", None) is not StoreKind.CACHE:
                    continue
                after = visit.children[at + 1 : at + 2]
                missed = bool(after) and after[0].action == "SELECT"
                name = "CacheMisses" if missed else "CacheHits"
                dimensions = (("CacheClusterId", child.place.name),)
                account = child.place.account
                series = Series(account, "AWS/ElastiCache", name, dimensions, "Count")
                _note(found, series, child.start, 1)
    return found


_STORES: Mapping[StoreKind, Callable[[Samples, Visit, Store], None]] = {
    StoreKind.DYNAMODB: _table,
    StoreKind.SQS: _queue,
    StoreKind.SNS: _topic,
    StoreKind.RDS: _database,
    StoreKind.CACHE: _cache,
}
