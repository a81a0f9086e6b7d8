"""Drops days that are older than they have to be kept."""

import logging
from datetime import date, datetime, timedelta

from apps.search import store
from apps.search.engines.base import DocumentEngine
from apps.search.kinds import Kind
from apps.search.models import ImportedDay, Retention

log = logging.getLogger(__name__)


def days_to_drop(kind: Kind, stored: list[str], now: datetime) -> list[str]:
    """The stored days that retention lets go, oldest first."""
    rule = Retention.objects.filter(pk=kind.name).first()
    oldest = _oldest_kept(rule, now)
    if rule is None or oldest is None:
        return []
    imported = ImportedDay.objects.filter(kind=kind.name).values_list("day", flat=True)
    spared = set() if rule.drop_imported else {day.isoformat() for day in imported}
    return [day for day in stored if day < oldest.isoformat() and day not in spared]


def oldest_kept(kind: Kind, now: datetime) -> date | None:
    """The oldest day that is kept for its age; None where all are."""
    return _oldest_kept(Retention.objects.filter(pk=kind.name).first(), now)


def _oldest_kept(rule: Retention | None, now: datetime) -> date | None:
    if rule is None or rule.keep_days is None:
        return None
    return (now - timedelta(days=rule.keep_days)).date()


def apply(engine: DocumentEngine, now: datetime) -> dict[str, int]:
    """Drop what every kind's retention lets go; documents dropped, by kind."""
    dropped: dict[str, int] = {}
    for kind in store.kinds().values():
        stored = [day.day for day in engine.reader.days(kind)]
        for day in days_to_drop(kind, stored, now):
            documents = engine.drop_day(kind, day)
            log.info("dropped %s of %s: %d documents", day, kind.name, documents)
            dropped[kind.name] = dropped.get(kind.name, 0) + documents
            ImportedDay.objects.filter(kind=kind.name, day=day).delete()
    return dropped
