"""What a worker that may write does, each moment."""

from __future__ import annotations

from apps.audit.remediation import automatic, planning, running
from apps.audit.remediation.stepping import Clock


def plan_and_run(plan_id: int, clock: Clock) -> None:
    """Make a plan; where nobody has to approve it, carry it out at once."""
    run = planning.make(plan_id, clock)
    if run is not None:
        running.advance(run.pk, clock)


def begin_automatic(clock: Clock) -> None:
    """Plans for open violations, and an end to plans that nobody approved."""
    planning.expire(clock())
    automatic.consider_open(clock())
