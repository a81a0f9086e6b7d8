"""By whom calls are made, and what is carried out elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.audit.models import Run
from apps.audit.remediation.actions.base import (
    Draft,
    GraphNode,
    HandOver,
    Image,
    Permissions,
    Progress,
    Reads,
    Step,
    Subject,
    Values,
)
from apps.discovery.models import Account
from sandbox.kernel.calls import Finished
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.faults import FaultKind
from tests.audit.remediation import acting
from tests.audit.remediation.conftest import ACTIONS, World


class Elsewhere(acting.Keep, HandOver):
    """Starts by a call, and is over once it was looked at three times."""

    identifier = "test-elsewhere"
    looks = 0

    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        return Image({})

    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        return Draft(now, now, (self._put(subject, acting.WANTED),), ())

    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        return ()

    def reference(self, answer: Values) -> str:
        return "execution-1"

    def find(
        self, reads: Reads, subject: Subject, parameters: Values, token: str
    ) -> str:
        days = super().read(reads, subject, parameters).values["days"]
        return "execution-1" if days == acting.WANTED else ""

    def follow(self, reads: Reads, parameters: Values, reference: str) -> Progress:
        self.looks += 1
        is_over = self.looks >= 3
        state = "succeeded" if is_over else "running"
        graph = (GraphNode("Only", "Task", state),)
        return Progress(is_over, not parameters.get("fails"), state, "", graph)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    action = Elsewhere()
    monkeypatch.setitem(acting.ACTIONS, action.identifier, action)
    return action


def test_what_is_handed_over_is_followed_until_it_is_over(
    world: World, elsewhere: Elsewhere
) -> None:
    run = world.approve(world.plan("test-elsewhere"))
    world.advance(run)
    assert (run.state, run.reference) == (Run.State.FOLLOWING, "execution-1")
    assert run.progress["graph"][0]["state"] == "running"

    world.finish(run)

    assert run.state == Run.State.SUCCEEDED, run.problem
    assert run.progress["graph"][0]["state"] == "succeeded"
    assert world.calls == ["PutRetentionPolicy"]


def test_what_failed_elsewhere_failed(world: World, elsewhere: Elsewhere) -> None:
    run = world.repair(action="test-elsewhere", fails=True)

    assert run.state == Run.State.FAILED
    assert "The execution failed" in run.problem


def test_an_execution_whose_start_nobody_heard_of_is_found(
    world: World, elsewhere: Elsewhere
) -> None:
    world.fail(FaultKind.ERROR_AFTER, "logs.PutRetentionPolicy")

    run = world.repair(action="test-elsewhere")

    assert (run.state, run.reference) == (Run.State.SUCCEEDED, "execution-1")
    assert world.calls == ["PutRetentionPolicy"]


def _with_roles(world: World, allowed: str) -> list[str]:
    """The account is read and written by roles; the sessions that write."""
    iam = world.sandbox.cloud.client("iam", SHOP, HOME_REGION, "tests.amazonaws.com")
    trusts = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                    "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"},
                }
            ],
        }
    )
    for name, policy in (("reader", ACTIONS), ("trailmap-repair-logs", allowed)):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts)
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    Account.objects.update(role_arn=f"arn:aws:iam::{SHOP}:role/reader")
    sessions: list[str] = []

    def note(finished: Finished) -> None:
        if finished.call.operation.startswith("PutRetention"):
            sessions.append(finished.call.principal.arn)

    world.sandbox.cloud.on_call(note)
    return sessions


def test_each_run_writes_in_a_session_of_its_own(world: World) -> None:
    sessions = _with_roles(world, ACTIONS)

    run = world.repair()

    assert run.state == Run.State.SUCCEEDED, run.problem
    assert sessions == [
        f"arn:aws:sts::{SHOP}:assumed-role/trailmap-repair-logs/trailmap-run-{run.pk}"
    ]


def test_a_call_that_its_action_does_not_declare_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_roles(world, ACTIONS)
    less: Any = Permissions((), ("logs:DeleteRetentionPolicy",))
    monkeypatch.setattr(acting.Keep, "permissions", less)

    run = world.repair()

    assert run.state == Run.State.FAILED
    assert "does not declare that it needs logs:PutRetentionPolicy" in run.problem
    assert world.days is None


def test_a_role_that_may_not_write_changes_nothing(world: World) -> None:
    _with_roles(world, ACTIONS.replace('"*","Resource"', '"ec2:*","Resource"'))

    run = world.repair()

    assert run.state == Run.State.FAILED
    assert "Nothing was changed" in run.problem
