"""Coverage in rows: of which time every trace that was updated in it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.discovery.coverage import Interval, gaps, merged
from apps.tracing.collecting.windows import KEPT_BY_AWS, SETTLE
from apps.tracing.models import TraceCoverage, TraceScope


def covered(scope: TraceScope) -> list[Interval]:
    """The stretches read of a scope, oldest first and apart."""
    rows = TraceCoverage.objects.filter(scope=scope)
    return [Interval(row.since, row.until) for row in rows]


def cover(scope: TraceScope, read: Interval) -> None:
    """Add a stretch that was read, and let it grow together with its neighbours."""
    with transaction.atomic():
        intervals = merged([*covered(scope), read])
        TraceCoverage.objects.filter(scope=scope).delete()
        TraceCoverage.objects.bulk_create(
            TraceCoverage(scope=scope, since=one.since, until=one.until)
            for one in intervals
        )


def not_collected(
    scopes: Iterable[TraceScope], asked: Interval
) -> dict[int, list[Interval]]:
    """Per scope what of a time range was not read: there, no traces does not mean
    that nothing happened. Scopes that were read all through are absent."""
    by_scope: dict[int, list[Interval]] = {scope.pk: [] for scope in scopes}
    rows = TraceCoverage.objects.filter(
        scope__in=list(by_scope), until__gt=asked.since, since__lt=asked.until
    )
    for row in rows:
        by_scope[row.scope_id].append(Interval(row.since, row.until))
    missing = {pk: gaps(found, asked) for pk, found in by_scope.items()}
    return {pk: found for pk, found in missing.items() if found}


def wanted(scope: TraceScope, now: datetime) -> Interval | None:
    """The time that should be covered by now; None where nothing should."""
    if scope.collect_since is None:
        return None
    since = max(scope.collect_since, now - KEPT_BY_AWS)
    return Interval(since, now - SETTLE) if since < now - SETTLE else None
