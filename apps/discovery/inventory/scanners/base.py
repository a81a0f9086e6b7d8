"""What a scanner is: how resources of one type are listed, and how one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    Relationship,
    ResourceKey,
)
from apps.discovery.inventory.parsing import moment_of
from apps.discovery.inventory.scanners.reading import Raw, Reader

REGIONAL = "Regional"
MANY_ZONES = "Multiple Availability Zones"


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource as it was read."""

    id: str
    configuration: Mapping[str, Any]
    name: str = ""
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    zone: str = REGIONAL
    created: str | None = None


@dataclass(frozen=True, slots=True)
class Scanner:
    """`listed` gives what the listing says of each, of one alone where an id is given
    and of none where it is gone; `seen` reads the rest, None where it just went.

    `permissions` are the actions that both need. `is_global`: of no region.
    """

    type: str
    listed: Callable[[Reader, str], Iterable[Raw]]
    seen: Callable[[Reader, Raw], Seen | None]
    permissions: tuple[str, ...]
    is_global: bool = False

    def every(self, reader: Reader, now: datetime) -> Iterator[ConfigItem]:
        """Raises AwsError; what was given until then does not tell what is gone."""
        for raw in self.listed(reader, ""):
            found = self.seen(reader, raw)
            if found is not None:
                yield self._item(reader, found, now)

    def one(self, reader: Reader, id_: str, now: datetime) -> ConfigItem | None:
        """None where it is gone. Raises AwsError."""
        for raw in self.listed(reader, id_):
            found = self.seen(reader, raw)
            if found is not None and found.id == id_:
                return self._item(reader, found, now)
        return None

    def key(self, reader: Reader, id_: str) -> ResourceKey:
        region = "global" if self.is_global else reader.region
        return ResourceKey(reader.account, region, self.type, id_)

    def _item(self, reader: Reader, seen: Seen, now: datetime) -> ConfigItem:
        return ConfigItem(
            key=self.key(reader, seen.id),
            status=ItemStatus.OK,
            captured_at=now,
            source=ItemSource.SCANNER,
            name=seen.name,
            arn=seen.arn,
            availability_zone=seen.zone,
            created_at=moment_of(seen.created),
            tags=dict(seen.tags),
            configuration=dict(seen.configuration),
            supplementary=dict(seen.supplementary),
            relationships=seen.relationships,
        )


def gone(key: ResourceKey, now: datetime, arn: str = "") -> ConfigItem:
    """The item of a resource that is not there."""
    return ConfigItem(key, ItemStatus.DELETED, now, ItemSource.SCANNER, arn=arn)


def links(name: str, type_: str, ids: Iterable[str]) -> tuple[Relationship, ...]:
    return tuple(Relationship(name, type_, one) for one in ids if one)
