"""Which log groups and streams there are, in every region that is looked into.

What a listing lacks is marked as gone only after the listing came to its end: a scope
that fails tells nothing about what is in it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q
from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsGone
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.discovery.models import Account
from apps.monitoring.logs.cloudwatch_logs import (
    CloudWatchLogs,
    ListedGroup,
    ListedStream,
)
from apps.monitoring.logs.ingestion import note_daily_bytes, unmeasured
from apps.monitoring.logs.switching import collect_groups
from apps.monitoring.models import LogGroup, LogScope, LogStream
from apps.monitoring.models.logs import LogGroupQuerySet
from apps.search.shutdown import stopping
from apps.search.timerange import from_milliseconds

log = logging.getLogger(__name__)

_LIST_EVERY = timedelta(minutes=5)
_AFTER_PROBLEM = timedelta(minutes=1)
_DETAILS_EVERY = timedelta(hours=1)
_DETAILS_A_RUN = 100
_BATCH = 500
MOST_STREAMS = 1_000
"""Of a group, only so many streams are listed: those with the newest events."""
_PAGES_OF_STREAMS = MOST_STREAMS // 50

_GROUP_FIELDS = (
    "arn", "group_class", "kms_key", "created_at", "stored_bytes", "retention_days",
    "metric_filters", "listed_at", "gone_at",
)  # fmt: skip
_STREAM_FIELDS = (
    "created_at", "first_event_at", "last_event_at", "last_ingestion_at", "listed_at",
    "gone_at",
)  # fmt: skip


def note_scopes() -> None:
    """Look into every region that is watched of an account that is connected."""
    LogScope.objects.bulk_create(
        [
            LogScope(account=account, region=region)
            for account in Account.objects.filter(is_connected=True)
            for region in account.watched_regions
        ],
        ignore_conflicts=True,
    )


def due_scopes(now: datetime) -> list[int]:
    """Scopes that nobody lists and that were not listed just now."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(problem="", ran_at__lte=now - _LIST_EVERY)
    rested |= ~Q(problem="") & Q(ran_at__lte=now - _AFTER_PROBLEM)
    scopes = LogScope.objects.filter(
        free & rested, is_enabled=True, account__is_connected=True
    )
    return list(scopes.values_list("pk", flat=True))


def take_stock(scope_id: int, clock: Clock = timezone.now) -> None:
    """List a scope, if nobody else does. What goes wrong ends in its row."""
    found = LogScope.objects.select_related("account").filter(pk=scope_id).first()
    lease = Lease.take(found, "claimed_until", clock()) if found else None
    if lease is None:
        return
    problem = _problem_of(lease, clock)
    scope, now = lease.row, clock()
    since = (scope.problem_since or now) if problem else None
    lease.give_back(ran_at=now, problem=problem, problem_since=since)


def _problem_of(lease: Lease[LogScope], clock: Clock) -> str:
    def work() -> None:
        try:
            Stocktaking(lease, clock).run()
        except LeaseLost as error:
            log.warning("listing log groups stopped: %s", error)

    return problem_of(work, f"listing log groups of {lease.row}")


class Stocktaking:
    """Lists the groups of a scope, then asks for the details of some of them."""

    def __init__(self, lease: Lease[LogScope], clock: Clock) -> None:
        self._lease = lease
        self._scope = lease.row
        self._clock = clock
        self._logs = CloudWatchLogs(target(self._scope.account, self._scope.region))

    def run(self) -> None:
        """Raises AwsError, LeaseLost."""
        self._list_groups()
        due = self._without_details()
        for group in due:
            if stopping.is_set():
                return
            self._lease.keep(self._clock())
            self._note_details(group)
        scope, there = self._scope, self._groups().filter(gone_at=None)
        unknown = unmeasured(there, scope.account_id, scope.region)
        note_daily_bytes([*due, *unknown], self._clock())

    def _list_groups(self) -> None:
        began = self._clock()
        listing = self._logs.groups()
        while batch := list(islice(listing, _BATCH)):
            self._lease.keep(self._clock())
            self._save(batch, began)
        mine = self._groups()
        # Lines may tell of a group that was made after the listing began.
        unlisted = Q(listed_at=None, found_at__lt=began) | Q(listed_at__lt=began)
        mine.filter(unlisted, gone_at=None).update(gone_at=began)
        self._lease.write(listed_at=began)
        if self._scope.collects_new:
            collect_groups(mine.filter(gone_at=None, poll=None), began)

    def _groups(self) -> LogGroupQuerySet:
        return LogGroup.objects.filter(
            account=self._scope.account_id, region=self._scope.region
        )

    def _save(self, groups: Sequence[ListedGroup], now: datetime) -> None:
        LogGroup.objects.bulk_create(
            [self._row(group, now) for group in groups],
            update_conflicts=True,
            unique_fields=["account", "region", "name"],
            update_fields=_GROUP_FIELDS,
        )

    def _row(self, group: ListedGroup, now: datetime) -> LogGroup:
        return LogGroup(
            account=self._scope.account_id,
            region=self._scope.region,
            name=group.name,
            arn=group.arn,
            group_class=group.group_class,
            kms_key=group.kms_key,
            created_at=_moment(group.created_ms),
            stored_bytes=group.stored_bytes,
            retention_days=group.retention_days,
            metric_filters=group.metric_filters,
            found_at=now,
            listed_at=now,
        )

    def _without_details(self) -> list[LogGroup]:
        """Those whose details are missing or old, the oldest first."""
        before = self._clock() - _DETAILS_EVERY
        wanted = Q(detailed_at=None) | Q(detailed_at__lt=before)
        rows = self._groups().filter(wanted, gone_at=None)
        return list(rows.order_by("detailed_at")[:_DETAILS_A_RUN])

    def _note_details(self, group: LogGroup) -> None:
        try:
            filters = self._logs.subscription_filters(group.name)
            note_streams(group, self._logs.stream_pages(group.name), self._clock())
        except AwsGone:
            return  # the next listing tells
        group.subscriptions = [
            {
                "name": one.name,
                "destination": one.destination,
                "pattern": one.pattern,
            }
            for one in filters
        ]
        group.detailed_at = self._clock()
        group.save(
            update_fields=[
                "subscriptions", "detailed_at", "last_event_at", "streams_complete",
            ]
        )  # fmt: skip


def note_streams(
    group: LogGroup, pages: Iterable[Sequence[ListedStream]], now: datetime
) -> None:
    """Save a group's streams, newest events first, and when its last event was.

    Those that a complete listing lacks are marked as gone. The group is not saved.
    """
    listing = iter(pages)
    for page in islice(listing, _PAGES_OF_STREAMS):
        _save_streams(group, page, now)
    group.streams_complete = next(listing, None) is None
    rows = LogStream.objects.filter(group=group)
    if group.streams_complete:
        rows.filter(listed_at__lt=now, gone_at=None).update(gone_at=now)
    newest = rows.exclude(last_event_at=None).order_by("-last_event_at").first()
    group.last_event_at = newest.last_event_at if newest else None


def _save_streams(group: LogGroup, page: Sequence[ListedStream], now: datetime) -> None:
    LogStream.objects.bulk_create(
        [
            LogStream(
                group=group,
                name=one.name,
                created_at=_moment(one.created_ms),
                first_event_at=_moment(one.first_event_ms),
                last_event_at=_moment(one.last_event_ms),
                last_ingestion_at=_moment(one.last_ingestion_ms),
                listed_at=now,
            )
            for one in page
        ],
        update_conflicts=True,
        unique_fields=["group", "name"],
        update_fields=_STREAM_FIELDS,
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_milliseconds(milliseconds)
