"""Forgets which events stand for stored lines, once these lines are not kept any
more."""

from __future__ import annotations

from datetime import datetime

from apps.monitoring.kinds import LOGS
from apps.monitoring.models import ClaimedLine
from apps.search.engines.base import DocumentEngine
from apps.search.retention import oldest_kept

_AT_ONCE = 1_000
# Of a pass: what is left is forgotten by the next, an hour later.
_MOST = 500_000


def forget_old(engine: DocumentEngine, now: datetime) -> int:
    """Drop rows of days that retention let go, as long as none of their lines is
    stored; how many. Imported days may stay whatever their age. Raises
    EngineUnavailable."""
    oldest = oldest_kept(LOGS, now)
    if oldest is None:
        return 0
    stored = [day.day for day in engine.reader.days(LOGS)]
    old = ClaimedLine.objects.filter(day__lt=oldest).exclude(
        day__in=[day for day in stored if day < oldest.isoformat()]
    )
    gone = 0
    while gone < _MOST:
        some = list(old.order_by("day").values_list("pk", flat=True)[:_AT_ONCE])
        if not some:
            break
        gone += ClaimedLine.objects.filter(pk__in=some).delete()[0]
    return gone
