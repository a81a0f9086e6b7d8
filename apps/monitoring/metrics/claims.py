"""Scopes that are listed and read by one worker at a time.

Each claim is a conditional UPDATE, and what a claimant writes later holds only where
the row still carries its claim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from apps.discovery.models import Account
from apps.monitoring.models import MetricPlan, MetricScope

Clock = Callable[[], datetime]

# Longer than any step between two renewals; a worker that died is followed after it.
LEASE = timedelta(seconds=120)
_RENEW_BEFORE = timedelta(seconds=90)


class ClaimLost(Exception):
    """The scope was taken over by another worker, or deleted."""


@dataclass(frozen=True, slots=True)
class Work:
    """One of the two things done with a scope, and how often."""

    prefix: str
    every: timedelta
    # After a problem, at first and once it has lasted for ten minutes.
    again: timedelta
    later: timedelta

    def due(self, now: datetime) -> list[int]:
        """Scopes that nobody works on and that were not worked on just now."""
        scopes = MetricScope.objects.filter(self._free(now) & self._rested(now))
        wanted = scopes.filter(is_enabled=True, account__metricplan__is_paused=False)
        return list(wanted.values_list("pk", flat=True))

    def claim(self, scope_id: int, now: datetime) -> bool:
        """Whether the scope is now ours for a while."""
        due = MetricScope.objects.filter(
            self._free(now) & self._rested(now), pk=scope_id
        )
        return bool(due.update(**self._fields(claimed_until=now + LEASE, ran_at=now)))

    def keep(self, scope: MetricScope, now: datetime) -> None:
        """Renew the claim if some of it is used up. Raises ClaimLost."""
        until = self._claim_of(scope)
        if until is not None and now + _RENEW_BEFORE < until:
            return
        if not self._ours(scope).update(**self._fields(claimed_until=now + LEASE)):
            raise ClaimLost(f"{scope} is worked on by another process.")
        setattr(scope, f"{self.prefix}_claimed_until", now + LEASE)

    def end(self, scope: MetricScope, problem: str, now: datetime) -> None:
        """Give the scope back, with what went wrong or ""."""
        since = getattr(scope, f"{self.prefix}_problem_since") or now
        self._ours(scope).update(
            **self._fields(
                problem=problem,
                problem_since=since if problem else None,
                claimed_until=None,
            )
        )

    def _ours(self, scope: MetricScope) -> QuerySet[MetricScope]:
        claim = self._fields(claimed_until=self._claim_of(scope))
        return MetricScope.objects.filter(pk=scope.pk, **claim)

    def _claim_of(self, scope: MetricScope) -> datetime | None:
        until: datetime | None = getattr(scope, f"{self.prefix}_claimed_until")
        return until

    def _fields(self, **values: object) -> dict[str, object]:
        return {f"{self.prefix}_{name}": value for name, value in values.items()}

    def _free(self, now: datetime) -> Q:
        claim = f"{self.prefix}_claimed_until"
        return Q((claim, None)) | Q((f"{claim}__lt", now))

    def _rested(self, now: datetime) -> Q:
        ran, problem = f"{self.prefix}_ran_at", f"{self.prefix}_problem"
        is_new_problem = Q((f"{problem}_since__gt", now - timedelta(minutes=10)))
        return (
            Q((ran, None))
            | Q((f"{ran}__lte", now - self.every), (problem, ""))
            | Q((f"{ran}__lte", now - self.again)) & is_new_problem
            | Q((f"{ran}__lte", now - self.later))
        )


LISTING = Work(
    "listing",
    every=timedelta(minutes=15),
    again=timedelta(minutes=1),
    later=timedelta(minutes=15),
)
READING = Work(
    "reading",
    every=timedelta(seconds=5),
    again=timedelta(minutes=1),
    later=timedelta(minutes=5),
)


def note_scopes() -> None:
    """Make sure that every connected account has a plan, and each of its regions a
    scope. A scope that is no longer wanted stays, and is not worked on."""
    accounts = list(Account.objects.filter(is_connected=True))
    planned = set(MetricPlan.objects.values_list("account", flat=True))
    news = [MetricPlan(account=one) for one in accounts if one.pk not in planned]
    MetricPlan.objects.bulk_create(news, ignore_conflicts=True)
    plans = MetricPlan.objects.filter(account__in=accounts).select_related("account")
    wanted = {
        (plan.account_id, region)
        for plan in plans
        for region in plan.account.watched_regions
    }
    scopes = {(one.account_id, one.region): one for one in MetricScope.objects.all()}
    MetricScope.objects.bulk_create(
        [
            MetricScope(account_id=account, region=region)
            for account, region in sorted(wanted - scopes.keys())
        ],
        ignore_conflicts=True,
    )
    for place, scope in scopes.items():
        if scope.is_enabled != (place in wanted):
            MetricScope.objects.filter(pk=scope.pk).update(is_enabled=place in wanted)


def plan_of(scope: MetricScope) -> MetricPlan:
    return MetricPlan.objects.get(account=scope.account_id)
