"""What could not be read is kept in sight until it can be, or is dismissed."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from apps.search.importers import Options, importers
from apps.search.intake import Batch, Broken
from apps.search.models import QuarantinedRecord
from apps.search.viewers import Viewer

# A file full of rubbish is one problem: beyond this, only its count goes on.
MAX_PER_FILE = 1_000
OPEN = (
    QuarantinedRecord.State.OPEN,
    QuarantinedRecord.State.RETRY,
    QuarantinedRecord.State.READING,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads what comes here, and how: the name of an importer, the number of the
    source in its room, the options of the run."""

    kind: str
    source: int | None = None
    options: Options = field(default_factory=dict)


def note(batch: Batch, now: datetime, reading: Reading) -> None:
    """Keep what was broken.

    What was seen in a file before, and not while it was read to its end since it
    began, is settled.
    """
    by_origin: dict[str, list[Broken]] = defaultdict(list)
    for origin, one in batch.broken:
        if len(by_origin[origin]) < MAX_PER_FILE:
            by_origin[origin].append(one)
    for origin, found in by_origin.items():
        _save(origin, found, now, reading)
    for origin, began in batch.finished:
        QuarantinedRecord.objects.filter(
            origin=origin, state__in=OPEN, last_seen_at__lt=began
        ).update(state=QuarantinedRecord.State.SETTLED, last_seen_at=now)


def _save(origin: str, found: list[Broken], now: datetime, reading: Reading) -> None:
    account = importers()[reading.kind].account_of(origin, reading.options)
    dismissed = set(
        QuarantinedRecord.objects.filter(
            origin=origin, state=QuarantinedRecord.State.DISMISSED
        ).values_list("offset", flat=True)
    )
    rows = [
        QuarantinedRecord(
            kind=reading.kind,
            origin=origin[:1_200],
            offset=one.offset,
            reason=one.reason,
            excerpt=one.excerpt.decode("utf-8", "replace").replace("\0", "\ufffd"),
            source=reading.source,
            options=dict(reading.options),
            account=account,
            first_seen_at=now,
            last_seen_at=now,
        )
        for one in {one.offset: one for one in found}.values()
        if one.offset not in dismissed
    ]
    QuarantinedRecord.objects.bulk_create(
        rows,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["origin", "offset"],
        update_fields=["kind", "reason", "excerpt", "state", "options", "last_seen_at"],
    )


def forget(reading: Reading) -> None:
    """Drop what a source sent here, when the source itself goes."""
    QuarantinedRecord.objects.filter(kind=reading.kind, source=reading.source).delete()


def visible_to(viewer: Viewer) -> QuerySet[QuarantinedRecord]:
    """What a person may see: where the account is not known, only who sees all."""
    visible = viewer.visible_accounts()
    rows = QuarantinedRecord.objects.all()
    return rows if visible is None else rows.filter(account__in=visible)


def open_count(viewer: Viewer) -> int:
    return visible_to(viewer).filter(state__in=OPEN).count()
