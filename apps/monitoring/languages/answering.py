"""Answering a run: how far it is, what was found and how it ended are in its row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from django.conf import settings
from django.db.models import QuerySet

from apps.monitoring.languages import keeping
from apps.monitoring.languages.asking import PROBLEMS, Asked, inquiry_of
from apps.monitoring.languages.running import Clock, Inquiry, Outcome, Progress
from apps.monitoring.models import LogQueryRun
from apps.search.engines.base import DocumentReader
from apps.search.faults import fault_of
from apps.search.shutdown import stopping

log = logging.getLogger(__name__)

State = LogQueryRun.State
Now = Callable[[], datetime]

# Rows that are shown before an answer is whole.
SHOWN_SO_FAR = 1_000
BEAT_SECONDS = 0.5
_SO_FAR_SECONDS = 2.0
# Showing what was found so far takes a tenth of the time at most.
_SO_FAR_SHARE = 10
_MOST_ATTEMPTS = 3
_PROGRESS = ("scanned", "total", "matched", "bytes", "seconds")
_ANSWER = ("version", "found", "rows", "partial")


class ClaimLost(Exception):
    """The run was silent for so long that another worker took it up."""


class CancelAsked(Exception):
    """Somebody asked for the run to end."""


class ProcessStopping(Exception):
    """This process is to end; another begins the run again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that somebody began and that takes longer than they wait."""

    inquiry: Inquiry
    steps: Iterator[Progress]


def asked_of(run: LogQueryRun) -> Asked:
    return Asked.read(parse_qs(run.asked.removeprefix("?"), keep_blank_values=True))


def held(run: LogQueryRun) -> QuerySet[LogQueryRun]:
    """The row, as long as our claim on it stands."""
    return LogQueryRun.objects.filter(
        pk=run.pk, beaten_at=run.beaten_at, state=State.RUNNING
    )


def tell(run: LogQueryRun, progress: Progress) -> None:
    run.scanned, run.total = progress.scanned, progress.total
    run.matched, run.bytes = progress.matched, progress.bytes
    run.seconds = progress.seconds


def recorded(answering: Answering, work: Callable[[], None]) -> None:
    run = answering.run
    try:
        work()
    except ClaimLost:
        log.warning("log query %s was taken up by another worker", run.pk)
    except ProcessStopping:
        held(run).update(state=State.REQUESTED)
    except PROBLEMS as error:
        answering.end(State.FAILED, str(error))
    except Exception as error:  # the boundary of a task: the row tells of it
        log.exception("log query %s failed", run.pk)
        problem = fault_of(error)
        answering.end(State.FAILED, problem)


class Answering:
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
        if self._clock() - self._told_at < BEAT_SECONDS:
            return
        tell(self.run, progress)
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
        tell(run, outcome.progress)
        self._save(*_PROGRESS)
        left_out = keeping.keep(run, outcome.answer)
        run.partial = [*outcome.partial, *left_out]
        self._save(*_ANSWER)
        self.end(state)

    def end(self, state: State, problem: str = "") -> None:
        held(self.run).update(state=state, problem=problem, finished_at=self._now())

    def _save(self, *names: str) -> None:
        """Write these fields and renew the claim. Raises ClaimLost."""
        now = self._now()
        changed = {name: getattr(self.run, name) for name in names}
        if not held(self.run).update(**changed, beaten_at=now):
            raise ClaimLost
        self.run.beaten_at = now


def _cancelled(inquiry: Inquiry) -> Outcome:
    found = inquiry.so_far()
    told = (
        f"Cancelled after {found.progress.percent:.0f} %: this is the answer of the "
        "newest lines only."
    )
    return Outcome(found.answer, found.plan, found.progress, (told,))
