"""What trails say of their newest data, and until when they are complete, for alert
rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Max
from django.urls import reverse

from apps.audit.models import Coverage, TrailSource
from apps.discovery.silencehooks import Source, Sources
from apps.search.engines.base import Scope

_HELD_UP_FOR = timedelta(days=1)


def _trails(scope: Scope) -> Sequence[Source]:
    rows = TrailSource.objects.filter(is_enabled=True)
    rows = rows.annotate(delivered=Max("logobject__delivered_at"))
    return [
        Source(
            what="trails",
            name=row.name,
            account=row.account_id,
            region=row.region,
            since=row.created_at,
            last_at=row.delivered if row.bucket else row.succeeded_at,
            url=reverse("sources"),
        )
        for row in rows
        if scope.admits(row.account_id, row.region)
    ]


def known_until(scope: Scope, now: datetime) -> datetime | None:
    """Until when CloudTrail was read, by the source that came least far; None where
    none is charged with the scope."""
    rows = TrailSource.objects.filter(is_enabled=True)
    if scope.accounts is not None:
        rows = rows.filter(account__in=scope.accounts)
    if not rows:
        return None
    covered = Coverage.objects.filter(source__in=rows)
    newest = dict(covered.values_list("source").annotate(Max("until")).order_by())
    # One that never read anything says nothing, for what is there came another way;
    # one that stopped long ago does not hold up the others.
    reached = [newest[row.pk] for row in rows if row.pk in newest]
    return min((one for one in reached if one > now - _HELD_UP_FOR), default=None)


SOURCES = (Sources("trails", "CloudTrail sources", _trails),)
