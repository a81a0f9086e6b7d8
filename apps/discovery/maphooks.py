"""What rooms tell the service map of its nodes, without knowing tracing.

Settings name the functions: MAP_BADGES, MAP_TRAFFIC and MAP_SERVICES. Each answers
only of what the viewer may see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from apps.discovery.accounts import Viewer
from apps.search.timerange import TimeRange

NodeKey: TypeAlias = tuple[str, str, str]
"""Account, type and name of a node; account and type may be empty."""


@dataclass(frozen=True, slots=True)
class Badge:
    """`kind`: alarm, change, incident or violation; `url` leads to what is counted."""

    kind: str
    count: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class SilentService:
    """A service that is known to be there, whether or not it sends traces. `kind` says
    what it is in words; `known_from` how one knows."""

    account: str
    region: str
    name: str
    kind: str
    known_from: str
    url: str


BadgeSource: TypeAlias = Callable[
    [Sequence[NodeKey], TimeRange, Viewer], Mapping[NodeKey, Sequence[Badge]]
]
TrafficSource: TypeAlias = Callable[
    [Sequence[NodeKey], TimeRange, Viewer], Mapping[NodeKey, float]
]
"""How many calls there really were, traced or not; keys without a metric are absent."""
ServiceSource: TypeAlias = Callable[[TimeRange, Viewer], Sequence[SilentService]]
