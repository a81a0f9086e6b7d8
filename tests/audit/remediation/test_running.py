"""The life of a run: what is planned is done once, and is verified, or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.models import (
    ActionLimit,
    Breaker,
    LedgerEntry,
    Lock,
    Plan,
    Run,
    RunStep,
    Violation,
)
from apps.audit.remediation import (
    approving,
    documents,
    limits,
    locks,
    planning,
    running,
    stepping,
    switch,
    transitions,
)
from apps.discovery.models import Grant, User
from sandbox.kernel.faults import FaultKind
from tests.audit.remediation.conftest import World

PUT = "logs.PutRetentionPolicy"
State = Run.State


def test_a_violation_is_repaired_and_verified_by_its_rule(
    world: World, violation: Violation
) -> None:
    plan = world.plan(violation=violation)
    assert plan.state == Plan.State.READY, plan.problem
    assert plan.document["steps"][0]["parameters"]["retentionInDays"] == 30

    run = world.finish(world.approve(plan))

    assert run.state == State.SUCCEEDED, run.problem
    assert (world.days, world.calls) == (30, ["PutRetentionPolicy"])
    assert run.verification["outcome"] == "pass"
    step = run.steps.get()
    assert step.state == "done"
    assert step.request_id
    kinds = list(
        LedgerEntry.objects.exclude(subject="switch").values_list("kind", flat=True)
    )
    assert kinds == [
        "plan.requested",
        "plan.ready",
        "plan.approved",
        "run.submitted",
        "run.executing",
        "step.intent",
        "step.done",
        "run.verifying",
        "run.holding",
        "run.succeeded",
    ]


def test_a_run_of_two_steps_makes_each_call_once(world: World) -> None:
    run = world.repair(action="test-keep-twice")

    assert run.state == State.SUCCEEDED, run.problem
    assert world.calls == ["PutRetentionPolicy"] * 2


def test_what_fails_the_rule_after_all_is_rolled_back(
    world: World, violation: Violation
) -> None:
    run = world.repair(violation=violation, days=60)

    assert run.state == State.ROLLED_BACK
    assert "lines are kept for 60 days" in run.problem
    assert world.calls == ["PutRetentionPolicy", "DeleteRetentionPolicy"]
    assert world.days is None


def test_it_is_not_rolled_back_where_somebody_changed_it_since(
    world: World, violation: Violation
) -> None:
    run = world.approve(world.plan(violation=violation, days=60))
    world.advance(run)
    world.set_days(90)

    world.finish(run)

    assert run.state == State.STUCK
    assert "somebody changed the resource since" in run.problem
    assert (world.days, world.calls) == (90, [])


def test_a_stale_plan_is_not_carried_out(world: World) -> None:
    plan = world.plan()
    world.set_days(7)

    run = world.finish(world.approve(plan))

    assert run.state == State.ABORTED
    assert "somebody changed it since" in run.problem
    assert world.calls == []


def test_nothing_is_planned_where_the_rule_passes_by_now(
    world: World, violation: Violation
) -> None:
    world.set_days(30)

    plan = world.plan(violation=violation)

    assert plan.state == Plan.State.REFUSED
    assert "nothing is to be done" in plan.problem


# --- Calls that go wrong  ---------------------------------------------------------


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.DENIED])
def test_a_call_that_is_refused_is_not_made_again(
    world: World, kind: FaultKind
) -> None:
    world.fail(kind, PUT)

    run = world.repair()

    assert run.state == State.FAILED
    assert "Nothing was changed" in run.problem
    assert (world.days, len(world.calls)) == (None, 1)
    assert run.steps.get().state == "refused"


def test_a_call_that_took_effect_without_an_answer_is_settled_by_reading(
    world: World,
) -> None:
    world.fail(FaultKind.ERROR_AFTER, PUT)

    run = world.repair()

    assert run.state == State.SUCCEEDED
    assert (world.days, len(world.calls)) == (30, 1)
    assert "run.unknown" in LedgerEntry.objects.values_list("kind", flat=True)


def test_a_call_without_answer_and_effect_is_given_time_and_not_made_again(
    world: World,
) -> None:
    world.fail(FaultKind.ERROR, PUT)
    run = world.approve(world.plan())

    world.advance(run)
    assert run.state == State.UNKNOWN
    world.pass_time(seconds=30)
    assert world.advance(run).state == State.UNKNOWN
    world.finish(run)

    assert run.state == State.FAILED
    assert "had no effect" in run.problem
    assert len(world.calls) == 1


def test_an_unknown_call_on_a_resource_that_is_neither_stops(
    world: World,
) -> None:
    world.fail(FaultKind.ERROR, PUT, count=1)
    run = world.approve(world.plan())
    running.advance(run.pk, _until_unknown(world, lambda: world.set_days(7)))

    world.finish(run)

    assert run.state == State.STUCK
    assert "neither" in run.problem
    assert world.days == 7


def _until_unknown(world: World, then: Callable[[], None]) -> Callable[[], Any]:
    """A clock; once a call is unknown, something else happens."""
    happened: list[bool] = []

    def clock() -> Any:
        if not happened and RunStep.objects.filter(state="unknown").exists():
            happened.append(True)
            then()
        return world.now

    return clock


# --- Gates -------------- ---------------------------------------------------------


def test_nothing_is_approved_while_repairs_are_off(world: World) -> None:
    plan = world.plan()
    switch.turn(False, "root", "drill", world.now)

    with pytest.raises(approving.NotApproved, match="switched off by root: drill"):
        world.approve(plan)


@pytest.mark.parametrize("how", ["row", "file", "setting", "unreadable"])
def test_a_switch_flipped_between_gate_and_call_keeps_it_from_being_made(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    run = world.approve(world.plan())
    noted = transitions.move_step

    def flip(*args: Any, **fields: Any) -> None:
        noted(*args, **fields)
        if args[2] != "intent":
            return
        if how == "row":
            switch.turn(False, "root", "stop", world.now)
        elif how == "file":
            (settings.HOME / switch.FILE).touch()
        elif how == "setting":
            settings.REMEDIATION_OFF = True
        else:
            settings.HOME = _Unreadable()

    monkeypatch.setattr(stepping, "move_step", flip)

    world.advance(run)

    assert run.state == State.ABORTED
    assert world.calls == []
    assert run.steps.get().state == "no_effect"


class _Unreadable:
    def __truediv__(self, name: str) -> Any:
        raise OSError("the disk is gone")


def test_a_plan_that_was_changed_after_its_approval_is_not_carried_out(
    world: World,
) -> None:
    plan = world.plan()
    run = world.approve(plan)
    plan.document["steps"][0]["parameters"]["retentionInDays"] = 1
    plan.save()

    world.finish(run)

    assert (run.state, world.calls) == (State.ABORTED, [])
    assert "changed since" in run.problem


def test_a_changed_plan_with_a_hash_of_its_own_is_not_the_one_approved(
    world: World,
) -> None:
    plan = world.plan()
    run = world.approve(plan)
    plan.document["steps"][0]["parameters"]["retentionInDays"] = 1
    plan.plan_hash = documents.hash_of(plan.document)
    plan.save()

    world.finish(run)

    assert (run.state, world.calls) == (State.ABORTED, [])
    assert "Another plan was approved" in run.problem


@pytest.mark.parametrize("name", ["olga", "anna"])
def test_rights_taken_after_the_approval_count(world: World, name: str) -> None:
    run = world.approve(world.plan())
    Grant.objects.filter(user__username=name).delete()

    world.finish(run)

    assert (run.state, world.calls) == (State.ABORTED, [])
    assert "may no longer" in run.problem


def test_an_expired_plan_is_neither_approved_nor_carried_out(world: World) -> None:
    plan, other = world.plan(), world.plan()
    run = world.approve(plan)
    world.pass_time(hours=1)

    with pytest.raises(approving.NotApproved, match="expired"):
        world.approve(other)
    world.finish(run)

    assert (run.state, world.calls) == (State.ABORTED, [])


def test_a_plan_is_approved_once_and_by_somebody_else(world: World) -> None:
    plan = world.plan()
    olga = User.objects.get(username="olga")
    Grant.objects.filter(user=olga).update(role=4)

    with pytest.raises(approving.NotApproved, match="Somebody else"):
        approving.approve(plan.pk, plan.plan_hash, olga, "password", world.now)
    world.approve(plan)
    with pytest.raises(approving.NotApproved, match="already"):
        world.approve(plan)

    assert Run.objects.count() == 1


def test_an_approval_is_of_the_plan_that_was_looked_at(world: World) -> None:
    plan = world.plan()
    anna = User.objects.get(username="anna")

    with pytest.raises(approving.NotApproved, match="look again"):
        approving.approve(plan.pk, "0" * 64, anna, "password", world.now)


def test_a_plan_that_touches_too_much_is_refused_whole(world: World) -> None:
    plan = world.plan(population=6)

    assert plan.state == Plan.State.REFUSED
    assert "6 resources, and 5 are allowed" in plan.problem


def test_runs_wait_for_their_turn_where_an_hour_is_used_up(world: World) -> None:
    ActionLimit.objects.create(action="test-keep", per_hour=1)
    world.repair()
    world.set_days(7)
    run = world.approve(world.plan())

    world.advance(run)
    assert run.state == State.APPROVED
    assert "an hour are allowed" in run.problem
    assert world.calls == []


# --- Several at work ---- ---------------------------------------------------------


def test_a_run_that_another_worker_has_is_left_alone(world: World) -> None:
    run = world.approve(world.plan())
    Run.objects.filter(pk=run.pk).update(
        claimed_until=world.now + timedelta(seconds=60)
    )

    assert world.advance(run).state == State.APPROVED
    assert running.due(world.now) == []
    assert world.calls == []


def test_two_runs_on_one_resource_do_not_write_at_the_same_time(world: World) -> None:
    first = world.approve(world.plan())
    second = world.approve(world.plan())
    Run.objects.filter(pk=first.pk).update(state=State.EXECUTING)
    locks.take(first, world.now)

    world.advance(second)

    assert second.state == State.APPROVED
    assert "Another run" in second.problem
    assert world.calls == []


def test_a_worker_that_lost_the_lock_does_not_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = world.approve(world.plan()), world.approve(world.plan())
    noted = transitions.move_step

    def lose(*args: Any, **fields: Any) -> None:
        noted(*args, **fields)
        Lock.objects.update(run=other, fence=99)

    monkeypatch.setattr(stepping, "move_step", lose)

    world.advance(run)

    assert (run.state, world.calls) == (State.ABORTED, [])


def test_a_worker_whose_claim_is_about_to_end_does_not_write(world: World) -> None:
    run = world.approve(world.plan())
    clock = iter([world.now] * 6 + [world.now + timedelta(seconds=51)] * 20)

    running.advance(run.pk, lambda: next(clock))

    run.refresh_from_db()
    assert run.state == State.EXECUTING
    assert world.calls == []


# --- Roll back on request, breakers -----------------------------------------------


def test_a_repair_is_rolled_back_as_a_run_of_its_own(world: World) -> None:
    run = world.repair()
    anna = User.objects.get(username="anna")
    plan = planning.request_rollback(run, anna, "password", world.now)

    back = planning.make(plan.pk, world.clock)
    assert back is not None
    world.finish(back)

    assert back.state == State.SUCCEEDED, back.problem
    assert world.days is None


def test_what_somebody_changed_since_is_not_rolled_back(world: World) -> None:
    run = world.repair()
    world.set_days(90)
    anna = User.objects.get(username="anna")

    plan = planning.request_rollback(run, anna, "password", world.now)
    planning.make(plan.pk, world.clock)

    plan.refresh_from_db()
    assert plan.state == Plan.State.REFUSED
    assert world.calls == []


def test_a_resource_that_is_repaired_again_and_again_has_another_owner(
    world: World, violation: Violation
) -> None:
    for _ in range(2):
        assert world.repair(violation=violation).state == State.SUCCEEDED
        world.set_days(7)
        world.pass_time(minutes=5)

    run = world.repair(violation=violation)

    assert run.state == State.ABORTED
    assert "something else owns it" in run.problem
    assert Breaker.objects.get().is_open
    assert world.calls == []


def test_an_action_that_keeps_failing_is_stopped_until_a_person_looked(
    world: World,
) -> None:
    world.fail(FaultKind.DENIED, PUT)
    for _ in range(3):
        world.repair()
    world.sandbox.cloud.faults.clear()
    world.calls.clear()

    run = world.repair()
    assert (run.state, world.calls) == (State.ABORTED, [])

    limits.close(Breaker.objects.get(), "anna", timezone.now())
    world.now = timezone.now()
    assert world.repair().state == State.SUCCEEDED
