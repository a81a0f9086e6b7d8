"""What AWS Config says on its topic, as a queue holds it.

SNS wraps the message as a string, unless delivery is raw; EventBridge has it as
`detail`. Documentation prints it as an object: that is read too.
Source: AWS Config developer guide, "Notifications that AWS Config sends to an Amazon
SNS topic".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.discovery.inventory.items import ConfigItem, ResourceKey
from apps.discovery.inventory.parsing import (
    MalformedItem,
    Place,
    moment_of,
    parse_item,
)

_LONGEST_KEY = 1_024


@dataclass(frozen=True, slots=True)
class ItemChanged:
    item: ConfigItem


@dataclass(frozen=True, slots=True)
class ItemElsewhere:
    """An item too large for a message: it is an object in a bucket."""

    summary: ConfigItem
    bucket: str
    object_key: str


@dataclass(frozen=True, slots=True)
class ItemLost:
    """An item too large for a message that Config could not deliver to its bucket
    either: the resource changed, and what it became must be asked for."""

    summary: ConfigItem
    problem: str


@dataclass(frozen=True, slots=True)
class FileDelivered:
    """A history or snapshot file is in a bucket."""

    bucket: str
    object_key: str


@dataclass(frozen=True, slots=True)
class ComplianceChanged:
    """A rule of Config says something else of a resource. `old` and `new` are Config's
    words such as NON_COMPLIANT, "" where it said, or says, nothing."""

    key: ResourceKey
    rule: str
    rule_arn: str
    old: str
    new: str
    annotation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Other:
    """Anything else Config says: kept, not understood further."""

    message_type: str


Notice = (
    ItemChanged | ItemElsewhere | ItemLost | FileDelivered | ComplianceChanged | Other
)


def read_notice(body: str, place: Place) -> Notice:
    """Raises MalformedItem for what is no notification of Config."""
    message = _unwrapped(_json(body))
    kind = message.get("messageType")
    if not isinstance(kind, str):
        raise MalformedItem("It has no messageType.")
    if kind == "ConfigurationItemChangeNotification":
        return ItemChanged(parse_item(message.get("configurationItem"), place))
    if kind.startswith("OversizedConfigurationItemChange"):
        return _oversized(message, place)
    if kind == "ComplianceChangeNotification":
        return _compliance(message, place)
    if kind.endswith("DeliveryCompleted") and "s3ObjectKey" in message:
        return FileDelivered(*_object_of(message))
    return Other(kind[:100])


def _json(body: str) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedItem("It is no JSON.") from error
    if not isinstance(value, Mapping):
        raise MalformedItem("It is no JSON object.")
    return value


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Out of the envelopes of SNS and EventBridge."""
    for name in ("Message", "detail"):
        inner = value.get(name)
        if isinstance(inner, str):
            return _unwrapped(_json(inner))
        if isinstance(inner, Mapping):
            return _unwrapped(inner)
    return value


def _oversized(message: Mapping[str, Any], place: Place) -> Notice:
    summary = parse_item(message.get("configurationItemSummary"), place)
    where = message.get("s3DeliverySummary")
    if not isinstance(where, Mapping):
        raise MalformedItem("It does not say where the item is.")
    location = where.get("s3BucketLocation")
    if not isinstance(location, str) or not location or where.get("errorCode"):
        told = where.get("errorMessage") or where.get("errorCode") or "no place told"
        return ItemLost(summary, str(told)[:500])
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return ItemElsewhere(summary, *_object_named(bucket, key))


def _object_of(message: Mapping[str, Any]) -> tuple[str, str]:
    return _object_named(message.get("s3Bucket"), message.get("s3ObjectKey"))


def _object_named(bucket: object, key: object) -> tuple[str, str]:
    if not isinstance(bucket, str) or not isinstance(key, str) or not bucket or not key:
        raise MalformedItem("It names no object of a bucket.")
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise MalformedItem("It names an object that no bucket can have.")
    return bucket, key


def _compliance(message: Mapping[str, Any], place: Place) -> ComplianceChanged:
    new, old = message.get("newEvaluationResult"), message.get("oldEvaluationResult")
    told = new if isinstance(new, Mapping) else old
    if not isinstance(told, Mapping):
        raise MalformedItem("It holds neither a new result nor an old one.")
    at = moment_of(told.get("resultRecordedTime")) or moment_of(
        message.get("notificationCreationTime")
    )
    if at is None:
        raise MalformedItem("It does not say when the rule was evaluated.")
    return ComplianceChanged(
        ResourceKey(
            _word(message, "awsAccountId") or place.account,
            _word(message, "awsRegion") or place.region,
            _word(message, "resourceType"),
            _word(message, "resourceId"),
        ),
        _word(message, "configRuleName"),
        _word(message, "configRuleARN"),
        _result(old),
        _result(new),
        _word(told, "annotation"),
        at,
    )


def _word(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value[:_LONGEST_KEY] if isinstance(value, str) else ""


def _result(told: object) -> str:
    return _word(told, "complianceType")[:40] if isinstance(told, Mapping) else ""
