"""The service map of traces, computed from nothing but their spans."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from apps.tracing.maps.linking import NO_SENDERS, Observation, Senders, observations
from apps.tracing.maps.servicemap import (
    CLIENT,
    Figures,
    MapEdge,
    MapNode,
    ServiceMap,
)
from apps.tracing.maps.tallies import Counts
from apps.tracing.spans.span import ServiceKey, Span

EdgeKey = tuple[ServiceKey, ServiceKey, bool]
NO_FIGURES = Figures()


def counted(
    traces: Iterable[Sequence[Span]],
    since_s: int,
    until_s: int,
    senders: Senders = NO_SENDERS,
) -> ServiceMap:
    """The map of a window, of whole minutes, from the spans of each trace."""
    tally = MapTally()
    number = 0
    first, last = since_s // 60, until_s // 60
    for spans in traces:
        number += 1
        tally.sending.update(sending(spans))
        for one in observations(spans, senders):
            if first <= one.minute < last:
                tally.add(one)
    return tally.service_map(since_s, until_s, number)


def sending(spans: Iterable[Span]) -> set[ServiceKey]:
    """The services that sent spans themselves."""
    return {span.service for span in spans if not span.is_inferred}


class MapTally:
    """Observations on their way to a map."""

    def __init__(self) -> None:
        self.sending: set[ServiceKey] = set()
        self._nodes: dict[ServiceKey, int] = {}
        self._edges: dict[EdgeKey, int] = {}
        self._aliases: dict[EdgeKey, dict[str, None]] = {}
        self._visits = Counts()
        self._trips = Counts()

    def add(self, one: Observation) -> None:
        if one.source is None:
            part = self._nodes.setdefault(one.target, len(self._nodes))
            self._visits.add(part, one.outcome, one.duration_us)
            return
        key = (one.source, one.target, one.is_link)
        if one.alias:
            self._aliases.setdefault(key, {})[one.alias] = None
        part = self._edges.setdefault(key, len(self._edges))
        self._trips.add(part, one.outcome, one.duration_us)

    def service_map(self, since_s: int, until_s: int, traces: int) -> ServiceMap:
        visits = self._visits.tally().figures_of()
        trips = self._trips.tally().figures_of()
        edges = tuple(
            MapEdge(*key, trips[part], tuple(self._aliases.get(key, ())))
            for key, part in self._edges.items()
        )
        figures = {key: visits[part] for key, part in self._nodes.items()}
        nodes = nodes_of(figures, edges, self.sending)
        return ServiceMap(since_s, until_s, nodes, edges, traces)


def nodes_of(
    figures: Mapping[ServiceKey, Figures],
    edges: Iterable[MapEdge],
    sending_spans: Container[ServiceKey],
) -> tuple[MapNode, ...]:
    """Nodes with these figures, and those that only edges know."""
    keys = dict.fromkeys(figures)
    called_by_clients = set()
    for edge in edges:
        keys[edge.source] = keys[edge.target] = None
        if edge.source.type == CLIENT:
            called_by_clients.add(edge.target)
    return tuple(
        MapNode(
            key,
            figures.get(key, NO_FIGURES),
            sends_spans=key in sending_spans,
            is_root=key in called_by_clients,
        )
        for key in keys
    )
