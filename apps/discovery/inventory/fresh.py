"""A resource as AWS has it now, in the shape of a configuration item."""

from __future__ import annotations

from datetime import datetime

from apps.discovery.aws import Target
from apps.discovery.inventory.items import ConfigItem, ResourceKey


class NotReadable(Exception):
    """No scanner of ours reads resources of this type."""


def read_fresh(target: Target, key: ResourceKey, now: datetime) -> ConfigItem:
    """The resource as its own API describes it; status DELETED where it is gone.

    Raises NotReadable, AwsError.
    """
    raise NotReadable(f"{key.type} is not read directly yet.")
