"""Polls log groups with FilterLogEvents, each at its own pace.

One worker goes through the groups of a scope; a group that has much to tell gets some
pages and then waits for the others. How far a window was read is in its row, with the
token to go on from, and only ever says what the store already has.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, AwsGone, AwsRefused
from apps.discovery.coverage import Interval
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.monitoring.logs.cloudwatch_logs import CloudWatchLogs, EventWindow
from apps.monitoring.logs.covered import cover, covered, end_outage, note_outage
from apps.monitoring.logs.delivery import Delivery
from apps.monitoring.logs.lines import LogLine
from apps.monitoring.logs.windows import (
    MOST_OVERLAP,
    Kind,
    Progress,
    Reading,
    next_reading,
    next_time,
)
from apps.monitoring.models import LogPoll, LogScope
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.shutdown import stopping
from apps.search.timerange import milliseconds

log = logging.getLogger(__name__)

_ROUND = timedelta(seconds=20)
_COMMIT_EVERY = timedelta(seconds=2)
PAGES_A_TURN = 20
_FAST_PAGES = 5
_AFTER_PROBLEM = timedelta(seconds=30)
_AFTER_GONE = timedelta(minutes=10)
_PROBLEMS_IN_A_ROW = 3
# A group that was due so long ago and not asked was not collected meanwhile.
_UNASKED = timedelta(minutes=5)
_DELIVERED_WITHIN = timedelta(hours=1)
_STOPPED = "Trailmap did not ask: it was stopped, or had too much to do."


def due_scopes(now: datetime) -> list[int]:
    """Scopes with groups that are due, where nobody polls."""
    due = LogPoll.objects.filter(is_enabled=True, next_at__lte=now, group__gone_at=None)
    places = set(due.values_list("group__account", "group__region").distinct())
    free = Q(polling_until=None) | Q(polling_until__lt=now)
    scopes = LogScope.objects.filter(
        free, is_enabled=True, account__is_connected=True
    ).values_list("pk", "account", "region")
    return [pk for pk, account, region in scopes if (account, region) in places]


def poll(scope_id: int, engine: DocumentEngine, clock: Clock = timezone.now) -> None:
    """A round over the groups of a scope, if nobody else makes one."""
    found = LogScope.objects.select_related("account").filter(pk=scope_id).first()
    lease = Lease.take(found, "polling_until", clock()) if found else None
    if lease is None:
        return
    try:
        Round(lease, engine, clock).run()
    except (LeaseLost, EngineUnavailable) as error:
        log.warning("polling of %s stopped: %s", lease.row, error)
    finally:
        lease.give_back()


class Round:
    """Some seconds of polling in one scope."""

    def __init__(
        self, lease: Lease[LogScope], engine: DocumentEngine, clock: Clock
    ) -> None:
        self._lease = lease
        self._clock = clock
        self._delivery = Delivery(engine, clock)
        self._logs = CloudWatchLogs(target(lease.row.account, lease.row.region))
        self._committed_at = clock()
        self._problems = 0

    def run(self) -> None:
        """Raises EngineUnavailable, LeaseLost."""
        end = self._clock() + _ROUND
        while self._clock() < end and not stopping.is_set():
            polled = self._next() or self._next_once_durable()
            if polled is None or self._problems >= _PROBLEMS_IN_A_ROW:
                break
            self._turn(polled)
            self._lease.keep(self._clock())
            if self._clock() - self._committed_at >= _COMMIT_EVERY:
                self._commit()
        self._commit()

    def _commit(self) -> None:
        self._delivery.commit()
        self._committed_at = self._clock()

    def _next_once_durable(self) -> Lease[LogPoll] | None:
        """Groups stay claimed until what was read of them is durable."""
        self._commit()
        return self._next()

    def _next(self) -> Lease[LogPoll] | None:
        """The group that has waited longest, claimed; looked at ones first."""
        now, scope = self._clock(), self._lease.row
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        due = LogPoll.objects.filter(
            free,
            is_enabled=True,
            next_at__lte=now,
            group__account=scope.account_id,
            group__region=scope.region,
            group__gone_at=None,
        )
        order = (F("looked_at").desc(nulls_last=True), "next_at")
        for row in due.order_by(*order).select_related("group")[:5]:
            lease = Lease.take(row, "claimed_until", now)
            if lease is not None:
                return lease
        return None

    def _turn(self, polled: Lease[LogPoll]) -> None:
        turn = Turn(polled, self._logs, self._delivery, self._clock)
        try:
            done = turn.run()
        except AwsError as error:
            self._problems += not isinstance(error, AwsGone)
            self._delivery.commit()
            _note_problem(polled, error, self._clock())
        else:
            self._problems = 0
            self._delivery.then(lambda: _note_success(polled, done, self._clock()))


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a turn: columns to write, and what is covered by now."""

    columns: Mapping[str, Any]
    covers: Interval | None = None
    was_asked: bool = True


class Turn:
    """One reading of one group, or some pages of it."""

    def __init__(
        self,
        lease: Lease[LogPoll],
        logs: CloudWatchLogs,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self._lease = lease
        self._row = lease.row
        self._group = lease.row.group
        self._logs = logs
        self._delivery = delivery
        self._clock = clock

    def run(self) -> Done:
        """Raises AwsError, EngineUnavailable, LeaseLost."""
        now = self._clock()
        progress = progress_of(self._row, now)
        reading = next_reading(progress, now)
        if reading is None:
            return Done({"next_at": next_time(progress, now)}, was_asked=False)
        if reading.kind is Kind.FAST:
            return self._read_fast(reading)
        return self._read_window(reading)

    def _read_fast(self, reading: Reading) -> Done:
        """The last seconds. Where there is more than some pages, the window has it."""
        new, token = self._pages(reading, _FAST_PAGES)
        until = reading.at if not token else self._clock()
        columns = {"fast_until": until, "next_at": self._clock()}
        return Done(self._seen(new) | columns)

    def _read_window(self, reading: Reading) -> Done:
        if self._row.window != reading.kind:
            self._open(reading)
        try:
            new, token = self._pages(reading, PAGES_A_TURN)
        except AwsRefused:
            if not reading.token:
                raise
            # A token that is no longer good: the window is read from its beginning.
            return Done({"window_token": "", "next_at": self._clock()})
        columns = self._seen(new) | {"next_at": self._clock()}
        if reading.kind.is_sweep:
            columns |= self._late(new)
        if token:
            return Done(columns | {"window_token": token})
        return Done({**columns, **_CLOSED, **_ended(reading)}, reading.covers)

    def _open(self, reading: Reading) -> None:
        """Write down what is going to be read, before the first page."""
        self._lease.write(
            window=reading.kind.value,
            window_since=reading.since,
            window_until=reading.until,
            window_at=reading.at,
            window_token="",
        )

    def _pages(self, reading: Reading, most: int) -> tuple[int, str]:
        """How many lines of some pages are new, and the token to go on from."""
        window = EventWindow(
            self._group.name,
            milliseconds(reading.since),
            milliseconds(reading.until),
        )
        new, token = 0, reading.token
        for _ in range(most):
            page = self._logs.event_page(window, token)
            new += self._take(page.events)
            token = page.token
            if not token or stopping.is_set():
                break
            self._lease.keep(self._clock())
        return new, token

    def _take(self, events: Any) -> int:
        group = self._group
        return self._delivery.take(
            f"poll://{group.account}/{group.region}/{group.name}",
            [
                LogLine(
                    group.account,
                    group.region,
                    group.name,
                    event.stream,
                    event.timestamp_ms,
                    event.message,
                    event.ingestion_ms,
                    event.id,
                )
                for event in events
            ],
        )

    def _seen(self, new: int) -> dict[str, Any]:
        if not new:
            return {}
        return {"active_at": self._clock(), "lines": self._row.lines + new}

    def _late(self, new: int) -> dict[str, Any]:
        """Lines in time that was covered: the overlap was too short for them."""
        if not new:
            return {}
        longer = min(2 * self._row.overlap, MOST_OVERLAP)
        return {
            "late_finds": self._row.late_finds + new,
            "late_found_at": self._clock(),
            "overlap_seconds": int(longer.total_seconds()),
        }


_CLOSED: Mapping[str, Any] = {"window": "", "window_token": "", "window_at": None}


def _ended(reading: Reading) -> dict[str, Any]:
    """What the end of a window says, by its kind."""
    if reading.kind is Kind.HOURLY:
        return {"hourly_at": reading.at}
    if reading.kind is Kind.NIGHTLY:
        return {"nightly_at": reading.at, "hourly_at": reading.at}
    if reading.is_up_to_date:
        return {"settled_at": reading.at, "fast_until": reading.at}
    return {}


def progress_of(row: LogPoll, now: datetime) -> Progress:
    delivered = row.group.delivered_at
    return Progress(
        collect_since=row.collect_since,
        covered=covered(row.group),
        overlap=row.overlap,
        begun=_begun(row),
        fast_until=row.fast_until,
        hourly_at=row.hourly_at,
        nightly_at=row.nightly_at,
        looked_at=row.looked_at,
        active_at=row.active_at,
        is_delivered=delivered is not None and now - delivered < _DELIVERED_WITHIN,
    )


def _begun(row: LogPoll) -> Reading | None:
    if not (row.window and row.window_since and row.window_until and row.window_at):
        return None
    return Reading(
        Kind(row.window),
        row.window_since,
        row.window_until,
        row.window_at,
        row.window_token,
    )


def _note_success(lease: Lease[LogPoll], done: Done, now: datetime) -> None:
    """What was read is durable: say so. Lost claims have their pages read again."""
    row = lease.row
    columns = dict(done.columns)
    if done.was_asked:
        columns |= {"succeeded_at": now, "problem": "", "problem_since": None}
    if not lease.give_back(**columns):
        log.warning("%s is polled by another process.", row.group)
        return
    if done.covers is not None:
        cover(row.group, done.covers)
    if not done.was_asked:
        return
    if not row.problem and row.succeeded_at and now - row.next_at > _UNASKED:
        note_outage(row.group, row.next_at, _STOPPED)
    end_outage(row.group, now)


def _note_problem(lease: Lease[LogPoll], error: AwsError, now: datetime) -> None:
    row = lease.row
    if row.problem != str(error):
        log.warning("%s was not read: %s", row.group, error)
    note_outage(row.group, row.succeeded_at or row.collect_since, str(error))
    pause = _AFTER_GONE if isinstance(error, AwsGone) else _AFTER_PROBLEM
    lease.give_back(
        problem=str(error),
        problem_since=row.problem_since or now,
        next_at=now + pause,
    )
