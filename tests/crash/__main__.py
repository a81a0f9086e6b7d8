"""`script/test --crash`: brings every fault and prints what came of it."""

from __future__ import annotations

import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import django
from moto.server import ThreadedMotoServer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.crash.faults import FAULTS, Fault  # noqa: E402 - once Django is set up
from tests.crash.worker import STEPS  # noqa: E402
from tests.crash.world import NotInTime, World  # noqa: E402

_FILES, _EVENTS = 24, 1_200
_MANY_FILES, _MANY_EVENTS = 300, 30_000
# A worker that died is followed when its claim has run out, after 90 seconds.
_WHOLE_WITHIN_SECONDS = 200.0
_STARTED_WITHIN_SECONDS = 90.0
_UNDER_WAY = 0.05
_AFTERWARDS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    fault: str
    lost: int
    twice: int
    seconds: float
    said: str
    problem: str = ""

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.twice or self.problem)


def main() -> int:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloud = ThreadedMotoServer("127.0.0.1", port=0)
    cloud.start()
    host, port = cloud.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        print(f"{'fault':<58} {'lost':>5} {'twice':>5} {'recovered':>10}  health page")
        outcomes = _killed_at_every_step(endpoint)
        outcomes += [_told(_faulty(fault, endpoint)) for fault in FAULTS]
    finally:
        cloud.stop()
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _killed_at_every_step(endpoint: str) -> list[Outcome]:
    """A worker killed at each step; side by side, for most of it is waiting."""
    with ThreadPoolExecutor(len(STEPS)) as pool:
        outcomes = pool.map(lambda step: _killed_at(step, endpoint), STEPS)
        return [_told(outcome) for outcome in outcomes]


def _killed_at(step: str, endpoint: str) -> Outcome:
    world = World(step, endpoint, _FILES, _EVENTS, step)
    try:
        world.prepare()
        world.start()
        world.wait_for("its death", world.flag.exists, _STARTED_WITHIN_SECONDS)
        world.start_worker()
        return _outcome(f"worker killed: {step}", world, "")
    except NotInTime as error:
        return Outcome(f"worker killed: {step}", -1, -1, 0, "", str(error))
    finally:
        world.end()


def _faulty(fault: Fault, endpoint: str) -> Outcome:
    world = World(fault.name, endpoint, _MANY_FILES, _MANY_EVENTS)
    try:
        world.prepare()
        world.start()
        least = world.events * _UNDER_WAY
        world.wait_for(
            "work under way", lambda: world.count() >= least, _STARTED_WITHIN_SECONDS
        )
        world.require_unfinished()
        said = fault.bring(world)
        # What comes afterwards must be heard of, too: through the broker, by whoever
        # is alive. One file, which is announced.
        world.deliver(1, _AFTERWARDS)
        return _outcome(fault.name, world, said)
    except NotInTime as error:
        return Outcome(fault.name, -1, -1, 0, "", str(error))
    finally:
        world.end()


def _outcome(name: str, world: World, said: str) -> Outcome:
    began = time.monotonic()
    world.wait_for("everything", world.is_whole, _WHOLE_WITHIN_SECONDS)
    seconds = time.monotonic() - began
    stored = world.stored()
    lost, twice = len(world.truth - set(stored)), len(stored) - len(set(stored))
    return Outcome(name, lost, twice, seconds, said)


def _told(one: Outcome) -> Outcome:
    """A line of the table, as soon as it is known."""
    seconds = f"{one.seconds:.0f} s" if not one.problem else "NOT"
    said = one.problem or one.said or "-"
    line = f"{one.fault:<58} {one.lost:>5} {one.twice:>5} {seconds:>10}  {said}"
    print(line, flush=True)
    return one


if __name__ == "__main__":
    sys.exit(main())
