"""What goes wrong, and what the health page has to say meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from tests.crash.world import World
from tests.servers.all import OPENSEARCH, POSTGRESQL, REDIS, Server

_LASTS_SECONDS = 12.0
_SAID_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """`bring` makes it so, and returns what the health page said; `says`: a word of
    what it must say, "" where the others go on without anybody noticing."""

    name: str
    bring: Callable[[World], str]
    says: str = ""


def redis_flushed(world: World) -> str:
    redis.Redis.from_url(REDIS.url).flushall()
    return ""


def redis_restarted(world: World) -> str:
    return _gone(REDIS, signal.SIGKILL, world, "broker")


def postgresql_restarted(world: World) -> str:
    # "Immediate": as if it crashed.
    return _gone(POSTGRESQL, signal.SIGQUIT, world, "database")


def opensearch_refusing_then_red(world: World) -> str:
    """Its own answers to a disk that is full: 429 to every write. Then an index of
    which no copy is anywhere."""
    days = f"{world.prefix}-trail-*"
    OPENSEARCH.fill_disk(days)
    said = _said(world, "blocks")
    time.sleep(_LASTS_SECONDS)
    OPENSEARCH.lose(days)
    OPENSEARCH.fill_disk(days, is_full=False)
    said += "; " + _said(world, "shards")
    time.sleep(_LASTS_SECONDS)
    OPENSEARCH.restore(days)
    return said


def opensearch_restarted(world: World) -> str:
    return _gone(OPENSEARCH, signal.SIGKILL, world, "engine")


def _gone(server: Server, how: int, world: World, word: str) -> str:
    """A server ended so, and started again once the health page told of it."""
    server.process.stop(how)
    try:
        return _said(world, word)
    finally:
        server.start()


def every_worker_killed(world: World) -> str:
    world.kill_workers()
    said = _said(world, "worker was last heard")
    for _ in range(2):
        world.start_worker()
    return said


FAULTS = (
    Fault("every worker killed", every_worker_killed, "worker"),
    Fault("Redis flushed", redis_flushed),
    Fault("Redis killed and started", redis_restarted, "broker"),
    Fault("PostgreSQL crashed and started", postgresql_restarted, "database"),
    Fault("OpenSearch: 429, then red", opensearch_refusing_then_red, "engine"),
    Fault("OpenSearch killed and started", opensearch_restarted, "engine"),
)


def _said(world: World, word: str) -> str:
    """What the health page says with this word in it. Raises NotInTime."""
    found: list[str] = []

    def is_said() -> bool:
        found[:] = [one for one in world.health() if word in one]
        return bool(found)

    world.wait_for(f"a word of {word!r}", is_said, _SAID_WITHIN_SECONDS)
    return found[0]
