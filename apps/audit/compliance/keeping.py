"""Verdicts kept, where they are other than before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.audit.compliance.verdicts import Outcome, Verdict
from apps.audit.compliance.violations import Judged
from apps.audit.models import Evaluation

_ROWS = 1_000
_UPDATED = 200
Known = tuple[int, int, str, str, str, datetime]
"""Number of the row, rule, outcome, reason, path, and since when."""
_SAID = ["outcome", "reason", "path", "evaluated_at", "since"]


def keep(judged: Sequence[Judged], now: datetime) -> int:
    """Write verdicts that are new or other than before; how many."""
    held = _held(judged)
    fresh, other = [], []
    for one in judged:
        known = held.get((one.rule.pk, one.resource.pk))
        if known is None:
            if one.verdict.outcome is not Outcome.NOT_APPLICABLE:
                fresh.append(_row(one, now))
        elif known[2:5] != _said(one.verdict):
            row = _row(one, now)
            row.pk, row.since = known[0], known[5]
            if known[2] != one.verdict.outcome:
                row.since = row.evaluated_at
            other.append(row)
    Evaluation.objects.bulk_create(fresh, _ROWS, ignore_conflicts=True)
    Evaluation.objects.bulk_update(other, _SAID, _UPDATED)
    return len(fresh) + len(other)


def _held(judged: Sequence[Judged]) -> dict[tuple[int, int], Known]:
    """What is known of these, by rule and resource."""
    rows = Evaluation.objects.filter(
        rule__in={one.rule.pk for one in judged},
        resource__in={one.resource.pk for one in judged},
    )
    told = rows.values_list(
        "rule_id", "resource_id", "pk", "outcome", "reason", "path", "since"
    )
    return {
        (rule, resource): (pk, rule, outcome, reason, path, since)
        for rule, resource, pk, outcome, reason, path, since in told
    }


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


def _said(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.outcome, verdict.reason, verdict.path[:500]
