"""Collects from trail sources, one run at a time per source.

Every source has one shape: find out what is there, write it down as rows, read what
is written down, commit the store, then mark the rows. A message is deleted once its
objects are rows; a row is done once its events are durable. Both may come twice.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.audit.buckets import BucketRun
from apps.audit.lookups import LookupRun
from apps.audit.models import TrailSource
from apps.audit.sourceruns import LEASE, Clock
from apps.discovery.aws import AwsError
from apps.search.engines.base import DocumentEngine, EngineUnavailable

log = logging.getLogger(__name__)

_RUN_EVERY = timedelta(seconds=30)
_RUNS: dict[TrailSource.Kind, type[BucketRun | LookupRun]] = {
    TrailSource.Kind.BUCKET: BucketRun,
    TrailSource.Kind.LOOKUP: LookupRun,
}


def due_sources(now: datetime) -> list[int]:
    """Enabled sources that nobody works on and that were not run just now."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(ran_at__lte=now - _RUN_EVERY)
    sources = TrailSource.objects.filter(free & rested, is_enabled=True)
    return list(sources.values_list("pk", flat=True))


def claim(source_id: int, now: datetime) -> bool:
    """Whether the source is now ours for a while."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    taken = TrailSource.objects.filter(free, pk=source_id, is_enabled=True).update(
        claimed_until=now + LEASE
    )
    return bool(taken)


def collect(
    source_id: int, engine: DocumentEngine, clock: Clock = timezone.now
) -> None:
    """One run over a claimed source. What goes wrong ends in its row."""
    source = TrailSource.objects.select_related("account").get(pk=source_id)
    problem = ""
    try:
        _RUNS[TrailSource.Kind(source.kind)](source, engine, clock).run()
    except (AwsError, EngineUnavailable) as error:
        log.warning("collecting from %s failed: %s", source, error)
        problem = str(error)
    now = clock()
    TrailSource.objects.filter(pk=source.pk).update(
        problem=problem,
        problem_since=(source.problem_since or now) if problem else None,
        succeeded_at=source.succeeded_at if problem else now,
        ran_at=now,
        claimed_until=None,
    )
