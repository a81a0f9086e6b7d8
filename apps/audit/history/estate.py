"""The whole estate as of any moment: which resources there were, and how they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.discovery.accounts import Viewer
from apps.discovery.inventory.items import ItemSource, ItemStatus
from apps.discovery.inventory.writing import unpacked_record
from apps.discovery.models import Resource, ResourceItem

_CHUNK = 500
_GONE = tuple(one.value for one in ItemStatus if one.is_gone)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list. `at` None is now; `text` is looked for in names, ids and ARNs."""

    at: datetime | None = None
    text: str = ""
    type: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    source: str = ""
    with_gone: bool = False


def visible_to(viewer: Viewer) -> QuerySet[Resource]:
    visible = viewer.visible_accounts()
    if visible is None:
        return Resource.objects.all()
    return Resource.objects.filter(account__in=visible)


def listed(viewer: Viewer, wanted: Wanted) -> QuerySet[Resource]:
    """The resources there were, in order of type and name. As of a moment of the past,
    each has the `item_id` of how it was."""
    rows = _filtered(visible_to(viewer), wanted)
    if wanted.at is not None:
        rows = _as_of(rows, wanted.at)
    elif not wanted.with_gone:
        rows = rows.filter(deleted_at=None)
    return rows.order_by("type", "name", "resource_id", "pk")


def counts(viewer: Viewer, wanted: Wanted) -> list[tuple[str, int]]:
    """How many there are of each type, whatever type is chosen."""
    every = Wanted(
        wanted.at, wanted.text, "", wanted.accounts, wanted.regions, wanted.source,
        wanted.with_gone,
    )  # fmt: skip
    rows = listed(viewer, every).order_by().values_list("type")
    return sorted(rows.annotate(number=Count("pk")), key=lambda one: (-one[1], one[0]))


def _filtered(rows: QuerySet[Resource], wanted: Wanted) -> QuerySet[Resource]:
    if wanted.text:
        rows = rows.filter(
            Q(name__icontains=wanted.text)
            | Q(resource_id__icontains=wanted.text)
            | Q(arn__icontains=wanted.text)
        )
    if wanted.type:
        rows = rows.filter(type=wanted.type)
    if wanted.accounts:
        rows = rows.filter(account__in=wanted.accounts)
    if wanted.regions:
        rows = rows.filter(region__in=wanted.regions)
    return rows.filter(source=wanted.source) if wanted.source else rows


def _as_of(rows: QuerySet[Resource], at: datetime) -> QuerySet[Resource]:
    """Those of which the newest item until then says that they were there."""
    until = ResourceItem.objects.filter(resource=OuterRef("pk"), captured_at__lte=at)
    newest = until.order_by("-captured_at", "-state_id")
    return (
        rows.filter(first_seen_at__lte=at)
        .annotate(
            item_id=Subquery(newest.values("pk")[:1]),
            status_then=Subquery(newest.values("status")[:1]),
        )
        .exclude(item_id=None)
        .exclude(status_then__in=_GONE)
    )


def records(rows: QuerySet[Resource], at: datetime | None) -> Iterator[dict[str, Any]]:
    """Each resource as a record, in bounded memory. Nothing of the database is held
    between two: who reads them may take their time."""
    columns = ("pk", "item_id") if at is not None else ("pk",)
    ids = iter(list(rows.values_list(*columns)))
    while chunk := list(islice(ids, _CHUNK)):
        known = Resource.objects.in_bulk([one[0] for one in chunk])
        items: dict[int, ResourceItem] = {}
        if at is not None:
            items = ResourceItem.objects.in_bulk([one[1] for one in chunk])
        for pk, *item_id in chunk:
            if pk not in known:
                continue
            record = record_of(known[pk])
            yield record | _then(items[item_id[0]]) if item_id else record


def _then(item: ResourceItem) -> dict[str, Any]:
    """What of a record was otherwise then."""
    told = unpacked_record(bytes(item.document))
    return {
        "name": told.get("resourceName", ""),
        "tags": told.get("tags", {}),
        "configuration": told.get("configuration", {}),
        "supplementaryConfiguration": told.get("supplementaryConfiguration", {}),
        "captured_at": item.captured_at.isoformat(),
        "source": ItemSource(item.source).value,
    }


def record_of(row: Resource) -> dict[str, Any]:
    """A resource as the REST API and exports tell it."""
    return {
        "id": row.pk,
        "account": row.account,
        "region": row.region,
        "type": row.type,
        "resource_id": row.resource_id,
        "name": row.name,
        "arn": row.arn,
        "source": row.source,
        "captured_at": row.captured_at.isoformat(),
        "first_seen_at": row.first_seen_at.isoformat(),
        "deleted_at": row.deleted_at.isoformat() if row.deleted_at else None,
        "tags": row.tags,
        "configuration": row.configuration,
        "supplementaryConfiguration": row.supplementary,
    }
