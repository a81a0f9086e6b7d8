"""The services of the shop, what they run on, and who calls whom. Pure data.

Times are medians in milliseconds; `spread` is the sigma of a log-normal distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.kernel.cloud import PAYMENTS, SHOP

CLUSTER = "shop"
API = "shop-api"
STAGE = "prod"
PORT = 8080


class Runtime(StrEnum):
    """What runs a service; the value is X-Ray's origin of its segments."""

    ECS = "AWS::ECS::Container"
    LAMBDA = "AWS::Lambda::Function"


class Registry(StrEnum):
    """Where a service's instances are registered for others to find."""

    ALB = "alb"
    ROUTE_53 = "route53"
    CLOUD_MAP = "cloudmap"
    TABLE = "dynamodb"


class StoreKind(StrEnum):
    DYNAMODB = "dynamodb"
    RDS = "rds"
    CACHE = "elasticache"
    SQS = "sqs"
    SNS = "sns"


@dataclass(frozen=True, slots=True)
class Service:
    """A microservice: `work_ms` is its own time in a request, without its calls."""

    name: str
    account: str
    runtime: Runtime
    registry: Registry
    work_ms: float
    tasks: int = 2
    spread: float = 0.35
    memory_percent: float = 42.0

    @property
    def log_group(self) -> str:
        folder = "ecs" if self.runtime is Runtime.ECS else "aws/lambda"
        return f"/{folder}/{self.name}"

    @property
    def host(self) -> str:
        """Its name in Cloud Map's namespace, or in the zone of Route 53."""
        zone = "local" if self.registry is Registry.CLOUD_MAP else "internal"
        return f"{self.name}.shop.{zone}"


@dataclass(frozen=True, slots=True)
class Store:
    """A table, database, cache, queue or topic."""

    name: str
    account: str
    kind: StoreKind
    work_ms: float
    spread: float = 0.4


@dataclass(frozen=True, slots=True)
class CallTo:
    """One call made while a request is served: to a service by its path, or to a store
    by its operation. `chance` is how often it is made."""

    target: str
    action: str
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Route:
    """What a service does for a path."""

    calls: tuple[CallTo, ...] = ()


SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        Service("storefront", SHOP, Runtime.ECS, Registry.ALB, 9, tasks=3),
        Service("catalog", SHOP, Runtime.ECS, Registry.ROUTE_53, 7),
        Service("search", SHOP, Runtime.ECS, Registry.ROUTE_53, 24),
        Service("cart", SHOP, Runtime.LAMBDA, Registry.TABLE, 11),
        Service("checkout", SHOP, Runtime.ECS, Registry.CLOUD_MAP, 14),
        Service("pricing", SHOP, Runtime.ECS, Registry.CLOUD_MAP, 5),
        Service("recommendations", SHOP, Runtime.ECS, Registry.TABLE, 18),
        Service("fulfilment", SHOP, Runtime.ECS, Registry.CLOUD_MAP, 60, tasks=1),
        Service("notifications", SHOP, Runtime.LAMBDA, Registry.TABLE, 35),
        Service("payments", PAYMENTS, Runtime.ECS, Registry.ALB, 38),
        Service("fraud", PAYMENTS, Runtime.LAMBDA, Registry.TABLE, 27),
        Service("ledger", PAYMENTS, Runtime.ECS, Registry.CLOUD_MAP, 8),
    )
}

STORES: Mapping[str, Store] = {
    store.name: store
    for store in (
        Store("products", SHOP, StoreKind.RDS, 6),
        Store("product-cache", SHOP, StoreKind.CACHE, 0.7),
        Store("carts", SHOP, StoreKind.DYNAMODB, 4),
        Store("affinities", SHOP, StoreKind.DYNAMODB, 5),
        Store("orders", SHOP, StoreKind.SQS, 9),
        Store("order-events", SHOP, StoreKind.SNS, 12),
        Store("payments-db", PAYMENTS, StoreKind.RDS, 11),
        Store("ledger-entries", PAYMENTS, StoreKind.DYNAMODB, 5),
    )
}

ROUTES: Mapping[tuple[str, str], Route] = {
    ("storefront", "GET /"): Route(
        (CallTo("catalog", "GET /featured"), CallTo("recommendations", "GET /for-you"))
    ),
    ("storefront", "GET /search"): Route((CallTo("search", "GET /query"),)),
    ("storefront", "GET /products/{id}"): Route(
        (
            CallTo("catalog", "GET /products/{id}"),
            CallTo("pricing", "GET /prices/{id}"),
            CallTo("recommendations", "GET /similar", chance=0.5),
        )
    ),
    ("storefront", "POST /cart"): Route((CallTo("cart", "POST /items"),)),
    ("storefront", "POST /checkout"): Route((CallTo("checkout", "POST /orders"),)),
    ("catalog", "GET /featured"): Route((CallTo("product-cache", "GET"),)),
    ("catalog", "GET /products/{id}"): Route((CallTo("product-cache", "GET"),)),
    ("search", "GET /query"): Route((CallTo("catalog", "GET /products/{id}"),)),
    ("recommendations", "GET /for-you"): Route((CallTo("affinities", "Query"),)),
    ("recommendations", "GET /similar"): Route((CallTo("affinities", "Query"),)),
    ("cart", "POST /items"): Route((CallTo("carts", "UpdateItem"),)),
    ("cart", "GET /items"): Route((CallTo("carts", "GetItem"),)),
    ("checkout", "POST /orders"): Route(
        (
            CallTo("cart", "GET /items"),
            CallTo("pricing", "GET /prices/{id}"),
            CallTo("payments", "POST /charges"),
            CallTo("orders", "SendMessage"),
            CallTo("order-events", "Publish"),
        )
    ),
    ("payments", "POST /charges"): Route(
        (
            CallTo("fraud", "POST /score"),
            CallTo("payments-db", "INSERT"),
            CallTo("ledger", "POST /entries"),
        )
    ),
    ("ledger", "POST /entries"): Route((CallTo("ledger-entries", "PutItem"),)),
}

CONSUMERS: Mapping[str, tuple[str, str]] = {
    "orders": ("fulfilment", "ReceiveMessage"),
    "order-events": ("notifications", "Notification"),
}
"""Queues and topics, with who works on what they carry and on what."""

MIX: Mapping[str, float] = {
    "GET /": 0.30,
    "GET /search": 0.22,
    "GET /products/{id}": 0.30,
    "POST /cart": 0.12,
    "POST /checkout": 0.06,
}
"""What people ask of the storefront, by share."""

CACHE_MISS = {"product-cache": ("products", "SELECT", 0.08)}
"""What a cache does where it misses: the store, the operation and how often."""
