"""What our own looks add to what AWS Config tells of a resource.

Config leaves out what some rules are about. Under these names of the supplementary
configuration our scanners tell it; an item of Config that comes later does not take it
away, and is followed by a look of our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.discovery.inventory.items import ConfigItem, ItemSource

ADDED: Mapping[str, frozenset[str]] = {
    "AWS::ApiGateway::RestApi": frozenset(("integrations",)),
    "AWS::ApiGateway::Stage": frozenset(("integrations",)),
    "AWS::CloudTrail::Trail": frozenset(("trailStatus", "eventSelectors")),
    "AWS::IAM::User": frozenset(
        ("accessKeys", "loginProfile", "mfaDevices", "passwordLastUsed")
    ),
    "AWS::Lambda::Function": frozenset(("reservedConcurrentExecutions",)),
}


def carried_over(item: ConfigItem, before: Mapping[str, Any]) -> dict[str, Any]:
    """The item's supplementary configuration, with what we had added to it."""
    if item.source is ItemSource.SCANNER:
        return dict(item.supplementary)
    ours = ADDED.get(item.key.type, frozenset())
    kept = {name: value for name, value in before.items() if name in ours}
    return {**kept, **item.supplementary}


def wants_a_look(item: ConfigItem) -> bool:
    """Whether Config's item is half of what there is to know."""
    is_ours = item.source is ItemSource.SCANNER
    return item.key.type in ADDED and not is_ours and not item.status.is_gone
