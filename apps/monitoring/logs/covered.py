"""Coverage in rows: which stretches of a group were really read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.discovery.coverage import Interval, gaps, merged
from apps.monitoring.models import LogCoverage, LogGroup, LogOutage, LogSource


def covered(group: LogGroup) -> list[Interval]:
    """The stretches read of a group, oldest first and apart."""
    rows = LogCoverage.objects.filter(group=group)
    return [Interval(row.since, row.until) for row in rows]


def cover(group: LogGroup, read: Interval) -> None:
    """Add a stretch that was read, and let it grow together with its neighbours."""
    with transaction.atomic():
        intervals = merged([*covered(group), read])
        LogCoverage.objects.filter(group=group).delete()
        LogCoverage.objects.bulk_create(
            LogCoverage(group=group, since=one.since, until=one.until)
            for one in intervals
        )


def not_collected(
    groups: Iterable[LogGroup], asked: Interval
) -> dict[int, list[Interval]]:
    """Per group what of a time range was never read: there, nothing stored does not
    mean that nothing was logged. Groups that were read all through are absent."""
    by_group: dict[int, list[Interval]] = {group.pk: [] for group in groups}
    rows = LogCoverage.objects.filter(
        group__in=list(by_group), until__gt=asked.since, since__lt=asked.until
    )
    for row in rows:
        by_group[row.group_id].append(Interval(row.since, row.until))
    missing = {pk: gaps(found, asked) for pk, found in by_group.items()}
    return {pk: found for pk, found in missing.items() if found}


def note_outage(of: LogGroup | LogSource, since: datetime, problem: str) -> None:
    """A group or a source cannot be read, and could last at that time."""
    open_one, is_new = LogOutage.objects.get_or_create(
        **_whose(of), until=None, defaults={"since": since, "problem": problem}
    )
    if not is_new and open_one.problem != problem:
        LogOutage.objects.filter(pk=open_one.pk).update(problem=problem)


def end_outage(of: LogGroup | LogSource, now: datetime) -> None:
    LogOutage.objects.filter(**_whose(of), until=None).update(until=now)


def _whose(of: LogGroup | LogSource) -> dict[str, Any]:
    return {"source": of} if isinstance(of, LogSource) else {"group": of}
