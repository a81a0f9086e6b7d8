"""Forgets rows of traces that cannot change any more, or that nobody lists again."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.tracing.collecting.windows import CHANGES_FOR
from apps.tracing.models import GraphCheck, TraceReread, TraceScope

# Longer than the longest sweep: what it lists is still known.
_DONE_KEPT = timedelta(hours=26)
_CHECKS_KEPT = timedelta(days=7)
_AT_ONCE = 500


def forget_old(scope: TraceScope, now: datetime) -> None:
    """Some at a time, so that nobody waits for it."""
    rows = TraceReread.objects.filter(scope=scope, due_at=None)
    old = rows.filter(changed_at__lt=now - _DONE_KEPT, attempts=0)
    lost = rows.filter(changed_at__lt=now - CHANGES_FOR)
    for some in (old, lost):
        pks = list(some.values_list("pk", flat=True)[:_AT_ONCE])
        if pks:
            TraceReread.objects.filter(pk__in=pks).delete()
    GraphCheck.objects.filter(scope=scope, until__lt=now - _CHECKS_KEPT).delete()
