"""What every action promises, held against the sandbox over HTTP.

Calls are made with the permissions that an action declares, and no others.
"""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from apps.audit.remediation.actions.base import (
    Action,
    HandOver,
    Image,
    Reversibility,
)
from apps.audit.remediation.actions.policies import (
    MOST_CHARACTERS,
    compact,
    session_policy,
)
from apps.audit.remediation.actions.registry import actions
from apps.discovery.aws import AwsDenied, AwsGone, AwsThrottled
from sandbox.kernel.faults import FaultKind
from tests.contracts.actions.every import SCENARIOS
from tests.contracts.actions.scenarios import Scenario
from tests.contracts.actions.world import Attempt, World

REPAIRS = [one for one in actions() if not isinstance(one, HandOver)]


@pytest.fixture(params=SCENARIOS, ids=str)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    found: Scenario = request.param
    return found


@pytest.fixture
def attempt(world: World, scenario: Scenario) -> Attempt:
    return Attempt(world, scenario)


def test_every_action_has_a_scenario() -> None:
    told = {scenario.identifier for scenario in SCENARIOS}

    assert told == {action.identifier for action in REPAIRS}


def test_a_plan_says_what_changes_and_writes_nothing(attempt: Attempt) -> None:
    before = attempt.read()
    draft = attempt.plan()

    assert draft.changes
    assert draft.before == before == attempt.read()
    assert draft.before.digest != draft.expected.digest
    assert all(change.before != change.after for change in draft.changes)


def test_each_step_leaves_what_the_plan_says_lies_between(attempt: Attempt) -> None:
    draft, action = attempt.plan(), attempt.action
    assert attempt.read().digest == action.state_after(draft, 0).digest

    for done, step in enumerate(draft.steps, 1):
        attempt.runner.make(step)

        assert attempt.read().digest == action.state_after(draft, done).digest
    assert attempt.read().digest == draft.expected.digest


def test_a_repaired_resource_has_nothing_to_do(attempt: Attempt) -> None:
    attempt.apply(attempt.plan().steps)

    again = attempt.draft()
    assert not again.steps
    assert again.expected.digest == again.before.digest


def test_what_can_be_undone_is_as_before(attempt: Attempt) -> None:
    draft = attempt.plan()
    steps = attempt.undo(draft)
    attempt.apply(draft.steps)

    if attempt.action.reversibility is Reversibility.NONE:
        assert not steps
        return
    attempt.apply(steps)
    assert attempt.read().digest == draft.before.digest


def test_an_image_kept_as_json_undoes_as_well(attempt: Attempt) -> None:
    draft = attempt.plan()
    kept = replace(
        draft, before=as_json(draft.before), expected=as_json(draft.expected)
    )

    assert attempt.undo(kept) == attempt.undo(draft)


def as_json(image: Image) -> Image:
    return Image(orjson.loads(orjson.dumps(dict(image.values))))


def test_somebody_elses_change_makes_a_plan_stale(
    attempt: Attempt, world: World
) -> None:
    draft = attempt.plan()

    attempt.scenario.meddle(world, attempt.subject)

    assert attempt.read().digest != draft.before.digest


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FaultKind.DENIED, AwsDenied), (FaultKind.THROTTLE, AwsThrottled)],
)
def test_a_refused_step_changes_nothing(
    attempt: Attempt, world: World, kind: FaultKind, error: type[Exception]
) -> None:
    draft = attempt.plan()
    step = draft.steps[0]

    with world.failing(kind, attempt.runner.name_of(step)), pytest.raises(error):
        attempt.runner.make(step)

    assert attempt.read().digest == draft.before.digest


def test_who_may_not_read_is_told_so(attempt: Attempt, world: World) -> None:
    with world.failing(FaultKind.DENIED, "*"), pytest.raises(AwsDenied):
        attempt.read()


def test_what_is_gone_is_said_to_be_gone(world: World, scenario: Scenario) -> None:
    subject = scenario.gone(world)
    runner = world.runner(scenario.action)

    with pytest.raises(AwsGone):
        scenario.action.read(runner, subject, scenario.parameters_for(world, subject))


@pytest.mark.parametrize("action", REPAIRS, ids=lambda one: one.identifier)
def test_permissions_are_those_that_are_needed(world: World, action: Action) -> None:
    own = [one for one in SCENARIOS if one.identifier == action.identifier]
    world.runner(action)

    with world.heard(action) as used:
        for scenario in own:
            attempt = Attempt(world, scenario)
            draft = attempt.plan()
            attempt.apply(draft.steps)
            attempt.apply(attempt.undo(draft))

    assert used == {*action.permissions.read, *action.permissions.write}


@pytest.mark.parametrize("action", REPAIRS, ids=lambda one: one.identifier)
def test_the_policy_of_a_plans_session_is_enough_for_it(
    world: World, action: Action
) -> None:
    for scenario in SCENARIOS:
        if scenario.identifier != action.identifier:
            continue
        attempt = Attempt(world, scenario)
        draft = attempt.plan()
        undo = attempt.undo(draft)
        policy = session_policy(attempt.subject, draft, undo)
        assert len(compact(policy)) <= MOST_CHARACTERS
        session = world.somebody(compact(policy))

        for step in (*draft.steps, *undo):
            session.make(step)


@pytest.mark.parametrize("action", actions(), ids=lambda one: one.identifier)
def test_an_action_says_what_it_is(action: Action) -> None:
    assert action.title
    assert action.says.endswith(".")
    assert action.resource_types or isinstance(action, HandOver)
    is_full = action.reversibility is Reversibility.FULL
    assert is_full is not bool(action.irreversible_because)
    assert action.given({}) == {one.name: one.default for one in action.parameters}
