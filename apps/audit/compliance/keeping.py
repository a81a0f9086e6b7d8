"""Verdicts kept, where they are other than before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.audit.compliance.verdicts import Outcome, Verdict
from apps.audit.compliance.violations import Judged
from apps.audit.models import Evaluation

_ROWS = 1_000
_UPDATED = 200
_SAID = ["outcome", "reason", "path", "evaluated_at", "since"]


def keep(judged: Sequence[Judged], now: datetime) -> int:
    """Write verdicts that are new or other than before; how many."""
    rules = {one.rule.pk for one in judged}
    resources = {one.resource.pk for one in judged}
    held = {
        (row.rule_id, row.resource_id): row
        for row in Evaluation.objects.filter(rule__in=rules, resource__in=resources)
    }
    fresh, other = [], []
    for one in judged:
        row = held.get((one.rule.pk, one.resource.pk))
        if row is None:
            if one.verdict.outcome is not Outcome.NOT_APPLICABLE:
                fresh.append(_row(one, now))
        elif _differs(row, one.verdict):
            at = one.at or now
            if row.outcome != one.verdict.outcome:
                row.since = at
            row.outcome, row.evaluated_at = one.verdict.outcome, at
            row.reason, row.path = one.verdict.reason, one.verdict.path[:500]
            other.append(row)
    Evaluation.objects.bulk_create(fresh, _ROWS, ignore_conflicts=True)
    Evaluation.objects.bulk_update(other, _SAID, _UPDATED)
    return len(fresh) + len(other)


def _row(one: Judged, now: datetime) -> Evaluation:
    return Evaluation(
        rule_id=one.rule.pk,
        resource_id=one.resource.pk,
        outcome=one.verdict.outcome,
        reason=one.verdict.reason,
        path=one.verdict.path[:500],
        evaluated_at=one.at or now,
        since=one.at or now,
    )


def _differs(row: Evaluation, verdict: Verdict) -> bool:
    return (row.outcome, row.reason, row.path) != (
        verdict.outcome,
        verdict.reason,
        verdict.path[:500],
    )
