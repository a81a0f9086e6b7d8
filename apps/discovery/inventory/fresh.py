"""A resource as AWS has it now, in the shape of a configuration item."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from apps.discovery.aws import Target
from apps.discovery.inventory.items import ConfigItem, ResourceKey
from apps.discovery.inventory.scanners.base import gone
from apps.discovery.inventory.scanners.reading import Reader
from apps.discovery.inventory.scanners.registry import SCANNERS


class NotReadable(Exception):
    """No scanner of ours reads resources of this type."""


def read_fresh(target: Target, key: ResourceKey, now: datetime) -> ConfigItem:
    """The resource as its own API describes it; status DELETED where it is gone.

    `target` is in the region of the resource; for one of no region, in any. Raises
    NotReadable, AwsError.
    """
    scanner = SCANNERS.get(key.type)
    if scanner is None:
        raise NotReadable(f"{key.type} is not read directly yet.")
    reader = Reader(target)
    found = scanner.one(reader, key.id, now)
    return replace(found, key=key) if found else gone(key, now)
