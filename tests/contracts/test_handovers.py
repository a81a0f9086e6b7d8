"""What every hand-over promises, held against the sandbox over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest

from apps.audit.remediation.actions.base import (
    Draft,
    HandOver,
    Image,
    Progress,
    Subject,
    Values,
)
from apps.audit.remediation.actions.registry import actions
from apps.discovery.aws import AwsDenied, AwsGone, AwsThrottled
from sandbox.kernel.faults import FaultKind
from tests.contracts.actions import handovers
from tests.contracts.actions.handovers import HANDED, Handed, pass_seconds
from tests.contracts.actions.world import Runner, World


@dataclass
class Handing:
    """A hand-over of one subject, by its runner."""

    action: HandOver
    world: World
    runner: Runner
    subject: Subject
    parameters: Values

    def read(self) -> Image:
        return self.action.read(self.runner, self.subject, self.parameters)

    def draft(self) -> Draft:
        return self.action.draft(self.subject, self.parameters, self.read())

    def start(self, token: str) -> str:
        (step,) = self.draft().steps
        return self.action.reference(self.runner.make(step, token))

    def follow(self, reference: str) -> Progress:
        return self.action.follow(self.runner, self.parameters, reference)

    def find(self, token: str) -> str:
        return self.action.find(self.runner, self.subject, self.parameters, token)


def handing(world: World, handed: Handed, given: Values) -> Handing:
    action = handed.action
    subject = handovers.subject(world)
    return Handing(action, world, world.runner(action), subject, given)


@pytest.fixture(params=HANDED, ids=str)
def handed(request: pytest.FixtureRequest) -> Handed:
    found: Handed = request.param
    return found


def test_every_hand_over_is_here() -> None:
    told = {one.identifier for one in HANDED}

    assert told == {one.identifier for one in actions() if isinstance(one, HandOver)}


def test_it_is_followed_until_it_succeeds(world: World, handed: Handed) -> None:
    one = handing(world, handed, handed.good(world))

    reference = one.start(str(uuid4()))
    pass_seconds(world, 4)
    progress = one.follow(reference)

    assert (progress.is_over, progress.is_good) == (True, True), progress
    assert all(node.state == "succeeded" for node in progress.graph)


def test_a_failure_is_told(world: World, handed: Handed) -> None:
    one = handing(world, handed, handed.bad(world))

    reference = one.start(str(uuid4()))
    pass_seconds(world, 4)
    progress = one.follow(reference)

    assert (progress.is_over, progress.is_good) == (True, False), progress
    assert progress.text
    states = {node.state for node in progress.graph}
    assert not states or "failed" in states


def test_it_changes_nothing_by_a_plan_and_cannot_be_undone(
    world: World, handed: Handed
) -> None:
    one = handing(world, handed, handed.good(world))
    draft = one.draft()

    assert len(draft.steps) == 1
    assert draft.before.digest == draft.expected.digest == one.read().digest
    assert not one.action.undo(one.subject, one.parameters, draft)
    assert one.find(str(uuid4())) == ""


def test_a_plan_is_stale_once_something_else_would_run(
    world: World, handed: Handed
) -> None:
    given = handed.good(world)
    one = handing(world, handed, given)
    before = one.read()

    handed.meddle(world, given)

    assert one.read().digest != before.digest


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FaultKind.DENIED, AwsDenied), (FaultKind.THROTTLE, AwsThrottled)],
)
def test_what_is_refused_starts_nothing(
    world: World, handed: Handed, kind: FaultKind, error: type[Exception]
) -> None:
    one, token = handing(world, handed, handed.good(world)), str(uuid4())
    (step,) = one.draft().steps

    with world.failing(kind, one.runner.name_of(step)), pytest.raises(error):
        one.runner.make(step, token)

    assert one.find(token) == ""


def test_what_is_not_there_is_said_to_be_gone(world: World, handed: Handed) -> None:
    with pytest.raises(AwsGone):
        handing(world, handed, handed.gone).read()


@pytest.mark.parametrize("handed", HANDED[:2], ids=str)
def test_a_token_starts_one_execution(world: World, handed: Handed) -> None:
    one, token = handing(world, handed, handed.good(world)), str(uuid4())

    assert one.start(token) == one.start(token)


def test_a_lost_answer_of_a_state_machine_is_found_by_its_token(world: World) -> None:
    handed, token = HANDED[1], str(uuid4())
    one = handing(world, handed, handed.good(world))

    reference = one.start(token)

    assert one.find(token) == reference


def test_the_graph_moves_with_the_execution(world: World) -> None:
    one = handing(world, HANDED[1], HANDED[1].good(world))
    reference = one.start(str(uuid4()))

    before = one.follow(reference)
    assert not before.is_over
    assert [(node.name, node.state, node.next) for node in before.graph] == [
        ("Repair", "pending", ("Done",)),
        ("Done", "pending", ()),
    ]
    pass_seconds(world, 1)
    assert [node.state for node in one.follow(reference).graph] == [
        "succeeded",
        "pending",
    ]


def test_a_function_that_wrote_no_lines_yet_is_not_over(world: World) -> None:
    one = handing(world, HANDED[3], HANDED[3].good(world))

    progress = one.follow(f"event:{uuid4()}")

    assert not progress.is_over


@pytest.mark.parametrize(
    "action",
    [one for one in actions() if isinstance(one, HandOver)],
    ids=lambda one: one.identifier,
)
def test_permissions_are_those_that_are_needed(world: World, action: HandOver) -> None:
    own = [one for one in HANDED if one.identifier == action.identifier]
    world.runner(action)

    with world.heard(action) as used:
        for handed in own:
            one, token = handing(world, handed, handed.good(world)), str(uuid4())
            reference = one.start(token)
            pass_seconds(world, 3)
            one.follow(reference)
            one.find(token)

    assert used == {*action.permissions.read, *action.permissions.write}
