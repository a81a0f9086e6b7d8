"""Runs over sources of configuration items, one at a time per source.

Parts of a run do not need one another: what one could not do is told in the end, and
the others are done all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from apps.discovery.accounts import why_not_read
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsError
from apps.discovery.inventory.aggregating import aggregate
from apps.discovery.inventory.reconciling import read_pasts, reconcile
from apps.discovery.inventory.recorders import note_unreadable
from apps.discovery.inventory.runs import Run, is_due
from apps.discovery.inventory.scanning import scan
from apps.discovery.inventory.sweeping import read_files, sweep
from apps.discovery.leases import Lease, LeaseLost
from apps.discovery.models import ConfigSource
from apps.search.engines.base import DocumentEngine

_RUN_EVERY = timedelta(seconds=15)
_AFTER_A_PROBLEM = timedelta(seconds=60)
_SWEEP_EVERY = timedelta(minutes=15)
_RECONCILE_EVERY = timedelta(minutes=10)
_SCAN_EVERY = timedelta(minutes=10)

Clock = Callable[[], datetime]


def due_sources(now: datetime) -> list[int]:
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rested = Q(ran_at=None) | Q(problem="", ran_at__lte=now - _RUN_EVERY)
    rested |= Q(ran_at__lte=now - _AFTER_A_PROBLEM)
    found = ConfigSource.objects.filter(free & rested, is_enabled=True)
    return list(found.values_list("pk", flat=True))


def collect(source_id: int, engine: DocumentEngine, clock: Clock) -> None:
    """One run, if nobody else is at it. What goes wrong ends in the row."""
    source = ConfigSource.objects.select_related("account").filter(pk=source_id).first()
    if source is None:
        return
    lease = Lease.take(source, "claimed_until", clock())
    if lease is None:
        return

    def work() -> str:
        try:
            why_not = why_not_read(source.account)
            return why_not or _parts(Run(source, lease, engine, clock))
        except LeaseLost:
            return ""

    problem = problem_of(work, f"reading {source}")
    now = clock()
    note_unreadable(source, problem, now)
    lease.give_back(
        ran_at=now,
        problem=problem,
        problem_since=(source.problem_since or now) if problem else None,
        succeeded_at=source.succeeded_at if problem else now,
    )


def _due_parts(run: Run) -> Iterator[tuple[str, Callable[[Run], None]]]:
    source = run.source
    asks = is_due(source.reconciled_at, _RECONCILE_EVERY, run.now)
    if source.aggregator:
        if asks:
            yield "aggregate", aggregate
        return
    if source.asks_config and asks:
        yield "reconcile", reconcile
    if source.asks_config and run.has_backlog:
        yield "read_pasts", read_pasts
    if source.bucket:
        if is_due(source.swept_at, _SWEEP_EVERY, run.now):
            yield "sweep", sweep
        yield "read_files", read_files
    if source.scans and is_due(source.scanned_at, _SCAN_EVERY, run.now):
        yield "scan", scan


def _parts(run: Run) -> str:
    """What was left undone, in a sentence; of parts that were not due, as they were
    left. Raises LeaseLost."""
    problems = dict(run.source.problems)
    for name, part in _due_parts(run):
        run.problems.clear()
        try:
            part(run)
        except AwsError as error:
            run.problems.append(str(error))
        problems[name] = " ".join(dict.fromkeys(run.problems))
    run.intake.commit()
    problems = {name: told for name, told in problems.items() if told}
    run.lease.write(problems=problems)
    return " ".join(dict.fromkeys(problems.values()))
