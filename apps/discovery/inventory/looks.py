"""Looks of our own at one resource, kept as items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.discovery.inventory.fresh import NotReadable, read_fresh
from apps.discovery.inventory.intake import ItemIntake, portion_of
from apps.discovery.inventory.items import ResourceKey
from apps.discovery.models import Account, ConfigSource

_GLOBAL = "global"


def look_at(
    source: ConfigSource,
    key: ResourceKey,
    intake: ItemIntake,
    clock: Callable[[], datetime],
) -> str:
    """Read a resource and take it in; why it was not read, "" where it was."""
    account = Account.objects.filter(number=key.account, is_connected=True).first()
    if account is None:
        return ""
    region = account.home_region if key.region == _GLOBAL else key.region
    try:
        item = read_fresh(target(account, region), key, clock())
    except NotReadable:
        return ""
    except AwsError as error:
        return f"{key.type} {key.id}: {error}"
    intake.take(f"scan://{key.account}/{region}/{key.type}", portion_of([item]))
    return ""
