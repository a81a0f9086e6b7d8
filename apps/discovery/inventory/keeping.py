"""Configuration items into rows: each once, in whatever order and however often.

Every item is kept. The row of a resource is as its newest item says: an item that was
captured earlier, or that is older than a look of our own, changes nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.discovery.accounts import note_accounts
from apps.discovery.inventory import changes
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    Relationship,
    ResourceKey,
)
from apps.discovery.inventory.supplements import carried_over
from apps.discovery.inventory.writing import packed
from apps.discovery.models import Resource, ResourceItem, ResourceLink

_BATCH = 500
_STATE = (
    "name", "arn", "tags", "configuration", "supplementary", "source", "captured_at",
    "state_id", "seen_at", "created_at", "availability_zone", "deleted_at",
    "first_seen_at",
)  # fmt: skip
_Order = tuple[datetime, int]


@dataclass(slots=True)
class Kept:
    """What came of items: how many were new, and the rows that are not as before."""

    new: int = 0
    already_there: int = 0
    changed: int = 0

    def add(self, other: Kept) -> None:
        self.new += other.new
        self.already_there += other.already_there
        self.changed += other.changed


def keep(items: Iterable[ConfigItem], now: datetime) -> Kept:
    """Write items down. Accounts that were not known yet are."""
    kept = Kept()
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        note_accounts({item.key.account for item in batch})
        with transaction.atomic():
            kept.add(_Batch(batch, now).keep())
    return kept


class _Batch:
    """Some items, and the rows of their resources."""

    def __init__(self, items: Sequence[ConfigItem], now: datetime) -> None:
        self._now = now
        self._items: dict[ResourceKey, list[ConfigItem]] = defaultdict(list)
        for item in items:
            self._items[item.key].append(item)
        for group in self._items.values():
            group.sort(key=_order)
        self._rows = rows_of(self._items)
        self._made: set[int] = set()
        self._told_anew: set[ResourceKey] = set()
        self._links: list[tuple[Resource, Sequence[Relationship]]] = []

    def keep(self) -> Kept:
        self._make_missing()
        kept = self._keep_items()
        kept.changed = self._advance()
        return kept

    def _make_missing(self) -> None:
        missing = [key for key in self._items if key not in self._rows]
        Resource.objects.bulk_create(
            [_new_row(self._items[key]) for key in missing], ignore_conflicts=True
        )
        made = rows_of(missing)
        # Those that somebody else made meanwhile are as somebody else saw them.
        self._made = {
            row.pk for key, row in made.items() if _is_as_told(row, self._items[key])
        }
        self._rows |= made

    def _keep_items(self) -> Kept:
        """Looks of our own that saw nothing new are no items."""
        there = _items_of(self._rows.values())
        rows: list[ResourceItem] = []
        richer: list[ResourceItem] = []
        for key, items in self._items.items():
            row = self._rows[key]
            known = there.get(row.pk, {})
            for item in items:
                found = known.get(_order(item))
                if found is None and not self._says_nothing_new(row, item):
                    rows.append(_item_row(row, item))
                    known[_order(item)] = rows[-1]
                    self._told_anew.add(key)
                elif found is not None and found.is_base and not item.is_base:
                    richer.append(_filled(found, item))
                    self._told_anew.add(key)
        ResourceItem.objects.bulk_create(rows, ignore_conflicts=True)
        ResourceItem.objects.bulk_update(
            [one for one in richer if one.pk], ["document", "digest", "is_base"]
        )
        total = sum(map(len, self._items.values()))
        return Kept(len(rows), total - len(rows))

    def _says_nothing_new(self, row: Resource, item: ConfigItem) -> bool:
        if item.source is not ItemSource.SCANNER or row.pk in self._made:
            return False
        return row.source == item.source and not differs(row, item)

    def _advance(self) -> int:
        """Rows become what their newest item says; how many did."""
        changed: list[int] = []
        for key in self._told_anew:
            row, items = self._rows[key], self._items[key]
            newest = items[-1]
            if row.pk in self._made:
                changed.append(row.pk)
                self._note_links(row, newest)
                continue
            first = min(row.first_seen_at, items[0].captured_at)
            if not _is_older(newest, row):
                if differs(row, newest):
                    changed.append(row.pk)
                _take_over(row, newest)
                self._note_links(row, newest)
            elif first == row.first_seen_at:
                continue
            row.first_seen_at = first
            # One by one: in bulk, Django makes an expression of each value.
            row.save(update_fields=_STATE)
        self._confirm()
        _relate(self._links, self._made)
        changes.note(changed, self._now)
        return len(changed)

    def _note_links(self, row: Resource, newest: ConfigItem) -> None:
        if not newest.is_base and not newest.status.is_gone:
            self._links.append((row, newest.relationships))

    def _confirm(self) -> None:
        """Our own looks that found what was known."""
        seen: dict[datetime, list[int]] = defaultdict(list)
        for key, items in self._items.items():
            if key not in self._told_anew and items[-1].source is ItemSource.SCANNER:
                seen[items[-1].captured_at].append(self._rows[key].pk)
        for at, ids in seen.items():
            older = Q(seen_at=None) | Q(seen_at__lt=at)
            Resource.objects.filter(older, pk__in=ids).update(seen_at=at)


def rows_of(keys: Iterable[ResourceKey]) -> dict[ResourceKey, Resource]:
    """The rows of resources, locked where the database can, in one order."""
    ids: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for key in keys:
        ids[key[:3]].append(key.id)
    found = {}
    for (account, region, type_), some in sorted(ids.items()):
        rows = Resource.objects.filter(
            account=account, region=region, type=type_, resource_id__in=some
        )
        for row in rows.order_by("pk").select_for_update():
            found[row.key] = row
    return found


def _order(item: ConfigItem) -> _Order:
    return item.captured_at, item.state_id


def _items_of(
    rows: Iterable[Resource],
) -> dict[int, dict[_Order, ResourceItem]]:
    found: dict[int, dict[_Order, ResourceItem]] = defaultdict(dict)
    known = ResourceItem.objects.filter(resource__in=[row.pk for row in rows])
    for one in known.defer("document"):
        found[one.resource_id][one.captured_at, one.state_id] = one
    return found


def _new_row(items: Sequence[ConfigItem]) -> Resource:
    newest = items[-1]
    row = Resource(
        account=newest.key.account,
        region=newest.key.region,
        type=newest.key.type,
        resource_id=newest.key.id,
        first_seen_at=items[0].captured_at,
    )
    _take_over(row, newest)
    return row


def _is_as_told(row: Resource, items: Sequence[ConfigItem]) -> bool:
    is_newest = (row.captured_at, row.state_id) == _order(items[-1])
    return is_newest and row.first_seen_at == items[0].captured_at


def _item_row(row: Resource, item: ConfigItem) -> ResourceItem:
    return ResourceItem(
        resource=row,
        status=item.status,
        captured_at=item.captured_at,
        state_id=item.state_id,
        source=item.source,
        is_base=item.is_base,
        digest=item.digest,
        document=packed(item),
    )


def _filled(found: ResourceItem, item: ConfigItem) -> ResourceItem:
    found.document, found.digest, found.is_base = packed(item), item.digest, False
    return found


def _is_older(item: ConfigItem, row: Resource) -> bool:
    if _order(item) < (row.captured_at, row.state_id):
        return True
    return row.seen_at is not None and item.captured_at < row.seen_at


def _state(row: Resource, item: ConfigItem) -> Mapping[str, Any]:
    """What of the row the item says. One of a resource that is gone says nothing of
    how it was, one without tags nothing of tags."""
    if item.status.is_gone:
        return {"deleted_at": row.deleted_at or item.captured_at}
    return {
        "name": item.name or row.name,
        "arn": item.arn or row.arn,
        "tags": dict(item.tags or row.tags if item.is_base else item.tags),
        "configuration": dict(item.configuration),
        "supplementary": carried_over(item, row.supplementary),
        "availability_zone": item.availability_zone,
        "deleted_at": None,
    }


def differs(row: Resource, item: ConfigItem) -> bool:
    """Whether the item says anything else than the row."""
    return any(getattr(row, name) != is_ for name, is_ in _state(row, item).items())


def _take_over(row: Resource, item: ConfigItem) -> None:
    for name, value in _state(row, item).items():
        setattr(row, name, value)
    row.source, row.captured_at, row.state_id = item.source, *_order(item)
    row.created_at = item.created_at or row.created_at
    if item.source is ItemSource.SCANNER:
        row.seen_at = item.captured_at


def _relate(
    links: Sequence[tuple[Resource, Sequence[Relationship]]], made: set[int]
) -> None:
    """The relationships of these rows, and no others, are in the table after this."""
    known: dict[int, set[Relationship]] = defaultdict(set)
    old = [row.pk for row, _ in links if row.pk not in made]
    for one in ResourceLink.objects.filter(resource__in=old):
        known[one.resource_id].add(
            Relationship(one.name, one.to_type, one.to_id, one.to_name)
        )
    moved = [
        (row, told)
        for row, told in links
        if row.pk in made or known.get(row.pk, set()) != set(told)
    ]
    ResourceLink.objects.filter(resource__in=[row for row, _ in moved]).delete()
    ResourceLink.objects.bulk_create(_link_rows(moved), batch_size=_BATCH)


def _link_rows(
    links: Iterable[tuple[Resource, Sequence[Relationship]]],
) -> Iterator[ResourceLink]:
    for row, told in links:
        for one in dict.fromkeys(told):
            yield ResourceLink(
                resource=row,
                account=row.account,
                name=one.name,
                to_type=one.type,
                to_id=one.id,
                to_name=one.resource_name,
            )
