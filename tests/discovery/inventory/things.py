"""What tests of the inventory are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.discovery.inventory.items import (
    ConfigItem,
    ItemSource,
    ItemStatus,
    Relationship,
    ResourceKey,
)
from tests.factories import ACCOUNT, NOON

GROUP = "AWS::EC2::SecurityGroup"
BUCKET = "AWS::S3::Bucket"


def an_item(
    id_: str = "sg-1",
    at: datetime = NOON,
    type_: str = GROUP,
    account: str = ACCOUNT,
    **fields: Any,
) -> ConfigItem:
    fields.setdefault("configuration", {"groupId": id_, "description": "web"})
    return ConfigItem(
        key=ResourceKey(account, fields.pop("region", "eu-west-1"), type_, id_),
        status=fields.pop("status", ItemStatus.OK),
        captured_at=at,
        source=fields.pop("source", ItemSource.CONFIG),
        **fields,
    )


def in_vpc(vpc: str = "vpc-1") -> tuple[Relationship, ...]:
    return (Relationship("Is contained in Vpc", "AWS::EC2::VPC", vpc),)
