"""Coverage in rows: what was really read of a source."""

from datetime import datetime

from django.db import transaction

from apps.audit.models import Coverage, TrailSource
from apps.discovery.coverage import Interval, gaps, merged


def covered(source: TrailSource, account: str, region: str) -> list[Interval]:
    """The stretches read for an account and region, oldest first."""
    rows = Coverage.objects.filter(source=source, account=account, region=region)
    return [Interval(row.since, row.until) for row in rows]


def cover(source: TrailSource, account: str, region: str, read: Interval) -> None:
    """Add a stretch that was read, and let it grow together with its neighbours."""
    if read.since >= read.until:
        return
    with transaction.atomic():
        intervals = merged([*covered(source, account, region), read])
        Coverage.objects.filter(source=source, account=account, region=region).delete()
        Coverage.objects.bulk_create(
            Coverage(
                source=source,
                account=account,
                region=region,
                since=interval.since,
                until=interval.until,
            )
            for interval in intervals
        )


def summaries(
    source: TrailSource, visible: frozenset[str] | None, now: datetime
) -> list[dict[str, object]]:
    """Per account one may see, and region: since when, until when, which gaps."""
    scopes: dict[tuple[str, str], list[Interval]] = {}
    for row in Coverage.objects.filter(source=source):
        if visible is not None and row.account not in visible:
            continue
        interval = Interval(row.since, row.until)
        scopes.setdefault((row.account, row.region), []).append(interval)
    return [
        {
            "account": account,
            "region": region,
            "since": intervals[0].since,
            "until": intervals[-1].until,
            "behind": now - intervals[-1].until,
            "gaps": gaps(intervals, Interval(intervals[0].since, intervals[-1].until)),
        }
        for (account, region), intervals in sorted(scopes.items())
    ]
