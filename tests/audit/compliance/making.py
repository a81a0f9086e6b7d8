"""Resources and items, as tests of compliance need them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.audit.models import ComplianceRule
from apps.discovery.inventory import changes
from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    ResourceKey,
)
from apps.discovery.models import Resource
from tests.factories import ACCOUNT, NOON

REGION = "eu-west-1"
BUCKET = "AWS::S3::Bucket"
GROUP = "AWS::EC2::SecurityGroup"


class Others:
    """An estate of the items given."""

    def __init__(self, *items: ConfigItem, now: datetime = NOON) -> None:
        self.items = items
        self.now = now

    def find(self, key: ResourceKey) -> ConfigItem | None:
        return next((one for one in self.items if one.key == key), None)

    def every(self, account: str, type_: str) -> list[ConfigItem]:
        return [
            one
            for one in self.items
            if (one.key.account, one.key.type) == (account, type_)
        ]


def an_item(
    type_: str = GROUP,
    configuration: dict[str, Any] | None = None,
    id_: str = "sg-1",
    **fields: Any,
) -> ConfigItem:
    fields.setdefault("status", ItemStatus.OK)
    return ConfigItem(
        key=ResourceKey(ACCOUNT, fields.pop("region", REGION), type_, id_),
        captured_at=NOON,
        source=ItemSource.SCANNER,
        configuration=configuration or {},
        **fields,
    )


def a_group(*ranges: str, port: int = 22) -> dict[str, Any]:
    """The configuration of a security group that lets these in by TCP."""
    return {
        "groupName": "web",
        "ipPermissions": [
            {
                "ipProtocol": "tcp",
                "fromPort": port,
                "toPort": port,
                "ipRanges": list(ranges),
                "ipv4Ranges": [{"cidrIp": one} for one in ranges],
            }
        ],
        "ipPermissionsEgress": [],
    }


def a_resource(
    configuration: dict[str, Any] | None = None,
    type_: str = GROUP,
    id_: str = "sg-1",
    account: str = ACCOUNT,
    **fields: Any,
) -> Resource:
    """A stored resource, and the item that tells of it."""
    row = Resource.objects.create(
        account=account,
        region=REGION,
        type=type_,
        resource_id=id_,
        configuration=configuration or {},
        source=fields.pop("source", ItemSource.SCANNER),
        captured_at=NOON,
        first_seen_at=NOON,
        **fields,
    )
    seen_again(row)
    return row


def seen_again(row: Resource, **fields: Any) -> None:
    """A later look at a stored resource."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    changes.note([row.pk], NOON)


def a_rule(identifier: str = "INCOMING_SSH_DISABLED", **fields: Any) -> ComplianceRule:
    """A managed rule that is already known."""
    slug = identifier.lower().replace("_", "-")
    fields.setdefault("resource_types", [GROUP])
    fields.setdefault("kind", ComplianceRule.Kind.MANAGED)
    rule, _ = ComplianceRule.objects.update_or_create(
        slug=slug, defaults={"title": slug, "identifier": identifier, **fields}
    )
    return rule
