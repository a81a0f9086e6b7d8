"""Queries that take long: a row says what is asked, and how far the answer is.

Who began to answer goes on in a thread of its own, or leaves it to a worker.
Progress and the answer so far are in the row, so any process can show and cancel it.
A run whose worker died is begun again by another.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.discovery.models import User
from apps.monitoring.languages import keeping
from apps.monitoring.languages.asking import PROBLEMS, Asked, inquiry_of
from apps.monitoring.languages.running import Clock, Inquiry, Outcome, Progress
from apps.monitoring.models import LogQueryRows, LogQueryRun
from apps.search import connections
from apps.search.engines.base import DocumentReader
from apps.search.shutdown import stopping

log = logging.getLogger(__name__)

State = LogQueryRun.State
Now = Callable[[], datetime]

MOST_WAITING = 5
# Rows that are shown before an answer is whole.
SHOWN_SO_FAR = 1_000
# Columns of a day that nobody asked before are made first, which is one step.
_STALE_AFTER = timedelta(seconds=120)
_BEAT_SECONDS = 0.5
_SO_FAR_SECONDS = 2.0
# Showing what was found so far takes a tenth of the time at most.
_SO_FAR_SHARE = 10
_MOST_ATTEMPTS = 3
_PROGRESS = ("scanned", "total", "matched", "bytes", "seconds")
_ANSWER = ("version", "found", "rows", "partial")
# Scans keep a core busy: collecting goes on beside them.
_SEATS = threading.BoundedSemaphore(2)
_OWN_SEATS = threading.BoundedSemaphore(2)
_ROWS_KEPT = timedelta(days=2)
_HISTORY_KEPT = timedelta(days=30)


class TooManyRuns(Exception):
    """The person has queries enough that wait or run."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_WAITING} queries of yours are waiting or running: let one end, or "
            "cancel it."
        )


class ClaimLost(Exception):
    """The run was silent for so long that another worker took it up."""


class CancelAsked(Exception):
    """Somebody asked for the run to end."""


class ProcessStopping(Exception):
    """This process is to end; another begins the run again."""


def runs_of(owner_id: int) -> QuerySet[LogQueryRun]:
    return LogQueryRun.objects.filter(owner_id=owner_id)


def may_read(run: LogQueryRun, visible: frozenset[str] | None) -> bool:
    """Whether the answer tells only of accounts that the person sees by now."""
    if visible is None:
        return True
    return run.scope is not None and visible.issuperset(run.scope)


def new_run(asked: Asked, owner: User, now: datetime) -> LogQueryRun:
    """A run, not saved yet, of what a person may see now."""
    visible = owner.visible_accounts()
    return LogQueryRun(
        owner=owner,
        language=asked.language,
        query=asked.query,
        asked=asked.url_query(),
        scope=None if visible is None else sorted(visible),
        asked_at=now,
    )


def request(asked: Asked, owner: User, now: datetime) -> LogQueryRun:
    """Ask a worker for the answer. Raises TooManyRuns."""
    check_room(owner)
    run = new_run(asked, owner, now)
    run.save()
    return run


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that somebody began and that takes longer than they wait."""

    inquiry: Inquiry
    steps: Iterator[Progress]


def go_on(asked: Asked, owner: User, now: datetime, begun: Begun) -> LogQueryRun:
    """A run that goes on where it is, in a thread of its own; where enough do in this
    process, a worker begins it anew. Raises TooManyRuns."""
    if not _OWN_SEATS.acquire(blocking=False):
        return request(asked, owner, now)
    try:
        check_room(owner)
        run = new_run(asked, owner, now)
        run.state, run.attempts = State.RUNNING, 1
        run.started_at = run.beaten_at = timezone.now()
        run.save()
        name = f"log-query-{run.pk}"
        threading.Thread(
            target=_go_on, args=(run, begun), name=name, daemon=True
        ).start()
    except BaseException:
        _OWN_SEATS.release()
        raise
    return run


def _go_on(run: LogQueryRun, begun: Begun) -> None:
    try:
        answering = _Answering(run, timezone.now, time.monotonic)
        _recorded(answering, lambda: answering.follow(begun))
    finally:
        _OWN_SEATS.release()
        connections.release()


def check_room(owner: User) -> None:
    """Raises TooManyRuns."""
    on_their_way = runs_of(owner.pk).filter(state__in=(State.REQUESTED, State.RUNNING))
    if on_their_way.count() >= MOST_WAITING:
        raise TooManyRuns


def note_answered(run: LogQueryRun, outcome: Outcome, now: datetime) -> LogQueryRun:
    """A run that was answered at once, for the history; its rows are not kept."""
    _tell(run, outcome.progress)
    run.found, run.partial = len(outcome.answer.rows), list(outcome.partial)
    run.state, run.started_at, run.finished_at = State.DONE, run.asked_at, now
    run.save()
    return run


def keep_answered(run: LogQueryRun, outcome: Outcome, now: datetime) -> LogQueryRun:
    """A run that was answered at once, with its rows."""
    note_answered(run, outcome, now)
    run.partial = [*outcome.partial, *keeping.keep(run, outcome.answer)]
    run.save()
    return run


def cancel(run_id: int, now: datetime) -> None:
    """Ask whoever works on it to end; where nobody does, it is over at once. One at
    AWS is ended by a worker, who can tell AWS."""
    LogQueryRun.objects.filter(
        pk=run_id, state__in=(State.REQUESTED, State.RUNNING)
    ).update(is_cancel_requested=True)
    died = Q(state=State.RUNNING, beaten_at__lt=now - _STALE_AFTER)
    LogQueryRun.objects.filter(
        Q(state=State.REQUESTED) | died, pk=run_id, place=LogQueryRun.Place.HERE
    ).update(state=State.CANCELLED, finished_at=now)


def waiting(now: datetime) -> list[int]:
    """Runs over stored lines that somebody should take up, oldest first."""
    return list(_to_take_up(now).order_by("asked_at").values_list("pk", flat=True))


def _to_take_up(now: datetime) -> QuerySet[LogQueryRun]:
    died = Q(state=State.RUNNING, beaten_at__lt=now - _STALE_AFTER)
    here = LogQueryRun.objects.filter(place=LogQueryRun.Place.HERE)
    return here.filter(Q(state=State.REQUESTED) | died)


def claim(run_id: int, now: datetime) -> bool:
    """Whether the run is now ours."""
    ours = _to_take_up(now).filter(pk=run_id)
    return bool(ours.update(state=State.RUNNING, beaten_at=now))


def take_up(run_id: int, reader: DocumentReader, now: Now, clock: Clock) -> None:
    """Answer a run, unless this process has enough of them or another has it."""
    if not _SEATS.acquire(blocking=False):
        return
    try:
        if claim(run_id, now()):
            execute(run_id, reader, now, clock)
    finally:
        _SEATS.release()


def execute(run_id: int, reader: DocumentReader, now: Now, clock: Clock) -> None:
    """Answer a claimed run; whatever goes wrong ends in the row."""
    run = LogQueryRun.objects.select_related("owner").get(pk=run_id)
    answering = _Answering(run, now, clock)
    _recorded(answering, lambda: answering.answer(reader))


def _recorded(answering: _Answering, work: Callable[[], None]) -> None:
    run = answering.run
    try:
        work()
    except ClaimLost:
        log.warning("log query %s was taken up by another worker", run.pk)
    except ProcessStopping:
        _held(run).update(state=State.REQUESTED)
    except PROBLEMS as error:
        answering.end(State.FAILED, str(error))
    except Exception as error:  # the boundary of a task: the row tells of it
        log.exception("log query %s failed", run.pk)
        problem = f"A fault in Trailmap, see its log: {type(error).__name__}"
        answering.end(State.FAILED, problem)


def _held(run: LogQueryRun) -> QuerySet[LogQueryRun]:
    """The row, as long as our claim on it stands."""
    return LogQueryRun.objects.filter(
        pk=run.pk, beaten_at=run.beaten_at, state=State.RUNNING
    )


def _tell(run: LogQueryRun, progress: Progress) -> None:
    run.scanned, run.total = progress.scanned, progress.total
    run.matched, run.bytes = progress.matched, progress.bytes
    run.seconds = progress.seconds


class _Answering:
    """A run that is ours, on its way."""

    def __init__(self, run: LogQueryRun, now: Now, clock: Clock) -> None:
        self.run, self._now, self._clock = run, now, clock
        self._told_at = clock()
        self._so_far_at = clock() + _SO_FAR_SECONDS / 2

    def answer(self, reader: DocumentReader) -> None:
        run = self.run
        if not run.owner.is_active or run.attempts >= _MOST_ATTEMPTS:
            tried = f"It was begun {run.attempts} times and never ended."
            self.end(
                State.FAILED, tried if run.attempts else "Its owner is locked out."
            )
            return
        inquiry = self._begun()
        seconds = settings.LOG_QUERY_RUN_SECONDS
        self.follow(Begun(inquiry, inquiry.steps(reader, self._clock, seconds)))

    def follow(self, begun: Begun) -> None:
        """Go through the steps to their end."""
        inquiry = begun.inquiry
        try:
            for progress in begun.steps:
                self._note(inquiry, progress)
        except CancelAsked:
            self._finish(State.CANCELLED, _cancelled(inquiry))
            return
        if inquiry.outcome is None:
            raise AssertionError("steps that end leave an outcome")
        self._finish(State.DONE, inquiry.outcome)

    def _begun(self) -> Inquiry:
        run = self.run
        run.attempts += 1
        run.started_at = self._now()
        visible = run.owner.visible_accounts()
        run.scope = None if visible is None else sorted(visible)
        self._save("attempts", "started_at", "scope")
        seconds = settings.LOG_QUERY_RUN_SECONDS
        return inquiry_of(asked_of(run), visible, run.asked_at, seconds)

    def _note(self, inquiry: Inquiry, progress: Progress) -> None:
        """Say how far it is, now and then. Raises CancelAsked, ProcessStopping."""
        if stopping.is_set():
            raise ProcessStopping
        if self._clock() - self._told_at < _BEAT_SECONDS:
            return
        _tell(self.run, progress)
        self._save(*_PROGRESS)
        if progress.scanned and self._clock() >= self._so_far_at:
            self._show(inquiry)
        self._told_at = self._clock()
        if LogQueryRun.objects.filter(
            pk=self.run.pk, is_cancel_requested=True
        ).exists():
            raise CancelAsked

    def _show(self, inquiry: Inquiry) -> None:
        """Keep the first rows of what was found so far."""
        begun = self._clock()
        outcome = inquiry.so_far()
        keeping.keep(self.run, outcome.answer, SHOWN_SO_FAR)
        self.run.partial = list(outcome.partial)
        self._save(*_ANSWER)
        took = self._clock() - begun
        pause = max(_SO_FAR_SECONDS, _SO_FAR_SHARE * took)
        self._so_far_at = self._clock() + pause

    def _finish(self, state: State, outcome: Outcome) -> None:
        run = self.run
        _tell(run, outcome.progress)
        self._save(*_PROGRESS)
        left_out = keeping.keep(run, outcome.answer)
        run.partial = [*outcome.partial, *left_out]
        self._save(*_ANSWER)
        self.end(state)

    def end(self, state: State, problem: str = "") -> None:
        _held(self.run).update(state=state, problem=problem, finished_at=self._now())

    def _save(self, *names: str) -> None:
        """Write these fields and renew the claim. Raises ClaimLost."""
        now = self._now()
        changed = {name: getattr(self.run, name) for name in names}
        if not _held(self.run).update(**changed, beaten_at=now):
            raise ClaimLost
        self.run.beaten_at = now


def _cancelled(inquiry: Inquiry) -> Outcome:
    found = inquiry.so_far()
    told = (
        f"Cancelled after {found.progress.percent:.0f} %: this is the answer of the "
        "newest lines only."
    )
    return Outcome(found.answer, found.plan, found.progress, (told,))


def asked_of(run: LogQueryRun) -> Asked:
    return Asked.read(parse_qs(run.asked.removeprefix("?"), keep_blank_values=True))


def forget_old(now: datetime) -> None:
    """Rows of answers go after two days, what was asked after thirty."""
    old = LogQueryRows.objects.filter(run__finished_at__lt=now - _ROWS_KEPT)
    LogQueryRun.objects.filter(pk__in=old.values("run")).update(rows=0)
    old.delete()
    LogQueryRun.objects.filter(asked_at__lt=now - _HISTORY_KEPT).delete()
