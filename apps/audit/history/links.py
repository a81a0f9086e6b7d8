"""What belongs with a resource, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from apps.audit.history.estate import visible_to
from apps.discovery.accounts import Viewer
from apps.discovery.models import Resource, ResourceLink

_MOST = 200


@dataclass(frozen=True, slots=True)
class Related:
    """`name` as Config writes it; `row` is None where the other one is not known.
    `is_from_here`: this resource says it, else the other one does."""

    name: str
    type: str
    id: str
    row: Resource | None
    is_from_here: bool


def related(resource: Resource, viewer: Viewer) -> list[Related]:
    """At most 200 each way."""
    return [*_said_here(resource, viewer), *_said_elsewhere(resource, viewer)]


def _said_here(resource: Resource, viewer: Viewer) -> Iterable[Related]:
    links = list(resource.links.order_by("name", "to_type", "to_id")[:_MOST])
    wanted = [one.to_id or one.to_name for one in links]
    rows = visible_to(viewer).filter(
        Q(resource_id__in=wanted) | Q(arn__in=wanted) | Q(name__in=wanted),
        account=resource.account,
        type__in={one.to_type for one in links},
    )
    known: dict[tuple[str, str], Resource] = {}
    for row in rows:
        for name in (row.name, row.arn, row.resource_id):
            known[row.type, name] = row
    for one in links:
        name = one.to_id or one.to_name
        yield Related(
            one.name,
            one.to_type,
            name,
            known.get((one.to_type, name)),
            is_from_here=True,
        )


def _said_elsewhere(resource: Resource, viewer: Viewer) -> Iterable[Related]:
    names = [one for one in (resource.resource_id, resource.arn) if one]
    links = ResourceLink.objects.filter(
        account=resource.account,
        to_type=resource.type,
        to_id__in=names,
        resource__in=visible_to(viewer).filter(deleted_at=None),
    )
    for one in links.select_related("resource").order_by("resource__type", "pk")[
        :_MOST
    ]:
        row = one.resource
        yield Related(one.name, row.type, row.resource_id, row, is_from_here=False)
