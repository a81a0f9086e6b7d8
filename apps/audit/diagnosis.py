"""What `doctor` finds out about trail sources: each action they need is tried."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from apps.audit.cloudtrail import PERMISSIONS, Lookup
from apps.audit.models import TrailSource
from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, Target
from apps.discovery.buckets import Bucket, Queue
from apps.search.diagnosis import Finding
from apps.search.models import QuarantinedRecord


def sources() -> Iterator[Finding]:
    for source in TrailSource.objects.select_related("account").order_by("pk"):
        where = target(source.account, source.region)
        for name, attempt in _ATTEMPTS[TrailSource.Kind(source.kind)].items():
            if name == "queue" and not source.queue_url:
                continue
            yield _tried(source, name, attempt, where)


def quarantine() -> Iterator[Finding]:
    waiting = QuarantinedRecord.objects.filter(
        state=QuarantinedRecord.State.OPEN
    ).count()
    problem = f"{waiting:,} records could not be read." if waiting else None
    yield Finding("quarantine", "empty", problem, "See the page Quarantine.")


def _tried(
    source: TrailSource,
    name: str,
    attempt: Callable[[TrailSource, Target], object],
    where: Target,
) -> Finding:
    subject = f"source.{source.pk}.{name}"
    try:
        attempt(source, where)
    except AwsError as error:
        actions = ", ".join(PERMISSIONS[name])
        return Finding(subject, "", str(error), f"The role needs {actions}.")
    return Finding(subject, f"{source}: AWS allows what it needs")


def _read_bucket(source: TrailSource, where: Target) -> object:
    """List the bucket, and begin to read the first object there is."""
    bucket = Bucket(where, source.bucket)
    first = next(bucket.objects(source.prefix), None)
    return first and next(bucket.chunks(first.key), None)


def _ask_queue(source: TrailSource, where: Target) -> object:
    return Queue(where, source.queue_url).waiting()


def _look_up(source: TrailSource, where: Target) -> object:
    now = timezone.now()
    return next(Lookup(where).pages(now - timedelta(minutes=5), now))


_ATTEMPTS = {
    TrailSource.Kind.BUCKET: {"bucket": _read_bucket, "queue": _ask_queue},
    TrailSource.Kind.LOOKUP: {"lookup": _look_up},
}
