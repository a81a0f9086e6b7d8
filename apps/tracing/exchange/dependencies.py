"""The service map as other tools draw it: calls from name to name."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from apps.tracing.exchange.words import service_name
from apps.tracing.maps.servicemap import CLIENT, ServiceMap


class Dependency(NamedTuple):
    parent: str
    child: str
    calls: int
    errors: int


def dependencies_of(map_: ServiceMap) -> list[Dependency]:
    """Edges between services; those who call from outside are no services. Nodes of
    one name are one here, whatever they run on."""
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for edge in map_.edges:
        if edge.source.type == CLIENT:
            continue
        ends = service_name(edge.source), service_name(edge.target)
        counted[ends][0] += edge.figures.calls
        counted[ends][1] += edge.figures.failures
    return [Dependency(*ends, *figures) for ends, figures in sorted(counted.items())]
