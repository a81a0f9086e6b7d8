"""A real process, really killed: what is left on disk is all that the next one has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.killable import Worker
from tests.monitoring.logs.deliveries import (
    EXPORTS,
    a_bucket,
    a_stream,
    export,
    source,
    subscribe,
)
from tests.monitoring.logs.world import World

pytestmark = pytest.mark.django_db(transaction=True)
_KILLS = 6


@pytest.fixture
def worker(world: World, settings: Any) -> Iterator[Worker]:
    made = Worker("tests.monitoring.logs.worker", settings)
    yield made
    made.end()


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(
    world: World, worker: Worker, client: Any
) -> None:
    chance = random.Random(11)  # noqa: S311 - decides when, no secret
    prepare(world, client)
    kills = 0
    while kills < _KILLS:
        speak(world, chance)
        world.pass_time(30)
        kills += worker.dies_while_working(world.clock.now(), chance.uniform(0, 0.6))
    world.cloud.faults.clear()

    for _ in range(15):
        world.pass_time(120)
        worker.works(world.clock.now())

    worker.end()
    assert world.documents() == world.events()


def prepare(world: World, client: Any) -> None:
    """Two groups that are polled and sent to a stream, and an export of one."""
    a_stream(world, client)
    speak(world, random.Random(1))  # noqa: S311
    world.take_stock()
    for group in ("/shop", "/till"):
        subscribe(client, group)
    source(world, "bucket", bucket=EXPORTS, log_group="/shop")
    export(world, a_bucket(client, EXPORTS), "/shop")
    world.strike("empty-pages", "logs.FilterLogEvents")
    world.strike("duplicate", "logs.subscriptions", probability=0.5)


def speak(world: World, chance: random.Random) -> None:
    for group in ("/shop", "/till"):
        words = [f"{chance.random()}" for _ in range(chance.randint(1, 300))]
        world.say(*words, *words[:3], group=group, stream=chance.choice(("a", "b")))
