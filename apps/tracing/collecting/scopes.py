"""Accounts and regions in which X-Ray may be read: found, switched, taken in turn."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from apps.discovery.models import Account
from apps.tracing.collecting.windows import KEPT_BY_AWS
from apps.tracing.models import TraceScope, TraceWindow


def note_scopes() -> None:
    """Make sure that each region of connected accounts has a row. What is not wanted
    any more stays, and is not read."""
    known = set(TraceScope.objects.values_list("account_id", "region"))
    TraceScope.objects.bulk_create(
        [
            TraceScope(account=account, region=region)
            for account in Account.objects.filter(is_connected=True)
            for region in account.watched_regions
            if (account.pk, region) not in known
        ],
        ignore_conflicts=True,
    )


def due_scopes(now: datetime) -> list[int]:
    """Scopes that are switched on and due, where nobody works."""
    note_scopes()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(next_at=None) | Q(next_at__lte=now)
    due = TraceScope.objects.filter(free & rested, is_enabled=True)
    return [
        scope.pk
        for scope in due.select_related("account")
        if scope.region in scope.account.watched_regions
    ]


def switch_on(scope: TraceScope, now: datetime, hours: float | None = None) -> None:
    """Read from now on, and so many hours of the past, else as the settings say.
    What was read before is not read again; what was missed before that stays away."""
    past = timedelta(hours=settings.TRACE_FIRST_HOURS if hours is None else hours)
    since = now - min(past, KEPT_BY_AWS)
    TraceScope.objects.filter(pk=scope.pk).update(
        is_enabled=True,
        collect_since=since,
        # There is nothing yet that could have come late.
        hourly_at=now,
        daily_at=now,
        next_at=None,
        problem="",
        problem_since=None,
    )


def switch_off(scope: TraceScope) -> None:
    """Read no more. A worker that is at it loses its claim at its next step; windows
    that were begun are given up, and what is stored stays."""
    TraceScope.objects.filter(pk=scope.pk).update(
        is_enabled=False, claimed_until=None, next_at=None
    )
    TraceWindow.objects.filter(scope=scope).delete()


def read_now(scope: TraceScope) -> None:
    """Let the next worker that is free look at the scope, whatever it waits for."""
    TraceScope.objects.filter(pk=scope.pk).update(next_at=None, settings_at=None)
