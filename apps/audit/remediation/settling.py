"""What a call did whose outcome nobody knows: the resource is read, never the call
made again blindly."""

from __future__ import annotations

from datetime import datetime

from apps.audit.models import Run, RunStep
from apps.audit.remediation import documents
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import HandOver
from apps.audit.remediation.doors import DoorReads, where_of
from apps.audit.remediation.ending import end
from apps.audit.remediation.stepping import (
    SETTLES_AFTER,
    Clock,
    end_early,
    wait_to_settle,
)
from apps.audit.remediation.transitions import move, move_step

State, StepState = Run.State, RunStep.State


def settle(run: Run, clock: Clock) -> None:
    """Read whether an unknown step took effect. Raises AwsError, LeaseLost."""
    step = run.steps.filter(state=StepState.UNKNOWN).order_by("phase", "number").first()
    if step is None:
        _go_on(run, clock())
        return
    action = registry.by_identifier(run.action)
    if isinstance(action, HandOver):
        _settle_hand_over(run, step, action, clock)
    else:
        _settle_by_image(run, step, clock)


def _settle_hand_over(run: Run, step: RunStep, action: HandOver, clock: Clock) -> None:
    subject = documents.subject_of(run.plan.document)
    reads = DoorReads(where_of(run.plan))
    found = action.find(reads, subject, run.plan.parameters, step.token)
    now = clock()
    if found:
        run.reference = found
        Run.objects.filter(pk=run.pk).update(reference=found)
        _took_effect(run, step, now)
    else:
        _had_none(run, step, now)


def _settle_by_image(run: Run, step: RunStep, clock: Clock) -> None:
    action, document = registry.by_identifier(run.action), run.plan.document
    subject = documents.subject_of(document)
    image = action.read(DoorReads(where_of(run.plan)), subject, run.plan.parameters)
    before, after = _digests(document, step)
    now = clock()
    if image.digest == after != before:
        _took_effect(run, step, now)
    elif image.digest == before != after:
        _had_none(run, step, now)
    else:
        end(
            run,
            State.STUCK,
            "Nobody knows whether the last call took effect: the resource is neither "
            "as before it nor as after it. Look at it, and repair it by hand.",
            now,
        )


def _digests(document: documents.Document, step: RunStep) -> tuple[str, str]:
    """Of the resource before and after a step; "" where nobody says."""
    digests = list(document["digests"])
    if step.phase == RunStep.Phase.UNDO:
        between = [""] * (len(document["undo"]) - 1)
        digests = [digests[-1], *between, digests[0]]
    return digests[step.number], digests[step.number + 1]


def _took_effect(run: Run, step: RunStep, now: datetime) -> None:
    move_step(
        run,
        step,
        StepState.DONE,
        now,
        finished_at=now,
        problem="Settled by reading: the call took effect.",
    )
    _go_on(run, now)


def _had_none(run: Run, step: RunStep, now: datetime) -> None:
    """Not so far. Where AWS takes a token of ours, the same call is harmless; else it
    is given time, and not made again by this run."""
    if step.token:
        move_step(
            run,
            step,
            StepState.PENDING,
            now,
            problem="Not found: asked for again under the same token.",
        )
        _go_on(run, now)
    elif step.intent_at is not None and now < step.intent_at + SETTLES_AFTER:
        wait_to_settle(run, now)
    else:
        problem = "Settled by reading: the call had no effect."
        move_step(run, step, StepState.NO_EFFECT, now, finished_at=now, problem=problem)
        end_early(run, step, now)


def _go_on(run: Run, now: datetime) -> None:
    undoing = run.steps.filter(phase=RunStep.Phase.UNDO).exists()
    state = State.ROLLING_BACK if undoing else State.EXECUTING
    move(run, state, now, {"settled": True}, problem="")
