"""Configuration items: what AWS Config, or a scanner of ours, says of a resource."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

import orjson


class ResourceKey(NamedTuple):
    """Which resource: `type` as AWS Config names it, such as AWS::S3::Bucket, `id` as
    Config identifies it. `region` is "global" for types that belong to none."""

    account: str
    region: str
    type: str
    id: str


class ItemStatus(StrEnum):
    """AWS Config API reference, ConfigurationItem, configurationItemStatus."""

    OK = "OK"
    DISCOVERED = "ResourceDiscovered"
    NOT_RECORDED = "ResourceNotRecorded"
    DELETED = "ResourceDeleted"
    DELETED_NOT_RECORDED = "ResourceDeletedNotRecorded"

    @property
    def is_gone(self) -> bool:
        return self in (ItemStatus.DELETED, ItemStatus.DELETED_NOT_RECORDED)


class ItemSource(StrEnum):
    """Who looked: AWS Config, an aggregator of it (a copy that lags), or we."""

    CONFIG = "config"
    AGGREGATOR = "aggregator"
    SCANNER = "scanner"


@dataclass(frozen=True, slots=True)
class Relationship:
    """`name` as Config writes it, such as "Is contained in Vpc". Either of `id` and
    `resource_name` may be empty."""

    name: str
    type: str
    id: str
    resource_name: str = ""


@dataclass(frozen=True)
class ConfigItem:
    """One look at a resource. `state_id` orders items of the same moment.

    `configuration` and `supplementary` are parsed: no JSON is left in strings where
    Config puts it there. `related_events` are ids of CloudTrail events, often none.
    `is_base` where who looked tells neither tags nor relationships, as
    BatchGetResourceConfig does not: nothing follows from their absence.
    """

    key: ResourceKey
    status: ItemStatus
    captured_at: datetime
    source: ItemSource
    name: str = ""
    arn: str = ""
    state_id: int = 0
    availability_zone: str = ""
    created_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    related_events: tuple[str, ...] = ()
    is_base: bool = False

    @cached_property
    def digest(self) -> str:
        """The same for two looks that saw the same, in whatever order of members."""
        seen = [
            self.status.is_gone,
            self.name,
            self.arn,
            dict(self.tags),
            dict(self.configuration),
            dict(self.supplementary),
            sorted((one.name, one.type, one.id) for one in self.relationships),
        ]
        told = orjson.dumps(seen, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(told).hexdigest()
