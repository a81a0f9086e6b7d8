"""Fill a home with the map of a shop: benches and the browser's tests call it."""

from __future__ import annotations

import random
import time

from apps.tracing.maps.servicemap import ServiceMap
from tests.tracing.maps import kept, made


def sized(nodes: int) -> ServiceMap:
    if nodes <= len(made.shop().nodes):
        return made.shop()
    return made.large(nodes, {60: 90, 500: 818}.get(nodes, nodes * 3 // 2))


def fill(nodes: int, minutes: int, until_s: int | None = None) -> None:
    """So many minutes until now, with more calls at times."""
    until = (until_s or int(time.time())) // 60 * 60
    draw = random.Random(7)
    shares = [
        0.012 + 0.006 * draw.random() + (0.008 if at % 300 > 200 else 0)
        for at in range(minutes)
    ]
    kept.keep(sized(nodes), until - minutes * 60, minutes, shares.__getitem__)
