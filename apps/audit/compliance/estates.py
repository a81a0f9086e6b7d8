"""The other resources that rules look at: as they are stored, or read afresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.discovery.aws import AwsError, Target
from apps.discovery.inventory.fresh import NotReadable, read_fresh
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)
from apps.discovery.models import Resource

_MOST = 5_000
_MOST_READ = 20


def item_of(resource: Resource) -> ConfigItem:
    """The resource as it was seen last."""
    gone = resource.deleted_at is not None
    return ConfigItem(
        key=resource.key,
        status=ItemStatus.DELETED if gone else ItemStatus.OK,
        captured_at=resource.captured_at,
        source=ItemSource(resource.source),
        name=resource.name,
        arn=resource.arn,
        state_id=resource.state_id,
        tags=resource.tags,
        configuration=resource.configuration,
        supplementary=resource.supplementary,
    )


class StoredEstate:
    """As it was seen last. What was looked up is remembered: make one for each run."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._found: dict[ResourceKey, ConfigItem | None] = {}
        self._lists: dict[tuple[str, str], Sequence[ConfigItem]] = {}

    @property
    def now(self) -> datetime:
        return self._now

    def find(self, key: ResourceKey) -> ConfigItem | None:
        if key not in self._found:
            row = Resource.objects.filter(
                account=key.account,
                region=key.region,
                type=key.type,
                resource_id=key.id,
                deleted_at=None,
            ).first()
            self._found[key] = item_of(row) if row else None
        return self._found[key]

    def every(self, account: str, type_: str) -> Sequence[ConfigItem]:
        wanted = (account, type_)
        if wanted not in self._lists:
            rows = Resource.objects.filter(
                account=account, type=type_, deleted_at=None
            ).order_by("pk")
            self._lists[wanted] = [item_of(row) for row in rows[:_MOST]]
        return self._lists[wanted]


class FreshEstate:
    """As AWS has it now: what can be read is read, once; what cannot is unknown."""

    def __init__(self, target: Target, now: datetime) -> None:
        self._target = target
        self._stored = StoredEstate(now)
        self._found: dict[ResourceKey, ConfigItem | None] = {}

    @property
    def now(self) -> datetime:
        return self._stored.now

    def find(self, key: ResourceKey) -> ConfigItem | None:
        if key not in self._found:
            self._found[key] = self._read(key)
        return self._found[key]

    def every(self, account: str, type_: str) -> Sequence[ConfigItem]:
        stored = self._stored.every(account, type_)
        if len(stored) > _MOST_READ:
            return ()
        fresh = [self.find(one.key) for one in stored]
        return [one for one in fresh if one is not None]

    def _read(self, key: ResourceKey) -> ConfigItem | None:
        try:
            item = read_fresh(self._target, key, self.now)
        except (NotReadable, AwsError):
            return None
        return None if item.status.is_gone else item
