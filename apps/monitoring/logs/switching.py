"""Which groups are collected: switched on and off, and looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Case, F, Value, When

from apps.monitoring.models import LogGroup, LogPoll, LogScope
from apps.monitoring.models.logs import LogGroupQuerySet

_AT_ONCE = 1_000
# Of a group that is switched on, so much of the past is read.
FIRST_REACH = timedelta(hours=24)
# Classes that AWS lets nobody read but by queries of Logs Insights.
UNREADABLE = {
    "INFREQUENT_ACCESS": "AWS lets the class Infrequent Access be read only by Logs "
    "Insights queries.",
    "DELIVERY": "AWS keeps the class Delivery for a day and lets nobody read it.",
}


def collect_groups(groups: Iterable[LogGroup], now: datetime) -> int:
    """Collect groups from now on, and their last day; how many can be."""
    able = [group for group in groups if group.group_class not in UNREADABLE]
    LogPoll.objects.bulk_create(
        [
            LogPoll(
                group=group,
                collect_since=now - FIRST_REACH,
                next_at=now,
                hourly_at=now,
                nightly_at=now,
            )
            for group in able
        ],
        ignore_conflicts=True,
    )
    LogPoll.objects.filter(group__in=able).update(is_enabled=True, next_at=now)
    return len(able)


def collect_all(groups: LogGroupQuerySet, now: datetime) -> int:
    """The same for any number of groups, some at a time."""
    waiting, many = groups.iterator(_AT_ONCE), 0
    while some := list(islice(waiting, _AT_ONCE)):
        many += collect_groups(some, now)
    return many


def groups_of(scope: LogScope) -> LogGroupQuerySet:
    """The groups of a scope that are there."""
    return LogGroup.objects.filter(
        account=scope.account_id, region=scope.region, gone_at=None
    )


def stop_all(scope: LogScope) -> int:
    """Stop collecting every group of a scope; how many were collected."""
    polled = LogPoll.objects.filter(
        group__account=scope.account_id, group__region=scope.region, is_enabled=True
    )
    return polled.update(is_enabled=False)


def stop_collecting(groups: Iterable[LogGroup]) -> None:
    """What was collected stays. A worker in the middle of a page ends with it."""
    LogPoll.objects.filter(group__in=list(groups)).update(is_enabled=False)


def note_looked(groups: Iterable[LogGroup], now: datetime) -> None:
    """Somebody looks at these groups: they are asked every few seconds for a while."""
    LogPoll.objects.filter(group__in=list(groups), is_enabled=True).update(
        looked_at=now,
        next_at=Case(When(next_at__gt=now, then=Value(now)), default=F("next_at")),
    )
