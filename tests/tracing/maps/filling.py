"""Fill a home with the map of a shop: `manage.py shell` and benches call it."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from apps.tracing.maps.servicemap import ServiceMap
from tests.tracing.maps import kept, made

SIZES = {12: made.shop, 60: lambda: made.large(60, 90), 500: lambda: made.large(500, 818)}


def fill(nodes: int, minutes: int, until_s: int | None = None) -> None:
    """Minutes until now, more calls by day than by night."""
    until = (until_s or int(time.time())) // 60 * 60
    draw = random.Random(7)  # noqa: S311 - dice
    map_: ServiceMap = SIZES[nodes]()
    calm = replace(map_, nodes=map_.nodes, edges=map_.edges)
    shares = [0.012 + 0.006 * draw.random() + (0.008 if at % 300 > 200 else 0) for at in range(minutes)]
    kept.keep(calm, until - minutes * 60, minutes, lambda at: shares[at])
