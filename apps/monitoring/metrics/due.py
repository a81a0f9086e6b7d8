"""What of a scope is due: rows turned into calls, and calls into rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from apps.monitoring.metrics.interest import TIERS, WATCHED_SECONDS
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.windows import (
    BASE_STATISTICS,
    FIRM_SECONDS,
    HOUR,
    LATE_SECONDS,
    MINUTE,
    Ask,
    Batch,
    Progress,
    advanced,
    aligned,
    batches,
    due_before,
    readable_until,
    since_of,
    tiers,
)
from apps.monitoring.models import (
    MetricPlan,
    MetricScope,
    SeriesReading,
    WantedStatistic,
)

# Percentiles at these periods are asked in the same call as the rest of their series,
# which makes them free up to the fifth statistic. Longer periods would make its window
# long, so they have calls of their own, once a period.
_RIDE_UP_TO_SECONDS = 300
_MOST_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Due:
    """A series to be read, and how far it was."""

    key: MetricKey
    progress: Progress
    is_watched: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Calls to make, in order, and the series in them by id; as planned at `now`,
    seconds since 1970."""

    batches: Sequence[Batch]
    series: dict[int, Due]
    now: int


def due(scope: MetricScope, plan: MetricPlan, now: int) -> Work:
    """Everything that is due of a scope now, the oldest and then the most watched
    calls first."""
    period = plan.period_seconds
    series = _due_series(scope, plan, now)
    until = readable_until(now, period)
    bundles: dict[tuple[int, int], list[list[Ask]]] = {}
    extras = _riding_extras(series, now)
    for series_id, one in series.items():
        parts = tiers(since_of(one.progress, period, now), until, period, now)
        for grain, window in parts:
            ask = Ask(series_id, grain, BASE_STATISTICS, window.since)
            riding = extras.get(series_id, []) if window.until == until else []
            bundles.setdefault((grain, window.until), []).append([ask, *riding])
    made = [
        batch
        for (_, end), bundle in sorted(bundles.items(), key=lambda item: item[0][1])
        for batch in _watched_first(batches(bundle, end), series)
    ]
    apart, others = _extras_apart(scope, plan, now)
    return Work([*made, *apart], {**others, **series}, now)


def _watched_first(made: Iterable[Batch], series: Mapping[int, Due]) -> list[Batch]:
    def unwatched(batch: Batch) -> bool:
        return not any(series[ask.series_id].is_watched for ask in batch.asks)

    return sorted(made, key=unwatched)


def _collected(scope: MetricScope, plan: MetricPlan) -> Q:
    excluded = list(plan.exclusions.values_list("namespace", flat=True))
    return Q(scope=scope) & ~Q(series__namespace__in=excluded)


def _due_series(scope: MetricScope, plan: MetricPlan, now: int) -> dict[int, Due]:
    is_due = Q()
    for every in TIERS:
        often = every if every == WATCHED_SECONDS else every * scope.stretch
        before = due_before(max(often, plan.period_seconds), now)
        is_due |= Q(every_seconds=every, read_until__lt=before)
    return _series(_collected(scope, plan) & is_due, now)


def _series(condition: Q, now: int) -> dict[int, Due]:
    rows = SeriesReading.objects.filter(condition, ask_from__lte=now)
    return {
        row[0]: Due(
            MetricKey(*row[6:10], tuple(map(tuple, json.loads(row[10])))),
            Progress(*row[:5]),
            row[5] <= WATCHED_SECONDS,
        )
        for row in rows.order_by("pk").values_list(
            "series_id", "read_until", "firm_until", "late_until", "night",
            "every_seconds", "series__account", "series__region", "series__namespace",
            "series__name", "series__dimensions",
        )
    }  # fmt: skip


def _riding_extras(series: Mapping[int, Due], now: int) -> dict[int, list[Ask]]:
    rows = WantedStatistic.objects.filter(period_seconds__lte=_RIDE_UP_TO_SECONDS)
    found: dict[int, list[Ask]] = {}
    for ask in _asks(row for row in rows if row.series_id in series):
        found.setdefault(ask.series_id, []).append(ask)
    return found


def _extras_apart(
    scope: MetricScope, plan: MetricPlan, now: int
) -> tuple[list[Batch], dict[int, Due]]:
    """Calls for percentiles of long periods of which one more is over."""
    rows = WantedStatistic.objects.filter(
        period_seconds__gt=_RIDE_UP_TO_SECONDS, series__reading__scope=scope
    )
    by_period: dict[int, list[WantedStatistic]] = {}
    for row in rows.order_by("period_seconds", "series_id"):
        if row.read_until < readable_until(now, row.period_seconds):
            by_period.setdefault(row.period_seconds, []).append(row)
    ids = [row.series_id for rows in by_period.values() for row in rows]
    series = _series(_collected(scope, plan) & Q(series__in=ids), now) if ids else {}
    made = [
        batch
        for period, found in by_period.items()
        for batch in batches(
            [[ask] for ask in _asks(row for row in found if row.series_id in series)],
            readable_until(now, period),
        )
    ]
    return made, series


def _asks(rows: Iterable[WantedStatistic]) -> list[Ask]:
    """One ask of each series and period, from where the first of them is behind."""
    found: dict[tuple[int, int], list[WantedStatistic]] = {}
    for row in rows:
        found.setdefault((row.series_id, row.period_seconds), []).append(row)
    return [
        Ask(
            series_id,
            period,
            tuple(row.statistic for row in group),
            min(min(row.firm_until, row.read_until) for row in group),
        )
        for (series_id, period), group in found.items()
    ]


def note_read(batch: Batch, work: Work, ids: Collection[int]) -> None:
    """Series whose part of a batch is kept durably are read so far; a statement for
    each way they stand alike."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for series_id in sorted(ids):
        one = work.series[series_id]
        done = advanced(one.progress, batch.window, work.now)
        work.series[series_id] = replace(one, progress=done)
        stands = (done.read_until, done.firm_until, done.late_until, done.night)
        alike.setdefault(stands, []).append(series_id)
    for (read, firm, late, night), members in alike.items():
        SeriesReading.objects.filter(series__in=members).update(
            read_until=read, firm_until=firm, late_until=late, night=night,
            attempts=0, problem="", ask_from=0,
        )  # fmt: skip


def note_statistics_read(ask: Ask, until: int, now: int) -> None:
    """Percentiles are read so far. Those asked with the rest of their series come
    again with it; others are read again once more."""
    rides = ask.period_seconds <= _RIDE_UP_TO_SECONDS
    firm = min(until, now - (FIRM_SECONDS if rides else LATE_SECONDS))
    WantedStatistic.objects.filter(
        series=ask.series_id,
        period_seconds=ask.period_seconds,
        statistic__in=ask.statistics,
    ).update(
        read_until=aligned(until, ask.period_seconds),
        firm_until=aligned(firm, ask.period_seconds),
    )


def note_unanswered(series_id: int, problem: str, now: int) -> None:
    """A series that CloudWatch could not answer for is asked again after a minute,
    then two, four, and so on up to an hour."""
    reading = SeriesReading.objects.get(pk=series_id)
    pause = min(MINUTE * 2**reading.attempts, HOUR)
    SeriesReading.objects.filter(pk=series_id).update(
        attempts=min(reading.attempts + 1, _MOST_ATTEMPTS),
        problem=problem,
        ask_from=now + pause,
    )
