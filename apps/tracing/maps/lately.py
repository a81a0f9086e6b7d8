"""The map of the last hour in a word, for home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.search.engines.base import Scope
from apps.tracing.maps import reading
from apps.tracing.maps.health import Health, health_of
from apps.tracing.maps.picture import node_id
from apps.tracing.maps.servicemap import MapNode

_AN_HOUR = timedelta(hours=1)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Lately:
    """`failing`: names and ids, those with most faults first; `traces` began within."""

    nodes: int
    traces: int
    failing: Sequence[tuple[str, str]]
    failing_count: int


def lately(scope: Scope, now: datetime) -> Lately:
    found = reading.read((now - _AN_HOUR).timestamp(), now.timestamp(), scope)
    failing = [one for one in found.nodes if health_of(one.figures) is Health.FAILING]
    failing.sort(key=lambda node: -node.figures.faults)
    return Lately(
        len(found.nodes),
        found.traces,
        [_named(node) for node in failing[:_NAMED]],
        len(failing),
    )


def _named(node: MapNode) -> tuple[str, str]:
    return node.key.name, node_id(node.key)
