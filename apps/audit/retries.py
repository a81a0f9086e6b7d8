"""Reads quarantined files again, after a bound was raised or a file mended."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from apps.audit import quarantine
from apps.audit.ingest import Batch, Intake
from apps.audit.kinds import TRAIL
from apps.audit.models import QuarantinedRecord, TrailSource
from apps.audit.sourceruns import note_batch, target_of
from apps.discovery.aws import AwsError
from apps.discovery.buckets import Bucket
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.shutdown import stopping

_CHUNK_BYTES = 1 << 20
_STALE_AFTER = timedelta(minutes=30)


def retry_all(engine: DocumentEngine) -> None:
    """Read every file again that somebody asked for."""
    now = timezone.now()
    states = QuarantinedRecord.State
    left_behind = Q(state=states.READING, last_seen_at__lt=now - _STALE_AFTER)
    asked = QuarantinedRecord.objects.filter(Q(state=states.RETRY) | left_behind)
    origins = asked.order_by("origin").values_list("origin", "source").distinct()
    for origin, source_id in list(origins):
        if stopping.is_set():
            return
        # Whoever changes the rows reads the file; nobody else does meanwhile.
        ours = asked.filter(origin=origin)
        if not ours.update(state=states.READING, last_seen_at=timezone.now()):
            continue
        source = TrailSource.objects.filter(pk=source_id).first()
        _retry(origin, source, engine)


def _retry(origin: str, source: TrailSource | None, engine: DocumentEngine) -> None:
    began = timezone.now()

    def checkpoint(batch: Batch) -> None:
        quarantine.note(batch.broken, batch.finished, timezone.now(), source)

    intake = Intake(engine.writer(TRAIL), checkpoint, note_batch)
    marked = QuarantinedRecord.objects.filter(
        origin=origin, state=QuarantinedRecord.State.READING
    )
    try:
        intake.read(origin, _chunks(origin, source), began)
        intake.commit()
        problem = ""
    except (AwsError, OSError) as error:
        problem = f"It could not be read again: {error}"
    except EngineUnavailable:
        # Not the file's fault: it is read as soon as the store takes documents.
        marked.update(state=QuarantinedRecord.State.RETRY)
        raise
    # What is still broken was written back as open; the rest was settled. Only a
    # file that could not be read at all is left marked.
    update = {"reason": problem} if problem else {}
    marked.update(state=QuarantinedRecord.State.OPEN, last_seen_at=began, **update)


def _chunks(origin: str, source: TrailSource | None) -> Iterator[bytes]:
    """The bytes of a file or object. Raises OSError, AwsError."""
    if origin.startswith("lookup://"):
        raise OSError("an event that was looked up is gone once it was answered")
    if source is not None:
        key = origin.removeprefix(f"s3://{source.bucket}/")
        yield from Bucket(target_of(source), source.bucket).chunks(key)
        return
    with Path(origin).open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
