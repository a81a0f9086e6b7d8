"""Rolls samples up into longer periods, and drops those that are old enough.

A chunk is rolled up once its time is over, again whenever a late value changed it, and
dropped only while the tier above knows all of it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from apps.monitoring.metrics import chunks, rollups, storing
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.storing import ChunkKey, Columns
from apps.monitoring.models import MetricChunk

log = logging.getLogger(__name__)

# What is read within so long after a chunk's end spares rolling it up twice.
_SETTLE_SECONDS = 900
# Of a pass: a few seconds of work, so that others have their turn.
_MOST_CHUNKS = 2_000
_AT_ONCE = 200
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kept:
    """Chunks rolled up, and chunks dropped."""

    rolled_up: int
    dropped: int


def apply(now: datetime) -> Kept:
    """Roll up what is due, a bounded part of it, and drop what is old."""
    seconds = int(now.timestamp())
    rolled_up = roll_up_due(seconds)
    return Kept(rolled_up, drop_old(seconds))


def keep_days(period_seconds: int) -> float:
    """For how many days samples of a period are kept: as those of the tier below."""
    kept: dict[int, float] = settings.METRIC_DAYS
    fitting = [tier for tier in kept if tier <= period_seconds]
    return kept[max(fitting, default=min(kept))]


def roll_up_due(now: int) -> int:
    """Bring the tiers above up to date with chunks that are over; how many were."""
    done = 0
    while done < _MOST_CHUNKS:
        due = MetricChunk.objects.filter(is_dirty=True, ends__lte=now - _SETTLE_SECONDS)
        some = list(due.order_by("ends", "period_seconds")[:_AT_ONCE])
        if not some:
            break
        _roll_up(some, now)
        done += len(some)
    return done


def _roll_up(some: Sequence[MetricChunk], now: int) -> None:
    """Durable above before the mark below: a crash between repeats, and loses nothing.

    Who changes a chunk in between makes it another version, which stays marked.
    """
    coming: dict[ChunkKey, Columns] = {}
    for row in some:
        for key, piece in _made_of(row):
            known = coming.get(key)
            coming[key] = piece if known is None else storing.newer(known, piece)
    storing.store(coming, storing.fuller, now)
    by_version: dict[int, list[int]] = defaultdict(list)
    for row in some:
        by_version[row.version].append(row.pk)
    for version, rows in by_version.items():
        unchanged = MetricChunk.objects.filter(pk__in=rows, version=version)
        unchanged.update(is_dirty=False)


def _made_of(row: MetricChunk) -> Iterable[tuple[ChunkKey, Columns]]:
    tier = rollups.tier_above(row.period_seconds)
    if tier is None:
        return []
    samples = Samples.made_of(*chunks.unpack(bytes(row.packed)))
    above = rollups.merged(samples, tier)
    columns = Columns(above.times, above.columns)
    return storing.pieces((row.series_id, tier, ""), columns)


def drop_old(now: int) -> int:
    """Drop a bounded part of what ended before what is kept of its period.

    Answers how many chunks went. The condition is part of the statement that deletes:
    what was changed meanwhile is rolled up first.
    """
    dropped = 0
    for period in _periods():
        horizon = now - int(keep_days(period) * _DAY)
        dropped += _drop(Q(period_seconds=period, ends__lte=horizon, is_dirty=False))
    if dropped:
        log.info("dropped %d chunks of old samples", dropped)
    return dropped


def _drop(old: Q) -> int:
    dropped = 0
    while dropped < _MOST_CHUNKS:
        some = MetricChunk.objects.filter(old).values_list("pk", flat=True)[:_AT_ONCE]
        gone, _ = MetricChunk.objects.filter(old, pk__in=list(some)).delete()
        dropped += gone
        if not gone:
            break
    return dropped


def _periods() -> list[int]:
    """The periods that are stored, each found by one step into the index."""
    found = [0]
    rows = MetricChunk.objects.order_by("period_seconds")
    while True:
        longer = rows.filter(period_seconds__gt=found[-1])
        period = longer.values_list("period_seconds", flat=True).first()
        if period is None:
            return found[1:]
        found.append(period)
