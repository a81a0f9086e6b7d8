"""How often a series is asked for, from who wants it.

    a page drew it within 15 minutes, or a rule names it     every minute
    a dashboard names it, or it was seen within a day        every 5 minutes
    it was seen within a week                                every 15 minutes
    otherwise                                                every hour

A series that was just found counts as seen. How often changes how fresh points are,
not how fine: every poll reads all minutes since the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from apps.monitoring.metrics.windows import DAY, HOUR, MINUTE, aligned
from apps.monitoring.models import SeriesInterest, SeriesReading, WantedStatistic

WATCHED_SECONDS, SEEN_SECONDS = MINUTE, 5 * MINUTE
QUIET_SECONDS, FORGOTTEN_SECONDS = 15 * MINUTE, HOUR
TIERS = (WATCHED_SECONDS, SEEN_SECONDS, QUIET_SECONDS, FORGOTTEN_SECONDS)

_LOOKS_FOR = timedelta(minutes=15)
# A page that stays open looks again every few seconds: written once in so long.
_NOTED_FOR = timedelta(minutes=5)
_WANTED_FOR = timedelta(days=7)
_PERIODS_AT_FIRST = 168
_A_STATEMENT = 500


def note_looked(series_ids: Sequence[int], now: datetime, by: str) -> None:
    """Somebody sees these series now: `by` is user:NAME or dashboard:ID. They are
    asked for every minute for a while, and their price is told of `by`."""
    fresh = SeriesInterest.objects.filter(
        series__in=series_ids,
        by=by,
        is_kept=False,
        ends_at__gt=now + _LOOKS_FOR - _NOTED_FOR,
    )
    noted = set(fresh.values_list("series_id", flat=True))
    news = [one for one in dict.fromkeys(series_ids) if one not in noted]
    if not news:
        return
    with transaction.atomic():
        _want(news, by, WATCHED_SECONDS, now + _LOOKS_FOR)
        SeriesReading.objects.filter(series__in=news).update(
            looked_at=now, every_seconds=WATCHED_SECONDS
        )


def note_named(series_ids: Sequence[int], by: str) -> None:
    """A dashboard (dashboard:ID) or rule (rule:ID) names these series and no others,
    until it is noted again: with none when it is deleted."""
    every = WATCHED_SECONDS if by.startswith("rule:") else SEEN_SECONDS
    with transaction.atomic():
        kept = SeriesInterest.objects.filter(by=by, is_kept=True)
        kept.exclude(series__in=series_ids).delete()
        _want(series_ids, by, every, None)
        readings = SeriesReading.objects.filter(series__in=series_ids)
        readings.filter(every_seconds__gt=every).update(every_seconds=every)


def _want(
    series_ids: Sequence[int], by: str, every_seconds: int, ends_at: datetime | None
) -> None:
    rows = [
        SeriesInterest(
            series_id=series_id,
            by=by,
            is_kept=ends_at is None,
            every_seconds=every_seconds,
            ends_at=ends_at,
        )
        for series_id in dict.fromkeys(series_ids)
    ]
    SeriesInterest.objects.bulk_create(
        rows,
        batch_size=_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["series", "by", "is_kept"],
        update_fields=["every_seconds", "ends_at"],
    )


def want_statistic(
    series_id: int, statistic: str, period_seconds: int, now: datetime
) -> None:
    """Ask for a percentile or trimmed statistic (`p99`, `tm90`) at a period from now
    on, until nobody has wanted it for a week; at first for the last day, or 168
    periods where that is longer."""
    seconds = int(now.timestamp())
    back = max(DAY, _PERIODS_AT_FIRST * period_seconds)
    since = aligned(seconds - back, period_seconds)
    wanted, is_new = WantedStatistic.objects.get_or_create(
        series_id=series_id,
        statistic=statistic,
        period_seconds=period_seconds,
        defaults={"wanted_at": now, "read_until": since, "firm_until": since},
    )
    if not is_new and wanted.wanted_at < now - _NOTED_FOR:
        WantedStatistic.objects.filter(pk=wanted.pk).update(wanted_at=now)


def settle(now: datetime) -> int:
    """Forget interest that has ended, and set how often every series is asked; how
    many changed."""
    SeriesInterest.objects.filter(ends_at__lt=now).delete()
    WantedStatistic.objects.filter(wanted_at__lt=now - _WANTED_FOR).delete()
    wanting = SeriesInterest.objects.filter(series=OuterRef("series_id"))
    is_seen = Q(looked_at__gte=now - timedelta(days=1))
    every = Case(
        When(
            Exists(wanting.filter(every_seconds=WATCHED_SECONDS)),
            Value(WATCHED_SECONDS),
        ),
        When(is_seen | Exists(wanting), Value(SEEN_SECONDS)),
        When(looked_at__gte=now - timedelta(days=7), then=Value(QUIET_SECONDS)),
        default=Value(FORGOTTEN_SECONDS),
    )
    readings = SeriesReading.objects.annotate(ought=every)
    return readings.exclude(every_seconds=F("ought")).update(every_seconds=F("ought"))


def wanted_by(series_ids: Sequence[int]) -> dict[int, list[str]]:
    """Who wants each series now; those that nobody wants are left out."""
    found: dict[int, list[str]] = {}
    rows = SeriesInterest.objects.filter(series__in=series_ids).order_by("by")
    for series_id, by in rows.values_list("series_id", "by").distinct():
        found.setdefault(series_id, []).append(by)
    return found
