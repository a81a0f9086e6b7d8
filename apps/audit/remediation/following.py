"""What another service of AWS carries out, followed until it is over."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from apps.audit.models import Run
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import HandOver, Progress
from apps.audit.remediation.documents import plain
from apps.audit.remediation.doors import DoorReads, where_of
from apps.audit.remediation.ending import end
from apps.audit.remediation.stepping import Clock
from apps.audit.remediation.transitions import move, note, wait

_EVERY = timedelta(seconds=2)
_MOST = timedelta(hours=6)


def follow(run: Run, clock: Clock) -> None:
    """One look at it. Raises AwsError, LeaseLost."""
    action = registry.by_identifier(run.action)
    if not isinstance(action, HandOver):
        raise TypeError(f"{action.identifier} is carried out here.")
    reads = DoorReads(where_of(run.plan))
    progress = action.follow(reads, run.plan.parameters, run.reference)
    now, told = clock(), _told(progress)
    if told != run.progress:
        note(run, "run.progress", now, {"text": progress.text}, progress=told)
    if not progress.is_over:
        since = now - (run.applied_at or now)
        if since > _MOST:
            end(run, Run.State.STUCK, "It has gone on for six hours.", now)
        else:
            wait(run, now + _EVERY, "")
    elif progress.is_good:
        # Verified from its end on, not from its begin.
        move(run, Run.State.VERIFYING, now, {"text": progress.text}, applied_at=now)
    else:
        end(run, Run.State.FAILED, f"The execution failed: {progress.text}", now)


def _told(progress: Progress) -> dict[str, object]:
    told: dict[str, object] = plain(asdict(progress))
    return told
