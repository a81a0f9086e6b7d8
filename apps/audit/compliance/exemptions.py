"""Violations that are borne for a time: by whom, why, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from django.db.models import Q

from apps.audit.models import Exemption, Violation

Exempting = Callable[[Violation], Exemption | None]
_ROWS = 500


def exempting(now: datetime) -> Exempting:
    """What tells of a violation which exemption bears it: that which lasts longest."""
    held = list(Exemption.objects.in_force(now).order_by("-expires_at", "pk"))

    def of(violation: Violation) -> Exemption | None:
        return next((one for one in held if is_about(one, violation)), None)

    return of


def is_about(exemption: Exemption, violation: Violation) -> bool:
    if exemption.rule_id not in (None, violation.rule_id):
        return False
    if exemption.account not in ("", violation.account):
        return False
    if not exemption.pattern:
        return True
    resource = violation.resource
    names = (resource.resource_id, resource.name, resource.arn)
    return any(fnmatchcase(one, exemption.pattern) for one in names if one)


def apply(now: datetime) -> int:
    """Hold every open violation against the exemptions in force: what one began to
    bear, and what none bears any longer. How many changed."""
    exemption_of = exempting(now)
    rows = Violation.objects.filter(resolved_at=None).select_related("resource")
    if not Exemption.objects.in_force(now).exists():
        rows = rows.exclude(exemption=None)
    changed = list(_changed(rows.iterator(chunk_size=_ROWS), exemption_of))
    Violation.objects.bulk_update(changed, ["exemption"], _ROWS)
    return len(changed)


def _changed(rows: Iterable[Violation], exemption_of: Exempting) -> Iterable[Violation]:
    for row in rows:
        found = exemption_of(row)
        if row.exemption_id != (found.pk if found else None):
            row.exemption = found
            yield row


def lapse(now: datetime) -> int:
    """Take exemptions that ended off the violations they bore."""
    over = Q(exemption__expires_at__lte=now) | Q(exemption__ended_at__lte=now)
    if not Violation.objects.filter(over, resolved_at=None).exists():
        return 0
    return apply(now)
