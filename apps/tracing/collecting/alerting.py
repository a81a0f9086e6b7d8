"""What X-Ray regions and services say of their newest data, for alert rules."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from apps.discovery.silencehooks import Source, Sources
from apps.search.engines.base import Scope
from apps.tracing.models import SeenNode, TraceScope

_MOST = 5_000


def _regions(scope: Scope) -> Sequence[Source]:
    rows = TraceScope.objects.filter(is_enabled=True).select_related("account")
    return [
        Source(
            what="traces",
            name=f"{row.account_id} {row.region}",
            account=row.account_id,
            region=row.region,
            since=row.collect_since or row.account.created_at,
            last_at=row.last_trace_at,
            url=reverse("trace-scopes"),
        )
        for row in rows
        if scope.admits(row.account_id, row.region)
    ]


def _services(scope: Scope) -> Sequence[Source]:
    """Services that have sent spans of their own."""
    rows = SeenNode.objects.filter(sends_spans=True)
    if scope.accounts is not None:
        rows = rows.filter(account__in=scope.accounts)
    return [
        Source(
            what="services",
            name=row.name,
            account=row.account,
            region="",
            since=row.first_seen,
            last_at=row.last_seen,
            url=f"{reverse('service-map')}?{urlencode({'select': row.name})}",
            labels={"service": row.name},
        )
        for row in rows.order_by("name")[:_MOST]
    ]


SOURCES = (
    Sources("traces", "X-Ray of a region", _regions),
    Sources("services", "Services that send traces", _services),
)
