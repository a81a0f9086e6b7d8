"""The end of a run, and what follows of it: all in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.models import Plan, Run
from apps.audit.remediation import limits, locks, telling
from apps.audit.remediation.transitions import move


@transaction.atomic
def end(run: Run, state: str, problem: str, now: datetime, **fields: Any) -> None:
    """End the run: its resource is free, breakers look, people are told. Raises
    LeaseLost."""
    told = {"problem": problem}
    move(run, state, now, told, problem=problem, finished_at=now, **fields)
    locks.give_back(run)
    limits.check_failures(run.action, run.account, now)
    # Automatic plans that come too late are no news.
    if state != Run.State.ABORTED or run.plan.origin != Plan.Origin.AUTOMATIC:
        telling.run_over(run, now)
