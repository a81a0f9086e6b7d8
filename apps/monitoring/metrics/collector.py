"""Reads what is due of the metrics of one account and region, call after call.

Each call is paid for, sent, its points kept, what it covered noted, and only then are
its series marked as read so far: a kill at any step loses nothing, and what is read
twice is kept once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsDenied, AwsRefused, AwsThrottled
from apps.discovery.limits import points_pace
from apps.monitoring.metrics import interest, prices
from apps.monitoring.metrics.claims import READING, ClaimLost, Clock, plan_of
from apps.monitoring.metrics.cloudwatch import Answer, Query, get_metric_data
from apps.monitoring.metrics.due import (
    Work,
    due,
    note_read,
    note_statistics_read,
    note_unanswered,
)
from apps.monitoring.metrics.keeping import Keeper, Kept, kept
from apps.monitoring.metrics.spending import (
    BACKGROUND,
    BudgetUsedUp,
    Purse,
    Shares,
    budget_of,
    midnight_after,
)
from apps.monitoring.metrics.windows import BASE_STATISTICS, LATE_SECONDS, Batch
from apps.monitoring.models import (
    MetricOutage,
    MetricPlan,
    MetricScope,
    SeriesReading,
)
from apps.search.shutdown import stopping

log = logging.getLogger(__name__)

_OUTAGE = timedelta(minutes=5)
_NOBODY_ASKED = "Nothing was asked: Trailmap did not run, or was paused."
# How often a call is repeated at once for what it did not answer.
_REPEATS = 2


def collect(scope_id: int, keeper: Keeper, clock: Clock = timezone.now) -> None:
    """One run over a claimed scope. What goes wrong ends in its row."""
    scope = MetricScope.objects.select_related("account").get(pk=scope_id)
    problem = _problem_of(scope, keeper, clock)
    now = clock()
    if not problem:
        _note_success(scope, now)
    READING.end(scope, problem, now)


def _problem_of(scope: MetricScope, keeper: Keeper, clock: Clock) -> str:
    """What a run left undone, in a sentence; "" where nothing."""
    plan = plan_of(scope)

    def work() -> str:
        try:
            _Run(scope, plan, keeper, clock).run()
        except ClaimLost as error:
            log.warning("reading metrics stopped: %s", error)
        except BudgetUsedUp:
            return (
                f"The budget of ${budget_of(plan):,.2f} a day is used up. Reading goes "
                f"on at {midnight_after(clock()):%Y-%m-%d %H:%M} UTC."
            )
        return ""

    return problem_of(work, f"reading metrics of {scope}")


def _note_success(scope: MetricScope, now: datetime) -> None:
    """The scope is read up to now; if it was long since the last time, that is kept."""
    if scope.read_at is not None and now - scope.read_at > _OUTAGE:
        MetricOutage.objects.create(
            scope=scope,
            since=scope.read_at,
            until=now,
            problem=scope.reading_problem or _NOBODY_ASKED,
        )
    MetricScope.objects.filter(pk=scope.pk).update(read_at=now)


class _Run:
    def __init__(
        self, scope: MetricScope, plan: MetricPlan, keeper: Keeper, clock: Clock
    ) -> None:
        self._scope, self._plan = scope, plan
        self._keeper, self._clock = keeper, clock

    def run(self) -> None:
        """Raises AwsError, BudgetUsedUp or ClaimLost; what was read until then is
        kept."""
        now = int(self._clock().timestamp())
        work = due(self._scope, self._plan, now)
        if work.batches:
            self._stretch()
        for batch in work.batches:
            if stopping.is_set():
                return
            READING.keep(self._scope, self._clock())
            self._read(batch, work)

    def _read(self, batch: Batch, work: Work) -> None:
        """One call, and repeats for what of it was not answered in full."""
        problems: dict[int, str] = {}
        for _ in range(_REPEATS + 1):
            outcome = self._call(batch, work)
            for ask in batch.asks:
                problems.pop(ask.series_id, None)
            problems |= outcome.problems
            again = outcome.worth_repeating
            asks = tuple(ask for ask in batch.asks if ask.series_id in again)
            if not asks:
                break
            batch = Batch(batch.window, asks)
        for series_id, problem in problems.items():
            note_unanswered(series_id, problem, work.now)

    def _call(self, batch: Batch, work: Work) -> Kept:
        answer = self._answer(batch, work)
        read_at = int(self._clock().timestamp())
        outcome = kept(batch, answer, self._keeper, read_at)
        for period, ids in outcome.complete.items():
            self._keeper.note_covered(sorted(ids), period, batch.window, read_at)
        for ask in outcome.statistics:
            note_statistics_read(ask, batch.window.until, work.now)
        base = {
            ask.series_id for ask in batch.asks if ask.statistics == BASE_STATISTICS
        }
        note_read(batch, work, base - outcome.problems.keys())
        return outcome

    def _answer(self, batch: Batch, work: Work) -> Answer:
        """What AWS says. Raises AwsError, or BudgetUsedUp before anything is sent."""
        scope, now = self._scope, self._clock()
        purse = Purse.of(scope, self._plan, now)
        metrics, shares = _price(batch, work)
        purse.pay(metrics, shares)
        age = work.now - batch.window.since
        pace = points_pace(
            (scope.account_id, scope.region),
            batch.points,
            begins_within_3_hours=age < LATE_SECONDS,
        )
        where = target(scope.account, scope.region)
        try:
            answer = get_metric_data(where, _queries(batch, work), batch.window, pace)
        except (AwsDenied, AwsRefused, AwsThrottled):
            purse.give_back(metrics, shares)
            raise
        purse.note_pages(answer.calls - 1)
        for message in answer.messages:
            log.warning("CloudWatch says of metrics of %s: %s", scope, message)
        return answer

    def _stretch(self) -> None:
        """How much less often unwatched series are asked, to keep to the budget."""
        now = self._clock()
        seconds_left = (midnight_after(now) - now).total_seconds()
        left = Purse.of(self._scope, self._plan, now).left()
        watched, background = _billed_a_second(self._scope.account_id)
        stretch = prices.stretched(watched, background, left, seconds_left)
        if stretch != self._scope.stretch:
            MetricScope.objects.filter(pk=self._scope.pk).update(stretch=stretch)


def _billed_a_second(account: str) -> tuple[float, float]:
    """Of watched and of other series of an account, if asked as often as planned."""
    readings = SeriesReading.objects.filter(scope__account=account)
    counts = readings.values_list("every_seconds").annotate(Count("pk")).order_by()
    rates = {every: count / every for every, count in counts}
    watched = rates.pop(interest.WATCHED_SECONDS, 0.0)
    return watched, sum(rates.values())


def _queries(batch: Batch, work: Work) -> list[Query]:
    return [
        Query(
            f"q{place}_{number}",
            work.series[ask.series_id].key,
            statistic,
            ask.period_seconds,
        )
        for place, ask in enumerate(batch.asks)
        for number, statistic in enumerate(ask.statistics)
    ]


def _price(batch: Batch, work: Work) -> tuple[int, Shares]:
    """Billed metrics of a call, shared out to who wants them."""
    asked: dict[int, int] = {}
    for ask in batch.asks:
        asked[ask.series_id] = asked.get(ask.series_id, 0) + len(ask.statistics)
    wanted = interest.wanted_by(list(asked))
    shares: dict[tuple[str, str], float] = {}
    for series_id, count in asked.items():
        by = wanted.get(series_id, [BACKGROUND])
        namespace = work.series[series_id].key.namespace
        share = prices.billed([(series_id, count)]) / len(by)
        for one in by:
            shares[namespace, one] = shares.get((namespace, one), 0.0) + share
    return prices.billed(asked.items()), shares
