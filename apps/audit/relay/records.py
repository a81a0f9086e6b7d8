"""The record of a violation, as buckets keep it and topics tell it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.audit.relay.asked import RECORD_TYPE
from apps.discovery.inventory.items import ResourceKey

VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Cause:
    """The API call that made the resource so, as CloudTrail tells it."""

    event_id: str
    event: str
    actor: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleTold:
    slug: str
    identifier: str
    title: str
    severity: str


@dataclass(frozen=True, slots=True)
class ViolationTold:
    """A violation in plain values. `url` is that of its page."""

    number: int
    rule: RuleTold
    resource: ResourceKey
    name: str
    arn: str
    reason: str
    path: str
    owner: str
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str
    cause: Cause | None
    url: str


def object_key(prefix: str, told: ViolationTold, state: str) -> str:
    """The same for the same violation and state, so that writing twice is one."""
    day = told.opened_at.astimezone(UTC).strftime("%Y/%m/%d")
    where = f"{told.resource.account}/{told.resource.region}/{day}"
    return f"{prefix}{where}/{told.number}-{state}.json"


def record(told: ViolationTold, state: str) -> dict[str, Any]:
    """Times are RFC 3339 in UTC; what is not known is null."""
    return {
        "recordType": RECORD_TYPE,
        "recordVersion": VERSION,
        "id": told.number,
        "state": state,
        "rule": {
            "slug": told.rule.slug,
            "identifier": told.rule.identifier or None,
            "title": told.rule.title,
            "severity": told.rule.severity,
        },
        "resource": {
            "account": told.resource.account,
            "region": told.resource.region,
            "type": told.resource.type,
            "id": told.resource.id,
            "name": told.name or None,
            "arn": told.arn or None,
        },
        "reason": told.reason,
        "path": told.path or None,
        "owner": told.owner or None,
        "openedAt": _rfc3339(told.opened_at),
        "resolvedAt": _rfc3339(told.resolved_at),
        "resolution": told.resolution or None,
        "cause": _cause(told.cause),
        "url": told.url,
    }


def _cause(cause: Cause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "eventId": cause.event_id,
        "event": cause.event,
        "actor": cause.actor,
        "at": _rfc3339(cause.at),
    }


def _rfc3339(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
