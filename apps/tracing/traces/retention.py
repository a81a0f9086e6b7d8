"""Lets traces go with their spans; the map outlives them, in hours and days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from apps.search.engines.base import DocumentEngine
from apps.search.intervals import DAY_MS
from apps.search.retention import oldest_kept
from apps.tracing.kinds import SPANS
from apps.tracing.models import MapChunk, Trace

_AT_ONCE = 500
# Of a pass: what is left goes with the next, an hour later.
_MOST = 200_000
_DAY_SECONDS = DAY_MS // 1_000


def forget_old(engine: DocumentEngine, now: datetime) -> int:
    """Drop traces of days whose spans retention has dropped; how many. What they say
    of the map stays counted. Raises EngineUnavailable."""
    oldest = oldest_kept(SPANS, now)
    if oldest is None:
        return 0
    old = Trace.objects.filter(started_at__lt=_begin(oldest.isoformat()))
    for day in engine.reader.days(SPANS):
        begin = _begin(day.day)
        old = old.exclude(
            started_at__gte=begin, started_at__lt=begin + timedelta(days=1)
        )
    return _drop(old)


def _begin(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day), time(), UTC)


def thin_map(now: datetime) -> int:
    """Drop what is counted per minute, hour or day and is old enough; how many."""
    gone = 0
    for period, days in settings.MAP_DAYS.items():
        until_s = int(now.timestamp()) - int(days * _DAY_SECONDS)
        gone += _drop(
            MapChunk.objects.filter(
                period_seconds=period, began_s__lt=until_s // period * period
            )
        )
    return gone


def _drop(rows: QuerySet[Any]) -> int:
    """Some at a time, up to what a pass may take; how many."""
    gone = 0
    while gone < _MOST:
        some = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if not some:
            break
        rows.model.objects.filter(pk__in=some).delete()
        gone += len(some)
    return gone
