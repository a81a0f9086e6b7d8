"""Collects from the sources that are read: Kinesis streams and buckets."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.discovery.accounts import why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.monitoring.logs.archives import ArchiveRun
from apps.monitoring.logs.covered import end_outage, note_outage
from apps.monitoring.logs.kinesis import KinesisRun
from apps.monitoring.models import LogSource
from apps.search.engines.base import DocumentEngine

log = logging.getLogger(__name__)

_RUNS: dict[str, type[KinesisRun | ArchiveRun]] = {
    LogSource.Kind.KINESIS: KinesisRun,
    LogSource.Kind.BUCKET: ArchiveRun,
}
_EVERY = {
    LogSource.Kind.KINESIS: timedelta(seconds=2),
    LogSource.Kind.BUCKET: timedelta(seconds=30),
}
_AFTER_PROBLEM = timedelta(seconds=30)


def due_sources(now: datetime) -> list[int]:
    """Sources to be read that nobody reads and that were not read just now."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(ran_at__lte=now - _AFTER_PROBLEM)
    for kind, every in _EVERY.items():
        rested |= Q(kind=kind, problem="", ran_at__lte=now - every)
    rows = LogSource.objects.filter(
        free & rested, kind__in=list(_RUNS), is_enabled=True
    )
    return list(rows.values_list("pk", flat=True))


def collect(
    source_id: int, engine: DocumentEngine, clock: Clock = timezone.now
) -> None:
    """One run over a source, if nobody else makes one. What goes wrong ends in its
    row."""
    found = LogSource.objects.select_related("account").filter(pk=source_id).first()
    lease = Lease.take(found, "claimed_until", clock()) if found else None
    if lease is None:
        return
    problem = _problem_of(lease, engine, clock)
    now, source = clock(), lease.row
    if source.problem and not problem:
        end_outage(source, now)  # first: the row says until then that there is one
    lease.give_back(
        ran_at=now,
        problem=problem,
        problem_since=(source.problem_since or now) if problem else None,
        succeeded_at=source.succeeded_at if problem else now,
    )
    if problem:
        note_outage(source, _last_asked(source), problem)


def _last_asked(source: LogSource) -> datetime:
    """When AWS last answered. A bucket without a queue is asked by listing alone."""
    is_listed = source.bucket and not source.queue_url
    return (source.swept_at if is_listed else source.succeeded_at) or source.created_at


def _problem_of(lease: Lease[LogSource], engine: DocumentEngine, clock: Clock) -> str:
    """What a run left undone, in a sentence; "" where nothing."""

    def work() -> str:
        why_not = why_not_read(lease.row.account)
        if why_not:
            return why_not
        try:
            _RUNS[lease.row.kind](lease, engine, clock).run()
        except LeaseLost as error:
            log.warning("collecting stopped: %s", error)
        return ""

    return problem_of(work, f"collecting from {lease.row}")
