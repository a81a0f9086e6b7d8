"""Queries that take long: a row says what is asked, and how far the answer is.

Who began to answer goes on in a thread of its own, or leaves it to a worker.
Progress and the answer so far are in the row, so any process can show and cancel it.
A run whose worker died is begun again by another.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.discovery.models import User
from apps.monitoring.languages import keeping
from apps.monitoring.languages.answering import (
    Answering,
    Begun,
    Now,
    recorded,
    tell,
)
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.running import Clock, Outcome
from apps.monitoring.models import LogQueryRows, LogQueryRun
from apps.search import connections
from apps.search.engines.base import DocumentReader

State = LogQueryRun.State

MOST_WAITING = 5
# Columns of a day that nobody asked before are made first, which is one step.
_STALE_AFTER = timedelta(seconds=120)
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
        answering = Answering(run, timezone.now, time.monotonic)
        recorded(answering, lambda: answering.follow(begun))
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
    tell(run, outcome.progress)
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
    answering = Answering(run, now, clock)
    recorded(answering, lambda: answering.answer(reader))


def forget_old(now: datetime) -> None:
    """Rows of answers go after two days, what was asked after thirty."""
    old = LogQueryRows.objects.filter(run__finished_at__lt=now - _ROWS_KEPT)
    LogQueryRun.objects.filter(pk__in=old.values("run")).update(rows=0)
    old.delete()
    LogQueryRun.objects.filter(asked_at__lt=now - _HISTORY_KEPT).delete()
