"""One run at a time writes to a resource."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from apps.audit.models import Lock, Run
from apps.discovery.inventory.items import ResourceKey

HELD = timedelta(minutes=15)
"""Longer than the longest pause between two renewals."""


def key_of(key: ResourceKey) -> str:
    return "|".join(key)


def key_from(text: str) -> ResourceKey:
    account, region, kind, identifier = text.split("|", 3)
    return ResourceKey(account, region, kind, identifier)


@transaction.atomic
def take(run: Run, now: datetime) -> int:
    """The fencing number under which the run may write; 0 where another run has it."""
    Lock.objects.get_or_create(resource_key=run.resource_key)
    free = (
        Q(run=None) | Q(run=run) | Q(until__lt=now) | Q(run__finished_at__isnull=False)
    )
    mine = Lock.objects.filter(free, resource_key=run.resource_key)
    if not mine.update(run=run, fence=F("fence") + 1, until=now + HELD):
        return 0
    return Lock.objects.get(resource_key=run.resource_key).fence


def holds(run: Run, now: datetime) -> bool:
    """Whether the run still has the lock that it took; renews it."""
    mine = Lock.objects.filter(resource_key=run.resource_key, run=run, fence=run.fence)
    return bool(mine.update(until=now + HELD))


def give_back(run: Run) -> None:
    Lock.objects.filter(resource_key=run.resource_key, run=run).update(
        run=None, until=None
    )
