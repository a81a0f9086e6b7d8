"""Violations as REST and exports tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.audit.compliance import listing
from apps.audit.models import Violation
from apps.search.timerange import rfc3339


def told(row: Violation, now: datetime) -> dict[str, Any]:
    exemption = row.exemption
    is_exempt = bool(exemption and exemption.expires_at > now)
    return {
        "id": row.pk,
        "rule": row.rule.slug,
        "title": row.rule.title,
        "identifier": row.rule.identifier or None,
        "severity": row.rule.severity,
        "account": row.account,
        "region": row.region,
        "resource_type": row.resource.type,
        "resource_id": row.resource.resource_id,
        "resource_name": row.resource.name or None,
        "arn": row.resource.arn or None,
        "reason": row.reason,
        "path": row.path or None,
        "owner": row.owner or None,
        "state": _state(row, is_exempt=is_exempt),
        "opened_at": rfc3339(row.opened_at),
        "changed_at": _time(row.changed_at),
        "resolved_at": _time(row.resolved_at),
        "resolution": row.resolution or None,
        "cause": _cause(row),
        "exempt_until": _time(exemption.expires_at)
        if is_exempt and exemption
        else None,
    }


def _state(row: Violation, *, is_exempt: bool) -> str:
    if row.resolved_at is not None:
        return listing.RESOLVED
    return listing.EXEMPT if is_exempt else listing.OPEN


def _cause(row: Violation) -> dict[str, Any] | None:
    if not row.cause_event_id:
        return None
    return {
        "event_id": row.cause_event_id,
        "event": row.cause_event,
        "actor": row.cause_actor,
        "at": _time(row.cause_at),
    }


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
