"""What could not be read is kept in sight until it can be, or is dismissed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from apps.audit.logkeys import parse_key
from apps.audit.logrecords import Broken
from apps.audit.models import QuarantinedRecord, TrailSource
from apps.discovery.accounts import Viewer

# A file full of rubbish is one problem: beyond this, only its count goes on.
MAX_PER_FILE = 1_000
OPEN = (
    QuarantinedRecord.State.OPEN,
    QuarantinedRecord.State.RETRY,
    QuarantinedRecord.State.READING,
)


def note(
    broken: Sequence[tuple[str, Broken]],
    finished: Iterable[tuple[str, datetime]],
    now: datetime,
    source: TrailSource | None = None,
) -> None:
    """Keep what was broken.

    What was seen in a file before, and not while it was read to its end since
    `began`, is settled.
    """
    by_origin: dict[str, list[Broken]] = defaultdict(list)
    for origin, one in broken:
        if len(by_origin[origin]) < MAX_PER_FILE:
            by_origin[origin].append(one)
    for origin, found in by_origin.items():
        _save(origin, found, now, source)
    for origin, began in finished:
        QuarantinedRecord.objects.filter(
            origin=origin, state__in=OPEN, last_seen_at__lt=began
        ).update(state=QuarantinedRecord.State.SETTLED, last_seen_at=now)


def _save(
    origin: str, found: Sequence[Broken], now: datetime, source: TrailSource | None
) -> None:
    key = parse_key(origin)
    dismissed = set(
        QuarantinedRecord.objects.filter(
            origin=origin, state=QuarantinedRecord.State.DISMISSED
        ).values_list("offset", flat=True)
    )
    rows = [
        QuarantinedRecord(
            origin=origin[:1_200],
            offset=one.offset,
            reason=one.reason,
            excerpt=one.excerpt.decode("utf-8", "replace").replace("\0", "\ufffd"),
            source=source,
            account=key.account if key else "",
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
        update_fields=["reason", "excerpt", "state", "last_seen_at"],
    )


def visible_to(viewer: Viewer) -> QuerySet[QuarantinedRecord]:
    """What a person may see: where the account is not known, only who sees all."""
    visible = viewer.visible_accounts()
    rows = QuarantinedRecord.objects.all()
    return rows if visible is None else rows.filter(account__in=visible)


def open_count(viewer: Viewer) -> int:
    return visible_to(viewer).filter(state__in=OPEN).count()
