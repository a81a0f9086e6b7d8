"""Changes of a run's state: each counts once, and stands in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.ledger.writing import append
from apps.audit.models import Run, RunStep
from apps.discovery.leases import LeaseLost

ACTOR = "trailmap"


@transaction.atomic
def move(
    run: Run, state: str, now: datetime, told: dict[str, Any], **fields: Any
) -> None:
    """Change the run's state, if it is still as we have it and still ours. `told` goes
    to the ledger. Raises LeaseLost."""
    _change(run, state=state, **fields)
    append(f"run.{state}", ACTOR, {**about(run), **told}, now, run.subject)


@transaction.atomic
def note(
    run: Run, kind: str, now: datetime, told: dict[str, Any], **fields: Any
) -> None:
    """Write down what happened without a change of state. Raises LeaseLost."""
    _change(run, **fields)
    append(kind, ACTOR, {**about(run), **told}, now, run.subject)


@transaction.atomic
def move_step(
    run: Run, step: RunStep, state: str, now: datetime, **fields: Any
) -> None:
    """Change a step's state, and with it the run's version. Raises LeaseLost."""
    _change(
        run, **({"acted_at": now} if state == "intent" and not run.acted_at else {})
    )
    rows = RunStep.objects.filter(pk=step.pk, state=step.state)
    if not rows.update(state=state, **fields):
        raise LeaseLost(f"{step} was changed by another process.")
    before = step.state
    for name, value in {"state": state, **fields}.items():
        setattr(step, name, value)
    told = {
        "step": step.number,
        "phase": step.phase,
        "was": before,
        "call": f"{step.service}.{step.operation}",
        "request_id": step.request_id,
        "problem": step.problem,
        "fence": run.fence,
    }
    if state == RunStep.State.INTENT:
        told["parameters"] = step.parameters
    append(f"step.{state}", ACTOR, {**about(run), **told}, now, run.subject)


def wait(run: Run, until: datetime, problem: str) -> None:
    """Look again later. Raises LeaseLost."""
    _change(run, next_at=until, problem=problem)


def _change(run: Run, **fields: Any) -> None:
    ours = Run.objects.filter(
        pk=run.pk,
        state=run.state,
        version=run.version,
        claimed_until=run.claimed_until,
    )
    fields["version"] = run.version + 1
    if not ours.update(**fields):
        raise LeaseLost(f"{run} is worked on by another process.")
    for name, value in fields.items():
        setattr(run, name, value)


def about(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "plan": run.plan_id,
        "plan_hash": run.plan.plan_hash,
        "account": run.account,
        "action": run.action,
        "resource": run.resource_key,
    }
