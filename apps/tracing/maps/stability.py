"""The order in which nodes stood on maps before, whatever window is looked at.

Laid out from every edge of lately, so that between refreshes, and while time is
replayed, nodes come and go without the others changing their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from apps.tracing.maps.layout import layout
from apps.tracing.maps.picture import node_id
from apps.tracing.models import SeenEdge
from apps.tracing.spans.span import ServiceKey

_LATELY = timedelta(days=2)
_MOST = 1_200
_ENDS = ("account", "type", "name")


def order_of_lately(since: datetime) -> Mapping[str, float]:
    """By id of node; nothing where there are too many edges for it to be quick."""
    rows = (
        SeenEdge.objects.filter(last_seen__gte=since - _LATELY)
        .order_by("pk")
        .values_list(*(f"source__{one}" for one in _ENDS), *_of_target())[: _MOST + 1]
    )
    keys = tuple(rows)
    return _order(keys) if 0 < len(keys) <= _MOST else {}


@lru_cache(maxsize=16)
def _order(rows: tuple[tuple[str, ...], ...]) -> Mapping[str, float]:
    """Which edges there are changes seldom, and is asked for often."""
    edges = sorted(
        {(node_id(ServiceKey(*row[:3])), node_id(ServiceKey(*row[3:]))) for row in rows}
    )
    nodes = sorted({end for edge in edges for end in edge})
    return layout(nodes, edges).order


def _of_target() -> tuple[str, ...]:
    return tuple(f"target__{one}" for one in _ENDS)
