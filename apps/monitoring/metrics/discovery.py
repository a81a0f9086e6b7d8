"""Finds out which metrics there are, account by account and region by region.

What ListMetrics no longer names stays: it forgets what was silent for two weeks, though
its points can still be read. A listing that fails changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.attempts import problem_of
from apps.monitoring.metrics.claims import LISTING, ClaimLost, Clock, plan_of
from apps.monitoring.metrics.cloudwatch import list_metrics
from apps.monitoring.metrics.interest import SEEN_SECONDS
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.windows import HOUR, LATE_SECONDS, aligned, night_of
from apps.monitoring.models import MetricScope, MetricSeries, SeriesReading

_A_STATEMENT = 500


def discover(scope_id: int, clock: Clock = timezone.now) -> None:
    """List the metrics of a claimed scope. What goes wrong ends in its row."""
    scope = MetricScope.objects.select_related("account").get(pk=scope_id)
    problem = _problem_of(scope, clock)
    now = clock()
    if not problem:
        MetricScope.objects.filter(pk=scope.pk).update(listed_at=now)
    LISTING.end(scope, problem, now)


def _problem_of(scope: MetricScope, clock: Clock) -> str:
    """Why a listing failed, in a sentence; "" where it did not."""

    def work() -> str:
        try:
            _list(scope, clock)
        except ClaimLost as error:
            return str(error)
        return ""

    return problem_of(work, f"listing metrics of {scope}")


def _list(scope: MetricScope, clock: Clock) -> None:
    """Raises AwsError before anything has changed, or ClaimLost."""
    listed: dict[str, MetricKey] = {}
    for page in list_metrics(target(scope.account, scope.region)):
        listed.update((key.digest, key) for key in page)
        LISTING.keep(scope, clock())
    now = clock()
    for keys in _chunks(list(listed.values())):
        note_listed(keys, now)
        LISTING.keep(scope, clock())
    begin_reading(scope, now)


def note_listed(keys: Sequence[MetricKey], now: datetime) -> None:
    """Rows for metrics that were listed now, new ones and known ones."""
    MetricSeries.objects.bulk_create(
        [MetricSeries.made_of(key, now) for key in keys],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["listed_at"],
    )


def begin_reading(scope: MetricScope, now: datetime) -> None:
    """Have every series of a scope read that is not read yet, from a while back on."""
    seconds = int(now.timestamp())
    period = plan_of(scope).period_seconds
    since = aligned(seconds - int(settings.METRIC_FIRST_HOURS * HOUR), period)
    unread = MetricSeries.objects.filter(
        account=scope.account_id, region=scope.region, reading=None
    )
    rows = (
        SeriesReading(
            series_id=series_id,
            scope=scope,
            every_seconds=SEEN_SECONDS,
            looked_at=now,
            read_until=since,
            firm_until=since,
            late_until=min(since, seconds - LATE_SECONDS),
            night=night_of(series_id, seconds),
        )
        for series_id in unread.values_list("pk", flat=True)
    )
    SeriesReading.objects.bulk_create(
        rows, batch_size=_A_STATEMENT, ignore_conflicts=True
    )


def _chunks(keys: Sequence[MetricKey]) -> list[Sequence[MetricKey]]:
    return [keys[at : at + _A_STATEMENT] for at in range(0, len(keys), _A_STATEMENT)]
