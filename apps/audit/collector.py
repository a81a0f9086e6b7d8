"""Collects from trail sources, one run at a time per source.

Every source has one shape: find out what is there, write it down as rows, read what
is written down, commit the store, then mark the rows. A message is deleted once its
objects are rows; a row is done once its events are durable. Both may come twice.
"""

import logging
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit.buckets import BucketRun
from apps.audit.lookups import LookupRun
from apps.audit.models import Coverage, LogObject, TrailSource
from apps.audit.sourceruns import LEASE, ClaimLost, Clock
from apps.discovery.accounts import why_not_read
from apps.discovery.attempts import problem_of
from apps.search.engines.base import DocumentEngine

log = logging.getLogger(__name__)

_RUN_EVERY = timedelta(seconds=30)
# A queue waits itself for what is new, and costs nothing but the asking.
_ASK_QUEUE_EVERY = timedelta(seconds=1)
_RUNS: dict[TrailSource.Kind, type[BucketRun | LookupRun]] = {
    TrailSource.Kind.BUCKET: BucketRun,
    TrailSource.Kind.LOOKUP: LookupRun,
}


def due_sources(now: datetime) -> list[int]:
    """Enabled sources that nobody works on and that were not run just now."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(ran_at__lte=now - _RUN_EVERY)
    # One that fails is not asked more often for that.
    rested |= ~Q(queue_url="") & Q(problem="", ran_at__lte=now - _ASK_QUEUE_EVERY)
    sources = TrailSource.objects.filter(free & rested, is_enabled=True)
    return list(sources.values_list("pk", flat=True))


def claim(source_id: int, now: datetime) -> bool:
    """Whether the source is now ours for a while."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    taken = TrailSource.objects.filter(free, pk=source_id, is_enabled=True).update(
        claimed_until=now + LEASE, ran_at=now
    )
    return bool(taken)


def read_again(source: TrailSource, since: date) -> int:
    """Forget what was read since a day, UTC; how many objects were known of it.

    A worker that reads the source now loses its claim and writes nothing more.
    """
    begin = datetime.combine(since, datetime.min.time(), UTC)
    first = min(filter(None, (source.first_day, since)))
    with transaction.atomic():
        TrailSource.objects.filter(pk=source.pk).update(
            first_day=first,
            claimed_until=None,
            ran_at=None,
            swept_at=None,
            deep_swept_at=None,
        )
        Coverage.objects.filter(source=source, since__gte=begin).delete()
        Coverage.objects.filter(source=source, until__gt=begin).update(until=begin)
        known = LogObject.objects.filter(source=source, delivered_at__gte=begin)
        objects, _ = known.delete()
    return objects


def collect(
    source_id: int, engine: DocumentEngine, clock: Clock = timezone.now
) -> None:
    """One run over a claimed source. What goes wrong ends in its row."""
    source = TrailSource.objects.select_related("account").get(pk=source_id)
    problem = _problem_of(source, engine, clock)
    now = clock()
    TrailSource.objects.filter(pk=source.pk, claimed_until=source.claimed_until).update(
        problem=problem,
        problem_since=(source.problem_since or now) if problem else None,
        succeeded_at=source.succeeded_at if problem else now,
        claimed_until=None,
    )


def _problem_of(source: TrailSource, engine: DocumentEngine, clock: Clock) -> str:
    """What a run left undone, in a sentence; "" where nothing."""

    def work() -> str:
        why_not = why_not_read(source.account)
        if why_not:
            return why_not
        try:
            _RUNS[TrailSource.Kind(source.kind)](source, engine, clock).run()
        except ClaimLost as error:
            log.warning("collecting stopped: %s", error)
        return ""

    return problem_of(work, f"collecting from {source}")
