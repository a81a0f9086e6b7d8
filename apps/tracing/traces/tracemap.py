"""The service map of one trace: what was called in it, how often, and what failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from apps.tracing.maps.counting import counted
from apps.tracing.maps.picture import Label, Picture, drawn_edge, drawn_node
from apps.tracing.maps.servicemap import Figures
from apps.tracing.maps.shown import drawn
from apps.tracing.spans.span import Span
from apps.tracing.traces.durations import shown
from apps.tracing.traces.naming import short_name

MOST_NODES = 40
_MINUTE_US = 60_000_000


def trace_map(spans: Sequence[Span], href: Callable[[str], str]) -> str:
    """As SVG; empty where there is only one node, or more than can be taken in.
    `href`: the address of a part of the map by its id."""
    first = min(span.start_us for span in spans) // _MINUTE_US
    last = max(span.end_us or span.start_us for span in spans) // _MINUTE_US
    found = counted([spans], 60 * first, 60 * (last + 2))
    if not 1 < len(found.nodes) <= MOST_NODES:
        return ""
    nodes = [
        replace(
            drawn_node(node, 60, href(drawn_node(node, 60, "").id)),
            name=short_name(node.key.name) or "unnamed",
            numbers=_told(node.figures),
            words=_told(node.figures),
        )
        for node in found.nodes
    ]
    edges = [
        replace(drawn_edge(edge, Label.CALLS, 60, href), label=_calls(edge.figures))
        for edge in found.edges
    ]
    return drawn(Picture(nodes, edges))


def _told(figures: Figures) -> str:
    """Such as 3 calls · 1 failed · 120 ms, the time of all of them."""
    if not figures.calls:
        return ""
    parts = [_calls(figures)]
    if figures.failures:
        parts.append(f"\u2715 {figures.failures:,}")
    return " · ".join([*parts, shown(figures.total_us / 1_000)])


def _calls(figures: Figures) -> str:
    return "1 call" if figures.calls == 1 else f"{figures.calls:,} calls"
