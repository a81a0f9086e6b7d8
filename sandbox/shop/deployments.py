"""The deployments of the past, drawn before the shop is built: what is built is what
they left."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.shop.topology import SERVICES, Runtime, Service

_COUNT = 14
_SEED = 1


@dataclass(frozen=True, slots=True)
class Deployment:
    """The `number`th new version of a service. `share` is how much of the past had
    gone by then, from 0 to 1."""

    service: Service
    share: float
    number: int

    def time(self, start: float, end: float) -> float:
        return start + self.share * (end - start)


def version(number: int) -> str:
    return f"1.{number}.0"


def _drawn() -> Sequence[Deployment]:
    dice = random.Random(_SEED)  # noqa: S311 - a demo's dice
    tasks = [each for each in SERVICES.values() if each.runtime is Runtime.ECS]
    # The last few minutes stay quiet: all of them have been recorded.
    shares = sorted(dice.uniform(0.01, 0.99) for _ in range(_COUNT))
    seen: Counter[str] = Counter()
    found = []
    for share in shares:
        service = dice.choice(tasks)
        seen[service.name] += 1
        found.append(Deployment(service, share, seen[service.name]))
    return found


PAST: Sequence[Deployment] = _drawn()


def past_of(service: Service) -> list[Deployment]:
    return [each for each in PAST if each.service is service]
