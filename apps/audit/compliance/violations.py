"""Violations: opened by a look that fails, resolved by one that passes.

What cannot be judged neither opens nor resolves anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from apps.audit.compliance.exemptions import exempting
from apps.audit.compliance.owners import owner_of
from apps.audit.compliance.verdicts import Outcome, Verdict
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.models import Resource

PASSED = "The rule passes."
DELETED = "The resource was deleted."
NOT_ABOUT = "The rule is no longer about the resource."
SWITCHED_OFF = "The rule was switched off."
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """`at` is when it was said, where that was not now."""

    rule: ComplianceRule
    resource: Resource
    verdict: Verdict
    at: datetime | None = None


def settle(judged: Sequence[Judged], now: datetime) -> tuple[int, int]:
    """Open and resolve by what was said; how many of each."""
    telling = [one for one in judged if one.verdict.outcome is not Outcome.UNKNOWN]
    held = _open_of(telling)
    fresh, kept, over = [], [], []
    for one in telling:
        row = held.get((one.rule.pk, one.resource.pk))
        if one.verdict.outcome is Outcome.FAIL:
            if row is None:
                fresh.append(one)
            elif (row.reason, row.path) != (one.verdict.reason, one.verdict.path):
                kept.append(_kept(row, one, now))
        elif row is not None:
            over.append(_resolved(row, one, now))
    opened = _open(fresh, now)
    Violation.objects.bulk_update(kept, ["reason", "path", "seen_at"], _ROWS)
    Violation.objects.bulk_update(over, ["resolved_at", "resolution", "seen_at"], _ROWS)
    return opened, len(over)


def resolve(rows: QuerySet[Violation], resolution: str, now: datetime) -> int:
    """Close violations for another reason than a look that passed."""
    still = rows.filter(resolved_at=None)
    return still.update(resolved_at=now, seen_at=now, resolution=resolution)


def _open_of(judged: Sequence[Judged]) -> dict[tuple[int, int], Violation]:
    resources = {one.resource.pk for one in judged}
    rows = Violation.objects.filter(resource__in=resources, resolved_at=None)
    return {(row.rule_id, row.resource_id): row for row in rows}


def _open(fresh: Sequence[Judged], now: datetime) -> int:
    if not fresh:
        return 0
    rows = [
        Violation(
            rule=one.rule,
            resource=one.resource,
            account=one.resource.account,
            region=one.resource.region,
            reason=one.verdict.reason,
            path=one.verdict.path[:500],
            owner=owner_of(one.resource.tags),
            opened_at=now,
            changed_at=one.resource.captured_at,
            seen_at=now,
        )
        for one in fresh
    ]
    exemption = exempting(now)
    for row in rows:
        row.exemption = exemption(row)
    Violation.objects.bulk_create(rows, _ROWS, ignore_conflicts=True)
    return len(rows)


def _kept(row: Violation, one: Judged, now: datetime) -> Violation:
    row.reason, row.path = one.verdict.reason, one.verdict.path[:500]
    row.seen_at = now
    return row


def _resolved(row: Violation, one: Judged, now: datetime) -> Violation:
    row.resolved_at = row.seen_at = now
    if one.verdict.outcome is Outcome.PASS:
        row.resolution = PASSED
    elif one.resource.deleted_at is not None:
        row.resolution = DELETED
    else:
        row.resolution = NOT_ABOUT
    return row
