"""A real process, really killed: what is left on disk is all that the next one has."""

from __future__ import annotations

import os
import random
import selectors
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

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
_ROOT = Path(__file__).parents[3]
_KILLS = 6


class Worker:
    """A worker that is started again after each kill."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.monitoring.logs.worker"],
            cwd=_ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._says(60) == b"ready\n"

    def _says(self, seconds: float) -> bytes:
        """The next line; nothing where none comes within so many seconds."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return b""
        return self._process.stdout.readline()

    def works(self, now: float) -> None:
        self._send(now)
        assert self._says(60) == b"done\n"

    def dies_while_working(self, now: float, after: float) -> bool:
        """Whether it was killed before it was done."""
        self._send(now)
        if self._says(after) == b"done\n":
            return False
        self.end()
        self._start()
        return True

    def _send(self, now: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{now}\n".encode())
        self._process.stdin.flush()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def worker(world: World, settings: Any) -> Iterator[Worker]:
    made = Worker(
        {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "TRAILMAP_HOME": str(settings.HOME),
            "SECRET_KEY": "for-tests-only",
            "TESTS_DATABASE": str(connection.settings_dict["NAME"]),
            "OPENSEARCH_PREFIX": settings.OPENSEARCH_PREFIX,
        }
    )
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
