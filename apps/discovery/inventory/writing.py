"""Configuration items as JSON, in the words of AWS Config's notifications, with what
Config puts into strings opened."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

import orjson

from apps.discovery.inventory.items import ConfigItem, ItemSource
from apps.discovery.inventory.parsing import Place, parse_item

_LEVEL = 3


def record_of(item: ConfigItem) -> dict[str, Any]:
    """The item as an object. What is not known is left out."""
    told: dict[str, Any] = {
        "awsAccountId": item.key.account,
        "awsRegion": item.key.region,
        "resourceType": item.key.type,
        "resourceId": item.key.id,
        "resourceName": item.name,
        "ARN": item.arn,
        "availabilityZone": item.availability_zone,
        "resourceCreationTime": _time(item.created_at),
        "configurationItemCaptureTime": _time(item.captured_at),
        "configurationItemStatus": item.status.value,
        "configurationStateId": item.state_id,
    }
    record = {name: value for name, value in told.items() if value not in ("", None)}
    if not item.is_base:
        record["relatedEvents"] = list(item.related_events)
        record["relationships"] = [
            {
                "name": one.name,
                "resourceType": one.type,
                "resourceId": one.id,
                "resourceName": one.resource_name,
            }
            for one in item.relationships
        ]
        record["tags"] = dict(item.tags)
    record["configuration"] = dict(item.configuration)
    record["supplementaryConfiguration"] = dict(item.supplementary)
    return record


def packed(item: ConfigItem) -> bytes:
    return zlib.compress(orjson.dumps(record_of(item)), _LEVEL)


def unpacked_record(document: bytes) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(zlib.decompress(bytes(document)))
    return record


def unpacked(document: bytes, source: ItemSource) -> ConfigItem:
    """An item as it was packed. Raises MalformedItem."""
    return parse_item(unpacked_record(document), Place(source=source))


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
