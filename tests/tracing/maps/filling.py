"""Fill a home with the map of a shop: benches and the browser's tests call it."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

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


def fill_history(nodes: int, days: int) -> None:
    """Every minute of so many days until now: each is one of a hundred that differ."""
    until = int(time.time()) // 60 * 60
    map_ = sized(nodes)
    draw = random.Random(3)
    shares = [0.01 + 0.01 * draw.random() for _ in range(100)]
    kept.keep_often(map_, until - days * 86_400, days * 1_440, shares)


def windows(days: int, many: int) -> list[tuple[str, str]]:
    """Windows of six hours anywhere in the last days, as times of a URL."""
    draw, now = random.Random(5), int(time.time()) // 60 * 60
    begins = [
        now - draw.randrange(6 * 3_600, (days - 1) * 86_400) // 60 * 60
        for _ in range(many)
    ]
    return [(_moment(one), _moment(one + 6 * 3_600)) for one in begins]


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
