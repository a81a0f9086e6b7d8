"""What of series was really read, as rows: one for each series and period."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest

from apps.monitoring.metrics import intervals
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import SampleCoverage

_ROWS = 400
# CloudWatch settles within three minutes, or two periods.
_LEAST_SETTLE_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Covered:
    """What was read of a series at a period: intervals, ascending and apart.

    `read_at`: when the end of the last interval was read.
    """

    period_seconds: int
    intervals: tuple[Interval, ...]
    read_at: int

    @property
    def settled_until(self) -> int:
        return settled_until(self.read_at, self.period_seconds)


def settled_until(read_at: int, period_seconds: int) -> int:
    """Until when what was read at a time will not change: later it is provisional."""
    return read_at - max(2 * period_seconds, _LEAST_SETTLE_SECONDS)


def note_covered(
    series_ids: Sequence[int], period_seconds: int, interval: Interval, read_at: int
) -> None:
    """Note that series were read over an interval, whatever there was to find.

    Where the interval continues what was read before, as it mostly does, one statement
    notes it for all.
    """
    if interval.since >= interval.until:
        return
    for begin in range(0, len(series_ids), _ROWS):
        some = sorted(set(series_ids[begin : begin + _ROWS]))
        rows = SampleCoverage.objects.filter(
            series_id__in=some, period_seconds=period_seconds
        )
        continued = rows.filter(since__lte=interval.since, until__gte=interval.since)
        with transaction.atomic():
            if continued.update(**_extension(interval.until, read_at)) < len(some):
                _add(some, period_seconds, interval, read_at)


def _extension(until: int, read_at: int) -> dict[str, object]:
    """The end that is later, and when it was read."""
    later = When(until__lte=until, then=Greatest(F("read_at"), Value(read_at)))
    return {
        "until": Greatest(F("until"), Value(until)),
        "read_at": Case(later, default=F("read_at")),
    }


def _add(
    some: list[int], period_seconds: int, interval: Interval, read_at: int
) -> None:
    """Note an interval that leaves a gap, lies before one, or is the first."""
    first = [
        SampleCoverage(
            series_id=series_id,
            period_seconds=period_seconds,
            since=interval.since,
            until=interval.until,
            read_at=read_at,
        )
        for series_id in some
    ]
    SampleCoverage.objects.bulk_create(first, ignore_conflicts=True)
    rows = SampleCoverage.objects.filter(
        series_id__in=some, period_seconds=period_seconds
    ).exclude(since__lte=interval.since, until__gte=interval.until)
    changed = [
        _with(row, interval, read_at)
        for row in rows.order_by("series_id").select_for_update()
    ]
    SampleCoverage.objects.bulk_update(
        changed, ["since", "until", "read_at", "earlier"], batch_size=100
    )


def _with(row: SampleCoverage, interval: Interval, read_at: int) -> SampleCoverage:
    whole = intervals.merged([*_intervals(row), interval])[-intervals.MOST :]
    if interval.until >= row.until:
        row.read_at = max(row.read_at, read_at)
    row.since, row.until = whole[-1].since, whole[-1].until
    row.earlier = json.dumps([[one.since, one.until] for one in whole[:-1]])
    return row


def _intervals(row: SampleCoverage) -> list[Interval]:
    earlier = [Interval(*pair) for pair in json.loads(row.earlier)]
    return [*earlier, Interval(row.since, row.until)]


def covered(series_ids: Iterable[int]) -> Mapping[int, list[Covered]]:
    """What was read of series, for each period that they were read at."""
    found: dict[int, list[Covered]] = {}
    for row in SampleCoverage.objects.filter(series_id__in=set(series_ids)):
        one = Covered(row.period_seconds, tuple(_intervals(row)), row.read_at)
        found.setdefault(row.series_id, []).append(one)
    return found
