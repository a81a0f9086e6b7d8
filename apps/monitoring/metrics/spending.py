"""What reading metrics has cost today, and whether more may be spent.

Every call is paid for before it is sent: a conditional UPDATE adds its billed metrics
to the day's, and fails where that would be more than the budget. So any number of
workers together never spend more, and one that dies has counted what it sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from apps.monitoring.metrics.prices import affordable
from apps.monitoring.models import MetricDay, MetricPlan, MetricScope, MetricSpend

BACKGROUND = "background"

Shares = Mapping[tuple[str, str], float]
"""Billed metrics by namespace and who wanted them."""


class BudgetUsedUp(Exception):
    """The next call would cost more than the day's budget has left."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What may be spent on an account on a day."""

    account: str
    region: str
    day: date
    limit: int

    @classmethod
    def of(cls, scope: MetricScope, plan: MetricPlan, now: datetime) -> Purse:
        return cls(scope.account_id, scope.region, day_of(now), limit_of(plan))

    def pay(self, metrics: int, shares: Shares) -> None:
        """Count one call before it is sent. Raises BudgetUsedUp."""
        MetricDay.objects.get_or_create(account_id=self.account, day=self.day)
        with transaction.atomic():
            affordable_day = self._days().filter(billed__lte=self.limit - metrics)
            if not affordable_day.update(
                billed=F("billed") + metrics, calls=F("calls") + 1
            ):
                raise BudgetUsedUp
            self._share(shares, 1)

    def give_back(self, metrics: int, shares: Shares) -> None:
        """AWS turned a call away and bills nothing for it."""
        with transaction.atomic():
            self._days().update(billed=F("billed") - metrics)
            self._share(shares, -1)

    def note_pages(self, calls: int) -> None:
        """Further calls for further pages of the same answer."""
        if calls:
            self._days().update(calls=F("calls") + calls)

    def left(self) -> int:
        spent = self._days().values_list("billed", flat=True).first() or 0
        return self.limit - spent

    def _days(self) -> QuerySet[MetricDay]:
        return MetricDay.objects.filter(account_id=self.account, day=self.day)

    def _share(self, shares: Shares, sign: int) -> None:
        for (namespace, by), metrics in sorted(shares.items()):
            spend, _ = MetricSpend.objects.get_or_create(
                account_id=self.account,
                region=self.region,
                day=self.day,
                namespace=namespace,
                by=by,
            )
            MetricSpend.objects.filter(pk=spend.pk).update(
                billed=F("billed") + sign * metrics
            )


def day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()


def midnight_after(now: datetime) -> datetime:
    """When the next day's budget begins."""
    following = day_of(now) + timedelta(days=1)
    return datetime.combine(following, datetime.min.time(), UTC)


def budget_of(plan: MetricPlan) -> float:
    """Dollars a day."""
    own = plan.budget_dollars
    return float(settings.METRIC_BUDGET_DOLLARS) if own is None else own


def limit_of(plan: MetricPlan) -> int:
    """Billed metrics a day."""
    return affordable(budget_of(plan), settings.METRIC_PRICE_PER_1000)
