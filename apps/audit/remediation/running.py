"""The life of a run: of whatever state it is in, the next one, until it has to wait.

Any worker may take a run up at any moment after the one before it ended, however it
ended: what was done is in rows, and what is not known is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.audit.models import Run, RunStep
from apps.audit.remediation import (
    changers,
    documents,
    following,
    gates,
    locks,
    stepping,
    verifying,
)
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import HandOver
from apps.audit.remediation.doors import DoorReads, where_of
from apps.audit.remediation.ending import end
from apps.audit.remediation.settling import settle
from apps.audit.remediation.stepping import Clock
from apps.audit.remediation.transitions import move, wait
from apps.discovery.aws import AwsDenied, AwsError, AwsGone
from apps.discovery.leases import Lease, LeaseLost
from apps.search.faults import fault_of

log = logging.getLogger(__name__)
State = Run.State

_WAITS = timedelta(seconds=30)
_AFTER_A_PROBLEM = timedelta(seconds=10)
# A run whose resource cannot be read for so long needs a person.
_MOST_UNREADABLE = timedelta(hours=1)
_MOST_STEPS = 100


def due(now: datetime) -> list[int]:
    """Runs that somebody should go on with, oldest first."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = Run.objects.filter(free, finished_at=None, next_at__lte=now)
    return list(rows.order_by("next_at").values_list("pk", flat=True)[:100])


def advance(run_id: int, clock: Clock) -> None:
    """Go on with a run as far as it goes now; nothing where another worker does."""
    run = Run.objects.filter(pk=run_id, finished_at=None, next_at__lte=clock()).first()
    lease = run and Lease.take(run, "claimed_until", clock())
    if not lease:
        return
    run = lease.row
    try:
        _go(run, lease, clock)
    except LeaseLost as error:
        log.info("run %s: %s", run_id, error)
    except Exception as error:  # the boundary of a job: the row tells of it
        log.exception("run %s failed", run_id)
        later = clock() + _AFTER_A_PROBLEM
        Run.objects.filter(pk=run_id, finished_at=None).update(
            problem=fault_of(error), next_at=later
        )
    finally:
        lease.give_back()


def _go(run: Run, lease: Lease[Run], clock: Clock) -> None:
    for _ in range(_MOST_STEPS):
        now = clock()
        if run.is_over or run.next_at > now:
            return
        lease.keep(now)
        try:
            _HANDLERS[State(run.state)](run, clock)
        except AwsError as error:
            _unreadable(run, error, clock())


def _unreadable(run: Run, error: AwsError, now: datetime) -> None:
    """A reading call failed: of whatever is known nothing changes."""
    if run.state == State.APPROVED and isinstance(error, AwsDenied | AwsGone):
        end(run, State.ABORTED, str(error), now)
    elif now - (run.started_at or run.created_at) > _MOST_UNREADABLE:
        state = State.STUCK if run.acted_at else State.ABORTED
        end(run, state, f"The resource cannot be read: {error}", now)
    else:
        wait(run, now + _AFTER_A_PROBLEM, str(error))


def _approved(run: Run, clock: Clock) -> None:
    gate = gates.ask(run, clock())
    if gate.way == gates.Way.ABORT:
        end(run, State.ABORTED, gate.says, clock())
        return
    if gate.way == gates.Way.WAIT:
        wait(run, clock() + _WAITS, gate.says)
        return
    document = run.plan.document
    action, subject = registry.by_identifier(run.action), documents.subject_of(document)
    image = action.read(DoorReads(where_of(run.plan)), subject, run.plan.parameters)
    now = clock()
    if image.digest != document["digests"][0]:
        who = changers.who_changed(run.plan, run.plan.planned_at or now, now)
        problem = f"The resource is not as it was planned: {who} changed it since."
        end(run, State.ABORTED, problem, now)
        return
    with transaction.atomic():
        fence = locks.take(run, now)
        if fence:
            stepping.make_rows(run, RunStep.Phase.APPLY)
            told = {"gates": gate.passed, "image": image.digest, "fence": fence}
            move(
                run, State.EXECUTING, now, told, fence=fence, started_at=now, problem=""
            )
    if not fence:
        wait(run, now + _AFTER_A_PROBLEM, "Another run works on the resource.")


def _executing(run: Run, clock: Clock) -> None:
    step = stepping.next_step(run, RunStep.Phase.APPLY)
    if step is not None:
        stepping.take(run, step, clock)
        return
    is_elsewhere = isinstance(registry.by_identifier(run.action), HandOver)
    state, now = State.FOLLOWING if is_elsewhere else State.VERIFYING, clock()
    move(run, state, now, {}, applied_at=now, next_at=now)


def _verifying(run: Run, clock: Clock) -> None:
    if verifying.verify(run, clock):
        _roll_back(run, clock)


def _holding(run: Run, clock: Clock) -> None:
    if verifying.watch(run, clock):
        _roll_back(run, clock)


def _roll_back(run: Run, clock: Clock) -> None:
    """Undo what was done, if the resource is still as the run left it."""
    document, why = run.plan.document, run.problem
    if not document["undo"]:
        because = document["irreversible_because"] or "It cannot be rolled back."
        end(run, State.STUCK, f"{why} {because}", clock())
        return
    if not _is(run, document["digests"][-1]):
        now = clock()
        who = changers.who_changed(run.plan, run.applied_at or now, now)
        says = f"{why} It was not rolled back: {who} changed the resource since."
        end(run, State.STUCK, says, now)
        return
    with transaction.atomic():
        stepping.make_rows(run, RunStep.Phase.UNDO)
        move(run, State.ROLLING_BACK, clock(), {"because": why}, problem=why)


def _rolling_back(run: Run, clock: Clock) -> None:
    step = stepping.next_step(run, RunStep.Phase.UNDO)
    if step is not None:
        stepping.take(run, step, clock)
        return
    if _is(run, run.plan.document["digests"][0]):
        end(run, State.ROLLED_BACK, run.problem, clock())
        return
    says = f"{run.problem} After the roll back the resource is not as it was before."
    end(run, State.STUCK, says, clock())


def _is(run: Run, digest: str) -> bool:
    """Whether the resource is so now. Raises AwsError."""
    document = run.plan.document
    action, subject = registry.by_identifier(run.action), documents.subject_of(document)
    reads = DoorReads(where_of(run.plan))
    return action.read(reads, subject, run.plan.parameters).digest == digest


_HANDLERS: dict[State, Callable[[Run, Clock], None]] = {
    State.APPROVED: _approved,
    State.EXECUTING: _executing,
    State.UNKNOWN: settle,
    State.FOLLOWING: following.follow,
    State.VERIFYING: _verifying,
    State.HOLDING: _holding,
    State.ROLLING_BACK: _rolling_back,
}
