"""Log groups as REST tells of them."""

from __future__ import annotations

from typing import Any

from apps.monitoring.logs.catalogue import Look, Totals
from apps.monitoring.logs.listing import Row
from apps.monitoring.models import LogGroup, LogStream
from apps.search.timerange import rfc3339


def region_json(told: dict[str, Any]) -> dict[str, Any]:
    scope = told["row"]
    return {
        "id": scope.pk,
        "account": scope.account_id,
        "region": scope.region,
        "enabled": scope.is_enabled,
        "collects_new": scope.collects_new,
        "groups": told["groups"],
        "polled": told["polled"],
        "listed_at": scope.listed_at and rfc3339(scope.listed_at),
        "problem": scope.problem or None,
        "cure": told["cure"] if scope.problem else None,
    }


def totals_json(totals: Totals) -> dict[str, Any]:
    return {
        "groups": totals.many,
        "collected": totals.counts[Look.COLLECTED],
        "never_expire": totals.counts[Look.FOREVER],
        "stored_bytes": totals.stored_bytes,
        "storage_dollars_a_month": round(totals.storage_dollars, 4),
        "incoming_bytes_a_day": totals.daily_bytes if totals.measured else None,
        "incoming_known_of": totals.measured,
        "ingestion_dollars_a_month": (
            round(totals.ingestion_dollars, 4) if totals.measured else None
        ),
    }


def item_json(row: Row) -> dict[str, Any]:
    group, standing = row.group, row.standing
    lag, trouble = standing.lag, standing.trouble
    return {
        "id": group.pk,
        "name": group.name,
        "account": group.account,
        "region": group.region,
        "arn": group.arn or None,
        "class": group.group_class or None,
        "stored_bytes": group.stored_bytes if group.listed_at else None,
        "storage_dollars_a_month": round(row.storage, 4),
        "retention_days": group.retention_days,
        "incoming_bytes_a_day": group.daily_bytes,
        "ingestion_dollars_a_month": (
            None if row.ingestion is None else round(row.ingestion, 4)
        ),
        "last_event_at": group.last_event_at and rfc3339(group.last_event_at),
        "listed_at": group.listed_at and rfc3339(group.listed_at),
        "delivered_at": group.delivered_at and rfc3339(group.delivered_at),
        "gone_at": group.gone_at and rfc3339(group.gone_at),
        "state": standing.state,
        "collected": [
            {"way": way.kind, "source": way.source and way.source.pk}
            for way in standing.ways
        ],
        "lag_seconds": None if lag is None else round(lag.total_seconds()),
        "problem": trouble.problem or None,
        "cure": trouble.cure or None,
    }


def polling_json(group: LogGroup) -> dict[str, Any] | None:
    poll = getattr(group, "poll", None)
    if poll is None:
        return None
    window = None
    if poll.window and poll.window_since and poll.window_until:
        window = {
            "kind": poll.window,
            "since": rfc3339(poll.window_since),
            "until": rfc3339(poll.window_until),
        }
    return {
        "enabled": poll.is_enabled,
        "collects_since": rfc3339(poll.collect_since),
        "reading": window,
        "succeeded_at": poll.succeeded_at and rfc3339(poll.succeeded_at),
        "lines": poll.lines,
        "late_finds": poll.late_finds,
        "late_found_at": poll.late_found_at and rfc3339(poll.late_found_at),
        "overlap_seconds": poll.overlap_seconds,
    }


def stream_json(one: LogStream) -> dict[str, Any]:
    return {
        "name": one.name,
        "first_event_at": one.first_event_at and rfc3339(one.first_event_at),
        "last_event_at": one.last_event_at and rfc3339(one.last_event_at),
        "last_ingestion_at": one.last_ingestion_at and rfc3339(one.last_ingestion_at),
        "gone_at": one.gone_at and rfc3339(one.gone_at),
    }
