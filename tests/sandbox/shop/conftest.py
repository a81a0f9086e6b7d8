"""Journeys through the shop, drawn from the same dice each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.shop.effects import NONE, Effects
from sandbox.shop.names import Balanced, DeployedFunction, Names, RunningTask
from sandbox.shop.topology import SERVICES, STORES, Runtime, Service
from sandbox.shop.visits import Journey, Traveller
from tests.sandbox.conftest import NOW


def _tasks(service: Service) -> tuple[RunningTask, ...]:
    arn = f"arn:aws:ecs:eu-west-1:{service.account}:"
    return tuple(
        RunningTask(
            f"{arn}task/shop/{number:032x}",
            f"{arn}task-definition/{service.name}:1",
            f"10.21.0.{number}",
        )
        for number in range(1, service.tasks + 1)
    )


def _functions() -> dict[str, DeployedFunction]:
    arn = "arn:aws:lambda:eu-west-1:{}:function:{}"
    return {
        name: DeployedFunction(arn.format(service.account, name), "$LATEST")
        for name, service in SERVICES.items()
        if service.runtime is Runtime.LAMBDA
    }


_ON_ECS = [s for s in SERVICES.values() if s.runtime is Runtime.ECS]
NAMES = Names(
    api_id="abc123",
    tasks={service.name: _tasks(service) for service in _ON_ECS},
    running={service.name: service.tasks for service in _ON_ECS},
    functions=_functions(),
    balanced={
        name: Balanced(f"app/{name}/1111", f"targetgroup/{name}/2222")
        for name in ("storefront", "payments")
    },
    hosts={name: f"{name}.example" for name in STORES},
)
"""What an estate might be called."""
Journeys = Callable[..., list[Journey]]


@pytest.fixture
def journeys() -> Journeys:
    """So many requests, of one kind if it is named, under some effects."""

    def make(count: int, action: str = "", effects: Effects = NONE) -> list[Journey]:
        traveller = Traveller(seed=7)
        found: list[Journey] = []
        while len(found) < count:
            journey = traveller.journey(NOW + len(found), effects)
            if journey is not None and action in ("", journey.root.action):
                found.append(journey)
        return found

    return make
