"""How others learn that resources changed.

Each follower, named in settings.INVENTORY_FOLLOWERS, has a row for each resource that
changed since it last looked. The row is written in the transaction of the change, and
stays until the follower says that it is done; a resource that changes meanwhile comes
again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from apps.discovery.models import ResourceChange

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A resource to look at, by the number of its row. `noted_at` is when we heard."""

    resource_id: int
    mark: str
    noted_at: datetime


def note(resource_ids: Iterable[int], now: datetime) -> None:
    """These changed. Called within the transaction that changes them."""
    mark = uuid.uuid4().hex
    rows = [
        ResourceChange(
            follower=follower, resource_id=resource_id, mark=mark, noted_at=now
        )
        for follower in settings.INVENTORY_FOLLOWERS
        for resource_id in resource_ids
    ]
    ResourceChange.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["follower", "resource"],
        update_fields=["mark", "noted_at", "claimed_until"],
    )


def claim(
    follower: str, most: int, now: datetime, lease: timedelta = timedelta(seconds=90)
) -> list[Claimed]:
    """The oldest changes that nobody works on, ours until the lease ends."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    with transaction.atomic():
        waiting = ResourceChange.objects.filter(free, follower=follower)
        found = list(
            waiting.order_by("noted_at", "pk")
            .select_for_update(skip_locked=connection.features.has_select_for_update)
            .values_list("pk", "resource_id", "mark", "noted_at")[:most]
        )
        for start in range(0, len(found), _BATCH):
            ids = [pk for pk, *_ in found[start : start + _BATCH]]
            ResourceChange.objects.filter(pk__in=ids).update(claimed_until=now + lease)
    return [Claimed(row, mark, at) for _, row, mark, at in found]


def done(follower: str, claimed: Sequence[Claimed]) -> None:
    """These were looked at. What changed since it was claimed stays."""
    for start in range(0, len(claimed), _BATCH):
        part = claimed[start : start + _BATCH]
        ResourceChange.objects.filter(
            follower=follower,
            resource_id__in=[one.resource_id for one in part],
            mark__in={one.mark for one in part},
        ).delete()


def waiting(follower: str) -> int:
    return ResourceChange.objects.filter(follower=follower).count()
