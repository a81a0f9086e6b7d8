"""What rooms tell of caches and how often they had the answer, without knowing tracing.

Settings name the functions: CACHE_RATES. Each answers only of what the viewer may see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from apps.discovery.accounts import Viewer
from apps.search.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class CacheRate:
    """How often a cache had the answer. `kind`: ElastiCache, API Gateway or DAX."""

    kind: str
    account: str
    region: str
    name: str
    hits: float
    misses: float

    @property
    def hit_rate(self) -> float | None:
        """Of all that was asked, 0 to 1; None where nothing was."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


CacheSource: TypeAlias = Callable[[TimeRange, Viewer], Sequence[CacheRate]]
