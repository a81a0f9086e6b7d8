"""Service maps as a shop of some size would have them, the same for the same size."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from apps.tracing.maps.latencies import bucket_of
from apps.tracing.maps.servicemap import (
    CLIENT,
    Figures,
    MapEdge,
    MapNode,
    ServiceMap,
)
from apps.tracing.spans.span import ServiceKey

HOUR = 3_600
SINCE = 1_790_000_000 // HOUR * HOUR
ACCOUNT = "111122223333"
ECS, FARGATE = "AWS::ECS::Container", "AWS::ECS::Fargate"
LAMBDA, TABLE = "AWS::Lambda::Function", "AWS::DynamoDB::Table"
QUEUE, TOPIC, BUCKET = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"
GATEWAY, SQL = "AWS::ApiGateway::Stage", "Database::SQL"
_SILENT = frozenset((TABLE, QUEUE, TOPIC, BUCKET, SQL, "remote", CLIENT))


def key(name: str, type_: str = ECS, account: str = ACCOUNT) -> ServiceKey:
    return ServiceKey(account, type_, name)


def figures(
    calls: int, faults: int = 0, errors: int = 0, *, ms: float = 40, throttles: int = 0
) -> Figures:
    """Latencies spread a little around `ms` milliseconds."""
    spread = ((0.6, 0.5), (0.3, 1.0), (0.08, 2.2), (0.02, 5.0))
    histogram: dict[int, int] = {}
    left = calls
    for share, factor in spread[1:]:
        many = int(calls * share)
        bucket = bucket_of(int(ms * factor * 1_000))
        histogram[bucket] = histogram.get(bucket, 0) + many
        left -= many
    bucket = bucket_of(int(ms * spread[0][1] * 1_000))
    histogram[bucket] = histogram.get(bucket, 0) + left
    filled = {one: many for one, many in histogram.items() if many}
    total = int(calls * ms * 1_000)
    return Figures(calls, faults, errors, throttles, total, filled)


def node(name: str, type_: str = ECS, did: Figures | None = None) -> MapNode:
    return MapNode(key(name, type_), did or figures(600), type_ not in _SILENT)


def edge(
    source: ServiceKey,
    target: ServiceKey,
    did: Figures | None = None,
    *,
    is_async: bool = False,
) -> MapEdge:
    return MapEdge(source, target, is_async, did or figures(600))


def service_map(
    nodes: Sequence[MapNode], edges: Sequence[MapEdge], hours: int = 1
) -> ServiceMap:
    return ServiceMap(SINCE, SINCE + hours * HOUR, tuple(nodes), tuple(edges), 600)


def shop() -> ServiceMap:
    """Twelve nodes: a client, a gateway, services, what they call; payments fails."""
    client = MapNode(
        ServiceKey(ACCOUNT, CLIENT, "web"), figures(5_400, 18, 60, ms=210), False
    )
    web = MapNode(key("web"), figures(5_400, 18, 60, ms=210), True, True)
    nodes = {
        "client": client,
        "web": web,
        "gateway": node("shop-api/prod", GATEWAY, figures(5_200, 60, 90, ms=180)),
        "checkout": node("checkout", ECS, figures(1_240, 92, 14, ms=420)),
        "catalogue": node("catalogue", ECS, figures(3_600, 0, 12, ms=38)),
        "payments": node("payment-provider-adapter", LAMBDA, figures(1_150, 131, 4, ms=340)),
        "bank": node("api.bank.example", "remote", figures(1_150, 128, 0, ms=300)),
        "orders": node("orders", TABLE, figures(2_400, 0, 40, ms=9, throttles=40)),
        "stock": node("stock", SQL, figures(3_550, 0, 0, ms=6)),
        "queue": node("order-placed", QUEUE, figures(1_020, 0, 0, ms=12)),
        "mail": node("send-confirmation-mail", LAMBDA, figures(1_020, 3, 0, ms=160)),
        "invoices": node("shop-invoices-eu-west-1", BUCKET, figures(1_017, 0, 0, ms=45)),
    }  # fmt: skip
    ways = [
        ("client", "web", figures(5_400, 18, 60, ms=210)),
        ("web", "gateway", figures(5_200, 60, 90, ms=180)),
        ("gateway", "checkout", figures(1_240, 92, 14, ms=425)),
        ("gateway", "catalogue", figures(3_600, 0, 12, ms=40)),
        ("checkout", "payments", figures(1_150, 131, 4, ms=345)),
        ("payments", "bank", figures(1_150, 128, 0, ms=300)),
        ("checkout", "orders", figures(2_400, 0, 40, ms=9)),
        ("checkout", "stock", figures(1_200, 0, 0, ms=6)),
        ("catalogue", "stock", figures(2_350, 0, 0, ms=6)),
        ("checkout", "queue", figures(1_020, 0, 0, ms=12)),
        ("queue", "mail", figures(1_020, 3, 0, ms=900)),
        ("mail", "invoices", figures(1_017, 0, 0, ms=45)),
    ]
    edges = [
        edge(nodes[a].key, nodes[b].key, did, is_async=a == "queue")
        for a, b, did in ways
    ]
    return service_map(list(nodes.values()), edges)


def before_the_outage() -> ServiceMap:
    """The shop when payments were well, mail went out by a service since replaced, and
    nobody asked for recommendations."""
    shop_ = shop()
    well = {"checkout", "payment-provider-adapter", "api.bank.example"}

    def calm(did: Figures, name: str) -> Figures:
        return figures(did.calls, 2, 4, ms=110) if name in well else did

    nodes = [
        replace(one, figures=calm(one.figures, one.key.name)) for one in shop_.nodes
    ]
    edges = [
        replace(one, figures=calm(one.figures, one.target.name)) for one in shop_.edges
    ]
    old = node("mail-relay", ECS, figures(1_000))
    relay = edge(key("order-placed", QUEUE), old.key, figures(1_000), is_async=True)
    kept = [one for one in edges if one.target.name != "send-confirmation-mail"]
    return service_map([*nodes, old], [*kept, relay])


_FIRST = [
    "order",
    "cart",
    "price",
    "stock",
    "user",
    "mail",
    "search",
    "pay",
    "ship",
    "tax",
    "promo",
    "review",
    "image",
]
_LAST = [
    "api",
    "service",
    "worker",
    "sync",
    "adapter",
    "gateway",
    "store",
    "writer",
    "reader",
    "events",
]
_TEAMS = ["checkout", "catalogue", "payments", "logistics", "growth", "identity"]
_LEAVES = (TABLE, SQL, QUEUE, BUCKET, "remote", TOPIC)


def large(nodes: int, edges: int, seed: int = 1) -> ServiceMap:
    """Layers of services over tables, queues and outside hosts, with a few cycles and
    a few failures."""
    draw = random.Random(seed)
    deep = [int((at / nodes) ** 0.8 * 6) for at in range(nodes)]
    keys = [_name(draw, at, deep[at]) for at in range(nodes)]
    may_call = [
        one.type not in _SILENT or one.type in (QUEUE, TOPIC, CLIENT) for one in keys
    ]
    ways = _ways(draw, deep, edges, may_call)
    made = []
    for source, target in ways:
        did = _drawn(draw)
        is_async = keys[source].type in (QUEUE, TOPIC) and draw.random() < 0.9
        made.append(edge(keys[source], keys[target], did, is_async=is_async))
    shown = [
        MapNode(one, _drawn(draw), one.type not in _SILENT, deep[at] == 0)
        for at, one in enumerate(keys)
    ]
    return service_map(shown, made)


def _name(draw: random.Random, at: int, deep: int) -> ServiceKey:
    team = draw.choice(_TEAMS)
    if at == 0:
        return key("web", CLIENT)
    if deep >= 5 or (deep and draw.random() < 0.25):
        type_ = draw.choice(_LEAVES)
        name = f"{team}-{draw.choice(_FIRST)}s-{at}"
        name = (
            f"{draw.choice(_FIRST)}.{team}{at}.example" if type_ == "remote" else name
        )
    else:
        type_ = draw.choice((ECS, ECS, FARGATE, LAMBDA, GATEWAY if deep == 0 else ECS))
        name = f"{team}-{draw.choice(_FIRST)}-{draw.choice(_LAST)}-{at}"
    return key(name, type_, f"{111122223333 + _TEAMS.index(team) % 3 * 111111111111}")


def _ways(
    draw: random.Random, deep: list[int], many: int, may_call: list[bool]
) -> list[tuple[int, int]]:
    """So many ways between nodes, each node reached from a layer before."""
    count, found = len(deep), set()
    for at in range(1, count):
        above = [one for one in range(at) if may_call[one] and deep[one] < deep[at]]
        nearest = [one for one in above if deep[one] == deep[at] - 1] or above
        if nearest:
            found.add((draw.choice(nearest), at))
    while len(found) < many:
        source, target = draw.randrange(count), draw.randrange(count)
        is_down = 0 < deep[target] - deep[source] < 3
        is_back = deep[target] and draw.random() < 0.004
        if may_call[source] and source != target and (is_down or is_back):
            found.add((source, target))
    return sorted(found)


def _drawn(draw: random.Random) -> Figures:
    calls = int(draw.paretovariate(0.8) * 900) % 90_000
    kind = draw.random()
    faults = int(calls * draw.uniform(0.06, 0.3)) if kind < 0.04 else 0
    errors = int(calls * draw.uniform(0.05, 0.12)) if 0.04 < kind < 0.12 else 0
    return figures(calls, faults, errors, ms=draw.lognormvariate(3, 1))
