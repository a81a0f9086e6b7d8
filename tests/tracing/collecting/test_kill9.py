"""A real process, really killed: what is left on disk is all that the next one has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.killable import Worker
from tests.tracing.collecting.world import World

pytestmark = pytest.mark.django_db(transaction=True)
_KILLS = 4


@pytest.fixture
def worker(world: World, settings: Any) -> Iterator[Worker]:
    made = Worker("tests.tracing.collecting.worker", settings)
    yield made
    made.end()


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(
    world: World, worker: Worker
) -> None:
    chance = random.Random(11)  # noqa: S311 - decides when, no secret
    world.strike("empty-pages", "xray.*", probability=0.3)
    world.strike("partial", "xray.BatchGetTraces", probability=0.3)
    kills = 0
    while kills < _KILLS:
        world.happens(chance.randint(5, 20), late=True)
        world.pass_time(100)
        kills += worker.dies_while_working(world.clock.now(), chance.uniform(0, 1))
    world.cloud.faults.clear()

    world.settle(work=lambda: worker.works(world.clock.now()))

    worker.end()
    world.check()
