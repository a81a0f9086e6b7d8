"""Hits and misses of caches, from metrics that are stored already.

Sources: "Metrics for Valkey and Redis OSS" and "Metrics for Memcached" (ElastiCache),
"Amazon API Gateway dimensions and metrics", "Viewing DAX metrics and dimensions".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from apps.discovery.accounts import Viewer
from apps.discovery.cachehooks import CacheRate
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.lines import Wanted
from apps.monitoring.models import MetricSeries
from apps.search.timerange import TimeRange

_PERIOD_SECONDS = 60
_MOST_SERIES = 2_000


@dataclass(frozen=True, slots=True)
class _Counters:
    """The metrics of one kind of cache, and the dimensions that name one."""

    kind: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    dimensions: tuple[str, ...]


_KINDS = {
    "AWS/ElastiCache": _Counters(
        "ElastiCache",
        ("CacheHits", "GetHits"),
        ("CacheMisses", "GetMisses"),
        ("CacheClusterId",),
    ),
    "AWS/ApiGateway": _Counters(
        "API Gateway", ("CacheHitCount",), ("CacheMissCount",), ("ApiName", "Stage")
    ),
    "AWS/DAX": _Counters(
        "DAX",
        ("ItemCacheHits", "QueryCacheHits", "ScanCacheHits"),
        ("ItemCacheMisses", "QueryCacheMisses", "ScanCacheMisses"),
        ("ClusterId",),
    ),
}
_Place = tuple[str, str, str, str]
"""Kind, account, region and name."""


def rates(span: TimeRange, viewer: Viewer) -> Sequence[CacheRate]:
    """Every cache that metrics of the window tell of."""
    series = _series(viewer)
    wanted = [Wanted(row.pk, "Sum") for row in series]
    if not wanted:
        return []
    since = int(span.since.timestamp()) // _PERIOD_SECONDS * _PERIOD_SECONDS
    until = -(-int(span.until.timestamp()) // _PERIOD_SECONDS) * _PERIOD_SECONDS
    now = int(timezone.now().timestamp())
    lines = samples.read(wanted, since, until, _PERIOD_SECONDS, now)
    found: defaultdict[_Place, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row, one in zip(series, wanted, strict=True):
        counters = _KINDS[row.namespace]
        place = (counters.kind, row.account, row.region, _name(row, counters))
        found[place][row.name in counters.misses] += float(lines[one].values.sum())
    return [
        CacheRate(*place, hits, misses)
        for place, (hits, misses) in sorted(found.items())
        if hits or misses
    ]


def _series(viewer: Viewer) -> list[MetricSeries]:
    """Series that name one cache and nothing finer: of a cluster, not of its nodes."""
    asked = Q()
    for namespace, counters in _KINDS.items():
        asked |= Q(namespace=namespace, name__in=counters.hits + counters.misses)
    rows = MetricSeries.objects.filter(asked)
    accounts = viewer.visible_accounts()
    if accounts is not None:
        rows = rows.filter(account__in=accounts)
    return [
        row
        for row in rows[:_MOST_SERIES]
        if {name for name, _ in row.key.dimensions}
        == set(_KINDS[row.namespace].dimensions)
    ]


def _name(row: MetricSeries, counters: _Counters) -> str:
    dimensions = dict(row.key.dimensions)
    return "/".join(dimensions[name] for name in counters.dimensions)
