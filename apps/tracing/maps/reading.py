"""The map of any window, from what is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from apps.search.engines.base import EVERYTHING_VISIBLE, Scope
from apps.tracing.maps.counting import NO_FIGURES, nodes_of
from apps.tracing.maps.parts import (
    ALL_TRACES,
    DAY,
    HOUR,
    MINUTE,
    is_edge,
    of_edge,
    of_node,
    row_id,
)
from apps.tracing.maps.servicemap import (
    Figures,
    MapEdge,
    MapNode,
    ServiceMap,
    merged_edges,
    merged_figures,
)
from apps.tracing.maps.tallies import Tally, merged, unpacked
from apps.tracing.maps.windows import Horizons, Stretch, stretches, whole_minutes
from apps.tracing.models import MapChunk, SeenEdge, SeenNode
from apps.tracing.spans.span import ServiceKey

HIDDEN = ServiceKey("", "hidden", "Another account")
"""Stands for services of accounts that one may not see."""


def read(
    since_s: float, until_s: float, scope: Scope = EVERYTHING_VISIBLE
) -> ServiceMap:
    """The map of a window, made whole minutes, as far as the scope may see it. Of times
    whose minutes are not kept any more, whole hours or days around it."""
    since, until = whole_minutes(since_s, until_s)
    parts = stretches(since, until, _kept_since(since))
    since = min(first for _, first, _ in parts)
    until = max(last for _, _, last in parts)
    return visible(_map_of(merged(_tallies(parts)), since, until), scope)


def timeline(since_s: int, until_s: int, step_s: int) -> list[tuple[int, Figures]]:
    """All traces by when they began: seconds since 1970, and what became of their
    roots, without latencies; `step_s` is a number of whole minutes, of which the window
    is made up."""
    found: defaultdict[int, Figures] = defaultdict(Figures)
    rows = _chunks_of(since_s, until_s, step_s)
    counts = rows.values_list("began_s", "traces", "faults", "errors")
    for began, traces, faults, errors in counts:
        step = since_s + (began - since_s) // step_s * step_s
        found[step] = merged_figures(found[step], Figures(traces, faults, errors))
    return [(began, found[began]) for began in range(since_s, until_s, step_s)]


def node_timeline(
    key: ServiceKey, window_s: tuple[int, int], step_s: int
) -> list[tuple[int, Figures]]:
    """The visits of a node, as `timeline`."""
    row = SeenNode.objects.filter(
        account=key.account, type=key.type, name=key.name
    ).first()
    return part_timeline(of_node(row.pk), window_s, step_s) if row else []


def edge_timeline(
    edge: MapEdge, window_s: tuple[int, int], step_s: int
) -> list[tuple[int, Figures]]:
    """The calls along an edge, as `timeline`."""
    source, target = edge.source, edge.target
    row = SeenEdge.objects.filter(
        source__account=source.account,
        source__type=source.type,
        source__name=source.name,
        target__account=target.account,
        target__type=target.type,
        target__name=target.name,
        is_async=edge.is_async,
    ).first()
    return part_timeline(of_edge(row.pk), window_s, step_s) if row else []


def part_timeline(
    part: int, window_s: tuple[int, int], step_s: int
) -> list[tuple[int, Figures]]:
    since, until = window_s
    tallies: defaultdict[int, list[Tally]] = defaultdict(list)
    rows = _chunks_of(since, until, step_s).values_list("began_s", "packed")
    for began, held in rows.iterator():
        step = since + (began - since) // step_s * step_s
        tallies[step].append(unpacked(bytes(held)).only(part))
    return [
        (began, merged(tallies[began]).figures_of().get(part, NO_FIGURES))
        for began in range(since, until, step_s)
    ]


def _chunks_of(since: int, until: int, step_s: int) -> QuerySet[MapChunk]:
    """The fewest chunks of one period that steps are made up of."""
    period = next(
        one for one in (DAY, HOUR, MINUTE) if step_s % one == 0 and since % one == 0
    )
    return MapChunk.objects.filter(
        period_seconds=period, began_s__gte=since, began_s__lt=until
    )


def _kept_since(since: int) -> Horizons:
    """Since when what is counted by the minute and by the hour is kept, where that is
    later than the begin of a window."""
    found = {}
    for period in (MINUTE, HOUR):
        rows = MapChunk.objects.filter(period_seconds=period)
        first = rows.order_by("began_s").values_list("began_s", flat=True).first()
        coarser = MapChunk.objects.filter(
            period_seconds=DAY, began_s__lt=(first or 0) // DAY * DAY
        )
        if first is not None and since < first and coarser.exists():
            found[period] = first
    return found


def _tallies(parts: Sequence[Stretch]) -> list[Tally]:
    wanted = [
        Q(period_seconds=period, began_s__gte=first, began_s__lt=last)
        for period, first, last in parts
    ]
    rows = MapChunk.objects.filter(reduce(or_, wanted)).values_list("packed", flat=True)
    return [unpacked(bytes(held)) for held in rows.iterator()]


def _map_of(tally: Tally, since: int, until: int) -> ServiceMap:
    figures = tally.figures_of()
    traces = figures.pop(ALL_TRACES, NO_FIGURES)
    edge_rows = SeenEdge.objects.in_bulk(
        [row_id(one) for one in figures if is_edge(one)]
    )
    ends = {end for row in edge_rows.values() for end in (row.source_id, row.target_id)}
    ends |= {row_id(one) for one in figures if not is_edge(one)}
    rows = SeenNode.objects.in_bulk(ends)
    keys = {pk: ServiceKey(row.account, row.type, row.name) for pk, row in rows.items()}
    edges = tuple(
        MapEdge(
            keys[row.source_id],
            keys[row.target_id],
            row.is_async,
            figures[of_edge(pk)],
            tuple(row.aliases),
        )
        for pk, row in edge_rows.items()
    )
    of_nodes = {keys[pk]: figures[of_node(pk)] for pk in rows if of_node(pk) in figures}
    sending = {keys[pk] for pk, row in rows.items() if row.sends_spans}
    nodes = nodes_of(of_nodes, edges, sending)
    return ServiceMap(since, until, nodes, edges, traces.calls)


def visible(whole: ServiceMap, scope: Scope) -> ServiceMap:
    """What of a map a scope may see: services of its accounts, and whom they call and
    are called by. Services of other accounts are one node without figures."""
    accounts = scope.accounts
    if accounts is None:
        return whole
    own = {node.key for node in whole.nodes if node.key.account in accounts}

    def shown(key: ServiceKey) -> ServiceKey:
        return HIDDEN if key.account and key.account not in accounts else key

    edges = merged_edges(
        replace(edge, source=shown(edge.source), target=shown(edge.target))
        for edge in whole.edges
        if edge.source in own or edge.target in own
    )
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [node for node in whole.nodes if node.key in own or node.key in ends]
    if HIDDEN in ends:
        nodes.append(MapNode(HIDDEN, NO_FIGURES, sends_spans=True))
    return ServiceMap(whole.since_s, whole.until_s, tuple(nodes), edges, whole.traces)
