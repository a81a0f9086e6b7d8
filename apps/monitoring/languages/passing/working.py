"""Runs at AWS, a step at a time: started, looked at every second, ended, paid.

A run is held by moving on `next_at`: whoever moves it has it until then. A worker that
dies leaves the id of the query in the row, and another goes on with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError, AwsThrottled, AwsUnreachable
from apps.discovery.models import Account
from apps.monitoring.languages import insights, keeping
from apps.monitoring.languages.answering import asked_of
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.passing import filtering, prices, spending
from apps.monitoring.languages.passing.awsanswers import answer_of
from apps.monitoring.languages.passing.cloudwatch_queries import (
    MOST_ROWS,
    CloudWatchQueries,
    Found,
    Wanted,
)
from apps.monitoring.languages.running import Language
from apps.monitoring.models import LogQueryRun
from apps.search.faults import fault_of

log = logging.getLogger(__name__)

State = LogQueryRun.State
Now = Callable[[], datetime]

_LEASE = timedelta(minutes=2)
_LOOK_AGAIN = timedelta(seconds=1)
_PAUSE = timedelta(seconds=5)
# So long AWS may be out of reach; a query itself ends after 60 minutes.
_PATIENCE = timedelta(minutes=75)
_SHOWN_SO_FAR = 1_000
_ENDS = {
    "Complete": (State.DONE, ""),
    "Cancelled": (
        State.CANCELLED,
        "Cancelled: this is what CloudWatch had found by then.",
    ),
    "Timeout": (
        State.DONE,
        "CloudWatch gave up after 60 minutes: this is what it had found by then.",
    ),
}


class Lost(Exception):
    """Another worker holds the run by now."""


def due(now: datetime) -> list[int]:
    """Runs at AWS with something to do, those that wait longest first."""
    waiting = _open().filter(next_at__lte=now).order_by("next_at")
    return list(waiting.values_list("pk", flat=True))


def _open() -> QuerySet[LogQueryRun]:
    return LogQueryRun.objects.filter(
        place=LogQueryRun.Place.AWS, state__in=(State.REQUESTED, State.RUNNING)
    )


def advance(run_id: int, now: Now) -> None:
    """Do the next step of a run, if nobody else does; what goes wrong ends in it."""
    run = _open().select_related("account").filter(pk=run_id).first()
    if run is None or run.account is None:
        return
    working = Working(run, run.account, now)
    try:
        working.take()
        working.step()
    except Lost:
        return
    except (AwsThrottled, AwsUnreachable) as error:
        working.try_again(str(error))
    except AwsError as error:
        working.fail(str(error))
    except Exception as error:  # the boundary of a task: the row tells of it
        log.exception("log query %s at AWS failed", run.pk)
        told = fault_of(error)
        working.fail(told)


class Working:
    """A run that this worker holds."""

    def __init__(self, run: LogQueryRun, account: Account, now: Now) -> None:
        self.run, self._account, self._now = run, account, now

    def take(self) -> None:
        """Raises Lost where somebody else has it, or nothing is due."""
        if self.run.next_at is None or self.run.next_at > self._now():
            raise Lost
        self.save(next_at=self._now() + _LEASE)

    def save(self, **changes: Any) -> None:
        """Write to the row while it is ours. Raises Lost."""
        held = _open().filter(pk=self.run.pk, next_at=self.run.next_at)
        if not held.update(**changes):
            raise Lost
        for name, value in changes.items():
            setattr(self.run, name, value)

    def beat(self) -> bool:
        """Keep the run for longer; whether somebody asked for it to end."""
        self.save(next_at=self._now() + _LEASE)
        self.run.refresh_from_db(fields=["is_cancel_requested"])
        return self.run.is_cancel_requested

    def step(self) -> None:
        run = self.run
        if run.state == State.REQUESTED:
            if run.is_cancel_requested:
                self.end(State.CANCELLED)
                return
            if not self._take_place():
                return
        if run.language == Language.PATTERN:
            filtering.answer(self, target(self._account, run.region))
        else:
            self._query()

    def _take_place(self) -> bool:
        """One of the few queries that may run in an account at once; the lock on its
        row keeps workers from counting at the same time."""
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=self._account.pk)
            others = _open().filter(account=self._account, state=State.RUNNING)
            if others.count() >= settings.LOG_QUERIES_AT_AWS:
                self.save(next_at=self._now() + _LOOK_AGAIN)
                return False
            self.save(state=State.RUNNING, started_at=self._now())
        return True

    def _query(self) -> None:
        queries = CloudWatchQueries(target(self._account, self.run.region))
        if not self.run.query_id:
            if self.run.is_cancel_requested and not self.run.attempts:
                self.end(State.CANCELLED)
                return
            self._start(queries)
        if self.beat() and not self.run.partial:
            queries.stop(self.run.query_id)
        found = queries.found(self.run.query_id)
        self._tell(found)
        if found.is_over:
            self._finish(queries, found)
            return
        if found.bytes > self.run.most_bytes and not self.run.partial:
            queries.stop(self.run.query_id)
            told = (
                f"Stopped at the price agreed to, {prices.money(self.run.most_dollars)}"
                ": the groups held more than AWS had counted."
            )
            self.save(partial=[told])
        elif found.rows:
            keeping.keep(
                self.run, answer_of(found.rows, self._columns()), _SHOWN_SO_FAR
            )
            self._save_answer()
        self.save(next_at=self._now() + _LOOK_AGAIN)

    def _start(self, queries: CloudWatchQueries) -> None:
        """Where an attempt before may have died on its way, its query is looked for:
        none is paid twice."""
        run, wanted = self.run, self._wanted()
        query_id = ""
        if run.attempts and run.started_at is not None:
            query_id = queries.started_before(wanted, run.started_at)
        self.save(attempts=run.attempts + 1)
        try:
            self.save(query_id=query_id or queries.start(wanted))
        except AwsThrottled:
            # AWS runs as many queries as it does for one account: it took none.
            self.save(attempts=run.attempts - 1)
            raise

    def _wanted(self) -> Wanted:
        """The comment makes the text one of its own."""
        run = self.run
        span = asked_of(run).state.time_range(run.asked_at)
        text = f"{run.query}\n# Trailmap, query {run.pk}"
        return Wanted(text, run.groups, span.since, span.until)

    def _tell(self, found: Found) -> None:
        seconds = 0.0
        if self.run.started_at is not None:
            seconds = (self._now() - self.run.started_at).total_seconds()
        self.save(
            scanned=found.scanned,
            matched=found.matched,
            bytes=found.bytes,
            dollars=prices.dollars(found.bytes, settings.LOG_QUERY_PRICE_PER_GB),
            seconds=seconds,
        )

    def _finish(self, queries: CloudWatchQueries, found: Found) -> None:
        if found.status not in _ENDS:
            self.end(State.FAILED, f"CloudWatch ended the query: {found.status}.")
            return
        state, told = _ENDS[found.status]
        further = queries.further_rows(self.run.query_id, found)
        rows = list(islice(chain(found.rows, further), MOST_ROWS))
        if self.run.partial:  # it was stopped at its price, which is said already
            state, told = State.DONE, ""
        self.keep(answer_of(rows, self._columns()), [told] if told else [])
        self.end(state)

    def _columns(self) -> tuple[str, ...]:
        """What the query shows, where we can read it."""
        try:
            return insights.compile(self.run.query).columns()
        except QueryError:
            return ()

    def keep(self, answer: insights.Answer, told: list[str]) -> None:
        left_out = keeping.keep(self.run, answer)
        self.run.partial = [*self.run.partial, *told, *left_out]
        self._save_answer()

    def _save_answer(self) -> None:
        run = self.run
        self.save(
            version=run.version,
            found=run.found,
            rows=run.rows,
            partial=run.partial,
        )

    def try_again(self, problem: str) -> None:
        """After a while; not for ever."""
        now = self._now()
        if now - self.run.asked_at > _PATIENCE:
            self.fail(problem)
            return
        _open().filter(pk=self.run.pk, next_at=self.run.next_at).update(
            next_at=now + _PAUSE
        )

    def fail(self, problem: str) -> None:
        """End without an answer. A query whose end nobody saw may go on at AWS: it
        counts with the most it may cost."""
        is_unseen = bool(self.run.query_id or self.run.attempts)
        self.end(State.FAILED, problem, self.run.most_dollars if is_unseen else None)

    def end(
        self, state: State, problem: str = "", counted: float | None = None
    ) -> None:
        """The last change of a run, with what it cost, once."""
        run = self.run
        cost = run.dollars or 0.0
        counted = cost if counted is None else counted
        with transaction.atomic():
            ours = _open().filter(pk=run.pk, next_at=run.next_at)
            is_ours = ours.update(
                state=state,
                problem=problem,
                dollars=cost,
                finished_at=self._now(),
                next_at=None,
            )
            if is_ours and run.day is not None:
                spending.settle(
                    self._account.number, run.day, counted - run.most_dollars, run.bytes
                )
