"""Reads X-Ray of one account and region: lists what was updated, fetches what is not
stored, looks again at what may have changed.

Every step leaves rows that say how far it came, written once what they tell of is
durable: a kill at any moment loses nothing, and what comes twice is stored once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.discovery.accounts import target, why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsError, AwsRefused
from apps.discovery.leases import Clock, Lease, LeaseLost
from apps.search.engines.base import DocumentEngine
from apps.search.shutdown import stopping
from apps.tracing.collecting import checking, housekeeping, rules, windows
from apps.tracing.collecting.answers import SummaryPage, TraceSummary
from apps.tracing.collecting.covered import cover, covered
from apps.tracing.collecting.delivery import Delivery
from apps.tracing.collecting.fetching import Fetching
from apps.tracing.collecting.listing import clamped, is_stored, note_listed
from apps.tracing.collecting.spending import Purse
from apps.tracing.collecting.windows import Kind, Progress, Window
from apps.tracing.collecting.xray import Times, XRay
from apps.tracing.models import TraceReread, TraceScope, TraceWindow

log = logging.getLogger(__name__)

Rank = TraceReread.Rank
_ROUND = timedelta(seconds=8)
_COMMIT_EVERY = timedelta(seconds=2)
_PAGES_A_STEP = 5
# No more of the past is listed while so much of it waits to be fetched.
_MOST_WAITING = 1_000
_AGAIN, _IDLE = timedelta(seconds=1), timedelta(seconds=5)
# The past can wait, and others have work for this machine, too.
_AFTER_PAST = timedelta(seconds=6)
_AFTER_PROBLEM, _AFTER_DENIAL = timedelta(seconds=30), timedelta(minutes=5)


def collect(scope_id: int, engine: DocumentEngine, clock: Clock = timezone.now) -> None:
    """A round over a scope, if nobody else makes one. What goes wrong ends in its
    row."""
    rows = TraceScope.objects.select_related("account")
    found = rows.filter(pk=scope_id, is_enabled=True).first()
    lease = Lease.take(found, "claimed_until", clock()) if found else None
    if lease is None:
        return
    made = Round(lease, engine, clock)
    problem = problem_of(made.run, f"reading {lease.row}")
    now, row = clock(), lease.row
    lease.give_back(
        problem=problem,
        problem_since=(row.problem_since or now) if problem else None,
        succeeded_at=row.succeeded_at if problem else now,
        next_at=now + (_rest(problem) if problem else made.pause()),
    )


def _rest(problem: str) -> timedelta:
    return _AFTER_DENIAL if "Denied" in problem else _AFTER_PROBLEM


class Round:
    """Some seconds of work in one scope."""

    def __init__(
        self, lease: Lease[TraceScope], engine: DocumentEngine, clock: Clock
    ) -> None:
        self._lease = lease
        self._scope = lease.row
        self._clock = clock
        self._xray = XRay(target(self._scope.account, self._scope.region))
        self._purse = Purse(lease, clock)
        self._delivery = Delivery(self._scope, engine, clock)
        self._fetching = Fetching(
            self._scope, self._xray, self._delivery, self._purse, clock
        )
        self._committed_at = clock()
        self._is_idle = False
        # Why nothing is listed any more: what was listed is fetched all the same.
        self._unlisted: AwsError | None = None

    def pause(self) -> timedelta:
        """How long the scope may wait for the next round."""
        if self._is_idle:
            return _IDLE
        urgent = TraceReread.objects.filter(
            scope=self._scope,
            rank__in=(Rank.OPEN, Rank.NEW),
            due_at__lte=self._clock(),
        )
        return _AGAIN if urgent.exists() else _AFTER_PAST

    def run(self) -> str:
        """Why nothing is read, "" where it is. Raises AwsError, EngineUnavailable."""
        why_not = why_not_read(self._scope.account)
        if why_not:
            return why_not
        try:
            self._work()
        except LeaseLost as error:
            log.info("reading stopped: %s", error)
        return ""

    def _work(self) -> None:
        end = self._clock() + _ROUND
        try:
            while self._clock() < end and not stopping.is_set():
                # What is durable now may have been waited for.
                if not self._step() and not self._commit():
                    self._is_idle = True
                    break
                self._lease.keep(self._clock())
                if self._clock() - self._committed_at >= _COMMIT_EVERY:
                    self._commit()
        finally:
            self._commit()
        if self._unlisted is not None:
            raise self._unlisted

    def _step(self) -> bool:
        """Do what is most urgent; whether there was anything to do."""
        steps: tuple[Callable[[], bool], ...] = (
            self._read_rules,
            self._list_new,
            lambda: self._fetch(Rank.OPEN),
            lambda: self._fetch(Rank.NEW),
            self._look_up,
            self._sweep,
            self._list_past,
            lambda: self._fetch(Rank.PAST),
            self._check,
            self._keep_house,
        )
        return any(step() for step in steps)

    def _commit(self) -> bool:
        """Make everything durable, then write down how far it came; whether a window
        is covered by that."""
        self._delivery.commit()
        self._committed_at = self._clock()
        with transaction.atomic():
            self._lease.write(**self._purse.columns(), read_at=self._committed_at)
            listed = self._scope.windows.exclude(listed_at=None)
            done = [row for row in listed if is_stored(row)]
            for row in done:
                self._close(row)
        return bool(done)

    def _close(self, row: TraceWindow) -> None:
        window = _window(row)
        row.delete()
        if window.covers is not None:
            cover(self._scope, window.covers)
        if window.kind is Kind.HOURLY:
            self._lease.write(hourly_at=window.at)
        elif window.kind is Kind.DAILY:
            self._lease.write(daily_at=window.at, hourly_at=window.at)

    def _read_rules(self) -> bool:
        if not rules.is_due(self._scope, self._clock()):
            return False
        self._lease.write(
            **rules.read(self._scope, self._xray, self._purse, self._clock)
        )
        return True

    def _fetch(self, rank: Rank) -> bool:
        return bool(self._fetching.fetch(rank))

    def _look_up(self) -> bool:
        return bool(self._fetching.look_up())

    def _list_new(self) -> bool:
        return self._list(Kind.NEW, windows.new_window)

    def _sweep(self) -> bool:
        return self._list(Kind.DAILY, windows.sweep) or self._list(Kind.HOURLY)

    def _list_past(self) -> bool:
        waiting = TraceReread.objects.filter(
            scope=self._scope, rank=Rank.PAST, due_at__isnull=False
        )
        if waiting[_MOST_WAITING:].exists():
            return False
        return self._list(Kind.PAST, windows.past_window)

    def _list(
        self,
        kind: Kind,
        decide: Callable[[Progress, datetime], Window | None] | None = None,
    ) -> bool:
        """Some pages of the window of a kind that was begun, or of the next one."""
        if self._unlisted is not None:
            return False
        unlisted = self._scope.windows.filter(listed_at=None)
        row = unlisted.filter(kind=kind).order_by("pk").first()
        if row is None and decide is not None:
            row = self._begin(decide(self._progress(), self._clock()))
        if row is None:
            return False
        try:
            self._pages(row)
        except AwsError as error:
            if not (row.token and isinstance(error, AwsRefused)):
                self._unlisted = error
                return False
            # A token that is no longer good: the window is listed from its beginning.
            TraceWindow.objects.filter(pk=row.pk).update(token="")
        return True

    def _begin(self, window: Window | None) -> TraceWindow | None:
        """Write down what is going to be listed, before the first page."""
        if window is None:
            return None
        self._lease.write(read_at=self._clock())
        return TraceWindow.objects.create(
            scope=self._scope,
            kind=window.kind.value,
            since=window.since,
            until=window.until,
            begun_at=window.at,
        )

    def _progress(self) -> Progress:
        return progress_of(self._scope, self._clock())

    def _pages(self, row: TraceWindow) -> None:
        for _ in range(_PAGES_A_STEP):
            page = self._xray.summaries(row.since, row.until, Times.CHANGED, row.token)
            self._purse.pay(1, listed=page.scanned)
            self._note_page(row, page)
            if not page.token or stopping.is_set():
                return
            self._lease.keep(self._clock())

    def _note_page(self, row: TraceWindow, page: SummaryPage) -> None:
        """The traces of a page, and how far the list is read, are one."""
        now = self._clock()
        rank = Rank.PAST if row.kind == Kind.PAST else Rank.NEW
        summaries = clamped(page.summaries, row.since, row.until)
        with transaction.atomic():
            self._lease.write(read_at=now, last_trace_at=self._last(summaries))
            found = note_listed(self._scope, summaries, rank, now)
            row.token = page.token
            row.summaries += len(summaries)
            row.listed_at = None if page.token else now
            TraceWindow.objects.filter(pk=row.pk).update(
                token=row.token, summaries=row.summaries, listed_at=row.listed_at
            )
        if row.kind in (Kind.HOURLY, Kind.DAILY):
            self._purse.note_late(found)

    def _last(self, summaries: Iterable[TraceSummary]) -> datetime | None:
        """When a trace was last updated, as far as is known."""
        known = self._scope.last_trace_at
        times = [one.changed_at for one in summaries]
        return max([*times, known] if known else times, default=None)

    def _check(self) -> bool:
        return checking.check(self._scope, self._xray, self._purse, self._clock)

    def _keep_house(self) -> bool:
        housekeeping.forget_old(self._scope, self._clock())
        return False


def progress_of(scope: TraceScope, now: datetime) -> Progress:
    return Progress(
        collect_since=scope.collect_since or now,
        covered=covered(scope),
        begun=[_window(row) for row in scope.windows.all()],
        hourly_at=scope.hourly_at,
        daily_at=scope.daily_at,
    )


def _window(row: TraceWindow) -> Window:
    return Window(Kind(row.kind), row.since, row.until, row.begun_at)
