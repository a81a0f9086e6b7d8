"""Reads quarantined files again, after a bound was raised or a file mended."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from apps.search import quarantine
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.importers import CannotReopen, importers
from apps.search.intake import Batch
from apps.search.models import QuarantinedRecord
from apps.search.quarantine import Reading
from apps.search.shutdown import stopping

_STALE_AFTER = timedelta(minutes=30)


def retry_all(engine: DocumentEngine) -> None:
    """Read every file again that somebody asked for."""
    now = timezone.now()
    states = QuarantinedRecord.State
    left_behind = Q(state=states.READING, last_seen_at__lt=now - _STALE_AFTER)
    asked = QuarantinedRecord.objects.filter(Q(state=states.RETRY) | left_behind)
    origins = dict.fromkeys(asked.order_by("origin").values_list("origin", flat=True))
    for origin in origins:
        if stopping.is_set():
            return
        row = asked.filter(origin=origin).first()
        # Whoever changes the rows reads the file; nobody else does meanwhile.
        ours = asked.filter(origin=origin)
        if not ours.update(state=states.READING, last_seen_at=timezone.now()):
            continue
        if row is not None:
            _retry(origin, Reading(row.kind, row.source, row.options), engine)


def _retry(origin: str, reading: Reading, engine: DocumentEngine) -> None:
    began = timezone.now()
    importer = importers()[reading.kind]

    def checkpoint(batch: Batch) -> None:
        quarantine.note(batch, timezone.now(), reading)

    intake = importer.intake(engine, checkpoint, importer.note)
    marked = QuarantinedRecord.objects.filter(
        origin=origin, state=QuarantinedRecord.State.READING
    )
    try:
        chunks = importer.reopen(origin, reading.source)
        portions = importer.read(origin, chunks, reading.options)
        intake.read(origin, portions, began)
        intake.commit()
        problem = ""
    except (CannotReopen, OSError) as error:
        problem = f"It could not be read again: {error}"
    except EngineUnavailable:
        # Not the file's fault: it is read as soon as the store takes documents.
        marked.update(state=QuarantinedRecord.State.RETRY)
        raise
    # What is still broken was written back as open; the rest was settled. Only a
    # file that could not be read at all is left marked.
    update = {"reason": problem} if problem else {}
    marked.update(state=QuarantinedRecord.State.OPEN, last_seen_at=began, **update)
