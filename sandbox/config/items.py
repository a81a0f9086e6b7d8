"""Configuration items: a resource as it was at a moment, in the forms AWS says it.

Source: AWS Config Developer Guide, "Components of a configuration item" and the
example notifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

VERSION = "1.3"
DELETED = "ResourceDeleted"
DISCOVERED = "ResourceDiscovered"
OK = "OK"
NO_ZONE = "Not Applicable"
REGIONAL = "Regional"


@dataclass(frozen=True, slots=True)
class Relationship:
    """Another resource this one belongs with: `Is contained in Vpc`."""

    name: str
    resource_type: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as it was read. Two that are equal are the same configuration.

    `region` is empty for a resource of the region it was read in, and `global` for
    one of every region. `created` is in seconds since 1970.
    """

    resource_type: str
    resource_id: str
    configuration: Mapping[str, Any]
    name: str = ""
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    zone: str = NO_ZONE
    region: str = ""
    created: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.resource_type, self.resource_id


@dataclass(frozen=True, slots=True)
class Item:
    """A configuration item. `captured` is in seconds since 1970."""

    found: Found
    account: str
    region: str
    captured: float
    status: str
    state_id: int

    @property
    def is_deleted(self) -> bool:
        return self.status == DELETED


def iso(seconds: float) -> str:
    """The time as Config writes it in messages: `2016-09-27T18:39:39.853Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


def api_item(item: Item) -> dict[str, Any]:
    """As GetResourceConfigHistory answers it."""
    return {
        **base_item(item),
        "configurationItemMD5Hash": "",
        "tags": dict(item.found.tags),
        "relatedEvents": [],
        "relationships": [
            {
                "resourceType": relationship.resource_type,
                "resourceId": relationship.resource_id,
                "relationshipName": relationship.name,
            }
            for relationship in item.found.relationships
        ],
    }


def base_item(item: Item) -> dict[str, Any]:
    """As BatchGetResourceConfig answers it."""
    found = item.found
    answer = {
        "version": VERSION,
        "accountId": item.account,
        "configurationItemCaptureTime": item.captured,
        "configurationItemStatus": item.status,
        "configurationStateId": str(item.state_id),
        "resourceType": found.resource_type,
        "resourceId": found.resource_id,
        "awsRegion": item.region,
        "availabilityZone": found.zone,
        "configuration": "null" if item.is_deleted else text(found.configuration),
        "supplementaryConfiguration": {
            name: text(value) for name, value in found.supplementary.items()
        },
    }
    optional = {
        "arn": found.arn,
        "resourceName": found.name,
        "resourceCreationTime": found.created,
    }
    return answer | {name: value for name, value in optional.items() if value}


def message_item(item: Item) -> dict[str, Any]:
    """As notifications, events and delivered files say it."""
    found = item.found
    return {
        "relatedEvents": [],
        "relationships": [
            {
                "resourceId": relationship.resource_id,
                "resourceName": None,
                "resourceType": relationship.resource_type,
                "name": relationship.name,
            }
            for relationship in found.relationships
        ],
        "configuration": None if item.is_deleted else found.configuration,
        "supplementaryConfiguration": dict(found.supplementary),
        "tags": dict(found.tags),
        "configurationItemVersion": VERSION,
        "configurationItemCaptureTime": iso(item.captured),
        "configurationStateId": item.state_id,
        "awsAccountId": item.account,
        "configurationItemStatus": item.status,
        "resourceType": found.resource_type,
        "resourceId": found.resource_id,
        "resourceName": found.name or None,
        "ARN": found.arn or None,
        "awsRegion": item.region,
        "availabilityZone": found.zone,
        "configurationStateMd5Hash": "",
        "resourceCreationTime": None if found.created is None else iso(found.created),
    }


def query_item(item: Item) -> dict[str, Any]:
    """As advanced queries see it: tags are a list there."""
    found = item.found
    seen = {
        "version": VERSION,
        "accountId": item.account,
        "arn": found.arn,
        "availabilityZone": found.zone,
        "awsRegion": item.region,
        "configuration": found.configuration,
        "configurationItemCaptureTime": iso(item.captured),
        "configurationItemStatus": item.status,
        "configurationStateId": item.state_id,
        "relationships": message_item(item)["relationships"],
        "resourceId": found.resource_id,
        "resourceName": found.name,
        "resourceType": found.resource_type,
        "supplementaryConfiguration": dict(found.supplementary),
        "tags": [
            {"tag": f"{key}={value}", "key": key, "value": value}
            for key, value in found.tags.items()
        ],
    }
    if found.created is not None:
        seen["resourceCreationTime"] = iso(found.created)
    return seen
