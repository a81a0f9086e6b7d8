"""Keeps the alarms of every connected account up to date, and their history.

A scope is read whole: an alarm that a complete answer does not name is gone, one that
a broken-off answer did not reach is not. History is asked for with an overlap; an
entry that comes twice is one row.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.discovery import accounts
from apps.discovery.attempts import problem_of
from apps.discovery.models import Account
from apps.monitoring.alarms.cloudwatch import Alarms
from apps.monitoring.alarms.records import AlarmEvent, AlarmRecord
from apps.monitoring.models.alarms import AlarmChange, AlarmScope, CloudWatchAlarm

RUN_EVERY = timedelta(seconds=60)
LEASE = timedelta(seconds=120)
# History appears within minutes of what it tells of.
OVERLAP = timedelta(minutes=15)
KEPT_BY_AWS = timedelta(days=14)
_ROWS = 500
_TOLD = (
    "kind", "state", "reason", "since", "updated_at", "evaluation_state",
    "are_actions_enabled", "settings", "told_at", "gone_at",
)  # fmt: skip

Clock = Callable[[], datetime]


def due_scopes(now: datetime) -> list[int]:
    """Regions of connected accounts whose alarms should be read now."""
    _know_scopes()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(ran_at__lte=now - RUN_EVERY)
    due = AlarmScope.objects.filter(free & rested, account__is_connected=True)
    return [
        scope.pk
        for scope in due.select_related("account")
        if scope.region in scope.account.watched_regions
    ]


def _know_scopes() -> None:
    known = set(AlarmScope.objects.values_list("account_id", "region"))
    AlarmScope.objects.bulk_create(
        [
            AlarmScope(account=account, region=region)
            for account in Account.objects.filter(is_connected=True)
            for region in account.watched_regions
            if (account.pk, region) not in known
        ],
        ignore_conflicts=True,
    )


def claim(scope_id: int, now: datetime) -> bool:
    """Whether the scope is now ours for a while."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    taken = AlarmScope.objects.filter(free, pk=scope_id)
    return bool(taken.update(claimed_until=now + LEASE, ran_at=now))


def collect(scope_id: int, clock: Clock) -> None:
    """One run over a claimed scope. What goes wrong ends in its row."""
    scope = AlarmScope.objects.select_related("account").get(pk=scope_id)
    problem = problem_of(lambda: _read(scope, clock), f"reading alarms of {scope}")
    now = clock()
    AlarmScope.objects.filter(pk=scope.pk, claimed_until=scope.claimed_until).update(
        problem=problem,
        problem_since=(scope.problem_since or now) if problem else None,
        succeeded_at=scope.succeeded_at if problem else now,
        claimed_until=None,
    )


def _read(scope: AlarmScope, clock: Clock) -> None:
    alarms = Alarms(accounts.target(scope.account, scope.region))
    asked_at = clock()
    told = list(alarms.all())
    with transaction.atomic():
        _keep(scope, told, asked_at)
        _of(scope).filter(gone_at=None, told_at__lt=asked_at).update(gone_at=asked_at)
    until = clock()
    oldest = until - KEPT_BY_AWS
    since = max(oldest, (scope.history_until or oldest) - OVERLAP)
    events = alarms.history(since, until)
    while batch := list(islice(events, _ROWS)):
        _keep_events(scope, batch)
    AlarmScope.objects.filter(pk=scope.pk).update(history_until=until)


def _of(scope: AlarmScope) -> QuerySet[CloudWatchAlarm]:
    return CloudWatchAlarm.objects.filter(account=scope.account_id, region=scope.region)


def _keep(scope: AlarmScope, told: Sequence[AlarmRecord], now: datetime) -> None:
    rows = [
        CloudWatchAlarm(
            arn=one.arn,
            account=scope.account_id,
            region=scope.region,
            kind=one.kind,
            name=one.name,
            state=one.state,
            reason=one.reason,
            since=one.since,
            updated_at=one.updated_at,
            evaluation_state=one.evaluation_state,
            are_actions_enabled=one.are_actions_enabled,
            settings=one.settings,
            told_at=now,
        )
        for one in {one.arn: one for one in told}.values()
    ]
    CloudWatchAlarm.objects.bulk_create(
        rows,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["arn"],
        update_fields=_TOLD,
    )


def _keep_events(scope: AlarmScope, events: Sequence[AlarmEvent]) -> None:
    AlarmChange.objects.bulk_create(
        [
            AlarmChange(
                account=scope.account_id,
                region=scope.region,
                name=one.name,
                kind=one.kind,
                at=one.at,
                type=one.type,
                summary=one.summary,
                was=one.was,
                became=one.became,
                data=one.data,
            )
            for one in events
        ],
        ignore_conflicts=True,
    )
