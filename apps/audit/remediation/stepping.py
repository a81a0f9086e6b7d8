"""One changing call: noted before, made once, its outcome noted after."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from apps.audit.models import Run, RunStep
from apps.audit.remediation import documents, doors, locks, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import HandOver
from apps.audit.remediation.ending import end
from apps.audit.remediation.transitions import move, move_step, wait
from apps.discovery.aws import AwsError, AwsUnreachable
from apps.discovery.leases import LeaseLost

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
State, StepState = Run.State, RunStep.State

SETTLES_AFTER = timedelta(seconds=60)
"""So long a call that nobody heard of again may still take effect."""
_LOOK_AGAIN = timedelta(seconds=5)
# A call takes 35 seconds at most: it is not begun where the claim ends before.
_NEEDS = timedelta(seconds=40)


def make_rows(run: Run, phase: str) -> None:
    """The steps of a phase, from the plan that was approved."""
    document = run.plan.document
    told = document["steps" if phase == RunStep.Phase.APPLY else "undo"]
    for number, one in enumerate(told):
        parameters = dict(one["parameters"])
        token = ""
        if one["token"]:
            token = documents.token_of(run.plan.plan_hash, phase, number)
            parameters[one["token"]] = token
        RunStep.objects.get_or_create(
            run=run,
            phase=phase,
            number=number,
            defaults={
                "title": one["title"],
                "service": one["service"],
                "operation": one["operation"],
                "parameters": parameters,
                "token": token,
            },
        )


def next_step(run: Run, phase: str) -> RunStep | None:
    steps = run.steps.filter(phase=phase).exclude(state=StepState.DONE)
    return steps.order_by("number").first()


def take(run: Run, step: RunStep, clock: Clock) -> None:
    """Go on with a step that is not done. Raises LeaseLost."""
    if step.state == StepState.PENDING:
        _begin(run, step, clock)
    elif step.state == StepState.INTENT:
        # Whoever began it is gone: the call may have been made, or not.
        _be_unknown(run, step, "The worker ended.", clock())
    else:
        end_early(run, step, clock())


def _begin(run: Run, step: RunStep, clock: Clock) -> None:
    now = clock()
    if problem := _why_not(run, now):
        _stop(run, step, problem, now)
        return
    move_step(run, step, StepState.INTENT, now, intent_at=now)
    now = clock()
    if problem := _why_not(run, now):
        # Between the note and the call: it was not made, that is certain.
        move_step(run, step, StepState.NO_EFFECT, now, problem=problem)
        _stop(run, step, problem, now)
        return
    _call(run, step, clock)


def _why_not(run: Run, now: datetime) -> str:
    """What keeps the call from being made. Raises LeaseLost where it is not ours."""
    if run.claimed_until is None or run.claimed_until < now + _NEEDS:
        raise LeaseLost("The claim on the run is about to end.")
    if problem := switch.why_stopped():
        return problem
    if not locks.holds(run, now):
        return "Another run has taken over the resource."
    return ""


def _call(run: Run, step: RunStep, clock: Clock) -> None:
    action = registry.by_identifier(run.action)
    try:
        written = doors.write(
            run, action, step.service, step.operation, step.parameters
        )
    except AwsUnreachable as error:
        _be_unknown(run, step, str(error), clock())
    except AwsError as error:
        now = clock()
        move_step(
            run, step, StepState.REFUSED, now, problem=str(error), finished_at=now
        )
        end_early(run, step, now)
    else:
        if isinstance(action, HandOver):
            run.reference = action.reference(written.answer)
            Run.objects.filter(pk=run.pk).update(reference=run.reference)
        now = clock()
        move_step(
            run,
            step,
            StepState.DONE,
            now,
            request_id=written.request_id[:120],
            finished_at=now,
        )


@transaction.atomic
def _be_unknown(run: Run, step: RunStep, problem: str, now: datetime) -> None:
    move_step(run, step, StepState.UNKNOWN, now, problem=problem)
    move(
        run,
        State.UNKNOWN,
        now,
        {"step": step.number},
        next_at=now,
        problem="Nobody knows whether a call took effect: the resource is read.",
    )


def wait_to_settle(run: Run, now: datetime) -> None:
    wait(run, now + _LOOK_AGAIN, run.problem)


def _stop(run: Run, step: RunStep, problem: str, now: datetime) -> None:
    """A gate closed: before the first call nothing was done, later a part is."""
    done = run.steps.filter(state=StepState.DONE).exists()
    end(run, State.STUCK if done else State.ABORTED, problem, now)


def end_early(run: Run, step: RunStep, now: datetime) -> None:
    """A step that was refused, or had no effect, ends the run."""
    problem = step.problem or "The call had no effect."
    if step.phase == RunStep.Phase.UNDO:
        end(run, State.STUCK, f"It could not be rolled back: {problem}", now)
    elif step.number:
        problem = (
            f"Step {step.number + 1} was not done, those before it were: {problem}"
        )
        end(run, State.STUCK, problem, now)
    else:
        end(run, State.FAILED, f"Nothing was changed: {problem}", now)
