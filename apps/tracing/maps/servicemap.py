"""The service map of a window of time, as pages, the API and comparisons read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from apps.tracing.maps.latencies import Histogram, added, percentile_us
from apps.tracing.spans.span import ServiceKey

CLIENT = "client"
"""The type of nodes that stand for whoever called a service from outside."""


@dataclass(frozen=True)
class Figures:
    """What calls did. Errors are 4xx, faults 5xx; throttles are some of the errors.

    `calls` counts calls that ended. `histogram` has their latencies, as far as they are
    known; on edges that are links it has the ages of messages when they were received.
    """

    calls: int = 0
    faults: int = 0
    errors: int = 0
    throttles: int = 0
    total_us: int = 0
    histogram: Histogram = field(default_factory=dict)

    @property
    def ok(self) -> int:
        return self.calls - self.faults - self.errors

    @property
    def failures(self) -> int:
        return self.faults + self.errors

    @property
    def fault_rate(self) -> float | None:
        """Faults of calls, 0 to 1; None without calls."""
        return self.faults / self.calls if self.calls else None

    @property
    def error_rate(self) -> float | None:
        """Errors of calls, faults not among them, 0 to 1; None without calls."""
        return self.errors / self.calls if self.calls else None

    @property
    def mean_ms(self) -> float | None:
        timed = sum(self.histogram.values())
        return self.total_us / timed / 1_000 if timed else None

    def percentile_ms(self, fraction: float) -> float | None:
        """The latency, in milliseconds, that this fraction of calls did not exceed."""
        found = percentile_us(self.histogram, fraction)
        return None if found is None else found / 1_000


@dataclass(frozen=True)
class MapNode:
    """A service, or what services call. `sends_spans` is False for what is only known
    from those who call it; `is_root` where clients call it."""

    key: ServiceKey
    figures: Figures
    sends_spans: bool
    is_root: bool = False


@dataclass(frozen=True)
class MapEdge:
    """Calls from one node to another. `is_async`: messages through a queue, whose
    receiver nobody waits for. `aliases`: what callers call the callee, where that is
    not its name."""

    source: ServiceKey
    target: ServiceKey
    is_async: bool
    figures: Figures
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[ServiceKey, ServiceKey, bool]:
        return self.source, self.target, self.is_async


@dataclass(frozen=True)
class ServiceMap:
    """From `since_s` until before `until_s`, seconds since 1970, whole minutes.

    `traces` are the traces that began in it.
    """

    since_s: int
    until_s: int
    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]
    traces: int = 0

    @cached_property
    def by_key(self) -> Mapping[ServiceKey, MapNode]:
        return {node.key: node for node in self.nodes}


def merged_edges(edges: Iterable[MapEdge]) -> tuple[MapEdge, ...]:
    """Edges of several maps as those of one: what is between the same nodes adds up."""
    found: dict[tuple[ServiceKey, ServiceKey, bool], MapEdge] = {}
    for edge in edges:
        known = found.get(edge.key)
        if known is not None:
            aliases = dict.fromkeys(known.aliases + edge.aliases)
            figures = merged_figures(known.figures, edge.figures)
            edge = replace(edge, figures=figures, aliases=tuple(aliases))
        found[edge.key] = edge
    return tuple(found.values())


def merged_figures(one: Figures, other: Figures) -> Figures:
    return Figures(
        one.calls + other.calls,
        one.faults + other.faults,
        one.errors + other.errors,
        one.throttles + other.throttles,
        one.total_us + other.total_us,
        added((one.histogram, other.histogram)),
    )
