"""Who caused a violation: looked for until CloudTrail has told, for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.audit.history.causes import Asked, Cause, causes_of
from apps.audit.models import Violation

_FOR = timedelta(hours=24)
# Between two looks for the same violation; the first comes at once.
_OFTEN, _SELDOM = timedelta(minutes=1), timedelta(minutes=15)
_AT_FIRST = timedelta(minutes=20)
_MOST = 60
# Calls that name a resource without changing it.
_NO_CHANGE = frozenset(("PutEvaluations",))


def find_causes(now: datetime) -> int:
    """Note the causes that are known by now; how many. Raises EngineUnavailable."""
    rows = _unexplained(now)
    if not rows:
        return 0
    found = 0
    told = causes_of([_asked(row) for row in rows])
    causes = (one if one and one.event not in _NO_CHANGE else None for one in told)
    for row, cause in zip(rows, causes, strict=True):
        values = {"cause_sought_at": now} | (_told(cause) if cause else {})
        Violation.objects.filter(pk=row.pk, cause_event_id="").update(**values)
        found += cause is not None
    return found


def _unexplained(now: datetime) -> Sequence[Violation]:
    rows = Violation.objects.filter(
        cause_event_id="", opened_at__gt=now - _FOR, changed_at__isnull=False
    )
    never = rows.filter(cause_sought_at=None)
    young = rows.filter(
        opened_at__gt=now - _AT_FIRST, cause_sought_at__lte=now - _OFTEN
    )
    old = rows.filter(
        opened_at__lte=now - _AT_FIRST, cause_sought_at__lte=now - _SELDOM
    )
    due = (never | young | old).select_related("resource")
    return list(due.order_by("cause_sought_at", "-opened_at")[:_MOST])


def _asked(row: Violation) -> Asked:
    resource = row.resource
    names = (resource.name,) if resource.name else ()
    return Asked(resource.key, resource.arn, names, row.changed_at or row.opened_at)


def _told(cause: Cause) -> dict[str, object]:
    return {
        "cause_event_id": cause.document[:200],
        "cause_event": cause.event[:200],
        "cause_actor": cause.actor[:500],
        "cause_at": cause.at,
    }
