"""A worker that is killed, at each moment of a run: whoever takes over finds out what
was done, and nothing is done twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connections

from apps.audit.ledger.verifying import verify
from apps.audit.models import Lock, Optin, Plan, Run, Violation
from apps.audit.remediation import automatic, jobs, planning, running
from apps.discovery.aws import forget_sessions
from tests.audit.remediation.conftest import World, a_violation

pytestmark = pytest.mark.django_db(transaction=True)

# Where it is killed: a function of remediation, before it is called or once it is
# done, for the first time.
MOMENTS = {
    "the plan is made, not written": ("planning", "_made", "after"),
    "the plan is written, the run not begun": ("running", "_go", "before"),
    "the lock is taken, not committed": ("locks", "take", "after"),
    "the run is begun": ("stepping", "take", "before"),
    "the intent is committed, the call not made": ("stepping", "_call", "before"),
    "the call took effect, its result is not written": ("doors", "write", "after"),
    "the result is written": ("stepping", "_call", "after"),
    "the resource is being verified": ("verifying", "_verdict", "after"),
    "the resource is verified, callers are watched": ("verifying", "watch", "before"),
    "the end is being written": ("ending", "end", "before"),
}


def die_at(moment: tuple[str, str, str]) -> None:
    """From here on this process is killed at that moment."""
    name, function, when = moment
    module = import_module(f"apps.audit.remediation.{name}")
    work = getattr(module, function)

    def armed(*args: Any, **more: Any) -> Any:
        if when == "after":
            work(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    for user in ("planning", "running", "stepping", "verifying", "doors", "ending"):
        place = import_module(f"apps.audit.remediation.{user}")
        if getattr(place, function, None) is work:
            setattr(place, function, armed)
    setattr(module, function, armed)


def in_a_process(work: Callable[[], None]) -> int:
    """The signal that ended a process that did it; 0 where it came to its end."""
    connections.close_all()
    forget_sessions()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def work_through(world: World) -> None:
    """What the worker's ticks do, of everything that is due."""
    jobs.begin_automatic(world.clock)
    for plan_id in planning.waiting(world.now):
        jobs.plan_and_run(plan_id, world.clock)
    for run_id in running.due(world.now):
        running.advance(run_id, world.clock)


def opted_in(world: World) -> Violation:
    violation = a_violation(world.now)
    Optin.objects.create(
        rule=violation.rule,
        account=violation.account,
        action="test-keep",
        created_at=world.now,
    )
    return violation


def take_over(world: World) -> Run:
    for _ in range(20):
        world.pass_time(seconds=31)
        work_through(world)
        done = Run.objects.filter(state=Run.State.SUCCEEDED).first()
        if done is not None:
            return done
    raise AssertionError(list(Run.objects.values_list("state", "problem")))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_worker_is_followed_and_nothing_is_done_twice(
    world: World, moment: str
) -> None:
    violation = opted_in(world)

    def work() -> None:
        die_at(MOMENTS[moment])
        work_through(world)

    assert in_a_process(work) == signal.SIGKILL
    assert not Run.objects.filter(state=Run.State.SUCCEEDED).exists()
    assert verify([]).breaks == ()

    run = take_over(world)

    assert (world.days, world.calls) == (30, ["PutRetentionPolicy"])
    assert run.verification["outcome"] == "pass"
    assert run.plan.violation == violation
    assert not Lock.objects.exclude(run=None).exists()
    assert verify([]).breaks == ()


def test_a_worker_killed_while_rolling_back_is_followed(world: World) -> None:
    violation = opted_in(world)
    Optin.objects.update(parameters={"days": 60})
    world.pass_time(seconds=1)
    work_through(world)
    world.pass_time(seconds=120)

    def work() -> None:
        die_at(("doors", "write", "after"))
        work_through(world)

    assert in_a_process(work) == signal.SIGKILL
    world.pass_time(seconds=91)
    work_through(world)

    run = Run.objects.get(plan__violation=violation)
    assert run.state == Run.State.ROLLED_BACK, run.problem
    assert world.calls == ["PutRetentionPolicy", "DeleteRetentionPolicy"]
    assert world.days is None


def test_two_workers_on_one_run_make_one_call(world: World) -> None:
    opted_in(world)
    jobs.begin_automatic(world.clock)
    (plan_id,) = planning.waiting(world.now)
    connections.close_all()
    forget_sessions()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                jobs.plan_and_run(plan_id, world.clock)
                for run_id in running.due(world.now):
                    running.advance(run_id, world.clock)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)

    assert world.calls == ["PutRetentionPolicy"]
    assert Run.objects.get().state == Run.State.SUCCEEDED


def test_a_violation_heard_of_many_times_is_repaired_once(world: World) -> None:
    violation = opted_in(world)
    for origin in ("a queue", "an event", "a queue"):
        automatic.consider(violation, world.now, origin)
        work_through(world)

    assert Plan.objects.count() == 1
    assert world.calls == ["PutRetentionPolicy"]
    again = automatic.consider(violation, world.now + timedelta(hours=2), "late")
    assert again.plan == Plan.objects.get()


def test_what_an_hour_allows_is_not_exceeded_however_many_wait(world: World) -> None:
    violation = opted_in(world)
    Optin.objects.update(per_hour=3)
    for number in range(9):
        resource = violation.resource
        resource.pk, resource.resource_id = None, f"/gone/{number}"
        resource.save()
        Violation.objects.create(
            rule=violation.rule, resource=resource, account=violation.account,
            region=violation.region, opened_at=world.now, seen_at=world.now,
        )  # fmt: skip

    for _ in range(3):
        work_through(world)

    assert Plan.objects.count() == 3


def test_a_violation_that_comes_back_at_once_has_another_owner(world: World) -> None:
    violation = opted_in(world)
    work_through(world)
    Violation.objects.update(resolved_at=world.now)
    world.set_days(7)
    world.pass_time(minutes=10)
    again = a_violation(world.now)

    said = automatic.consider(again, world.now, "a queue")

    assert said.plan is None
    assert "something else owns it" in said.says
    assert Plan.objects.get().violation == violation
    assert world.calls == []
