"""What traces say of the map, kept per minute, hour and day.

A trace that grows is counted anew: what its spans said before is taken away, what they
say now is added, in one transaction with the trace's row. So the map is at any moment
that of the spans stored, however often and in whatever order they came.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from apps.search.timerange import from_milliseconds
from apps.tracing.maps.counting import NO_FIGURES, EdgeKey, sending
from apps.tracing.maps.linking import Observation, Senders, observations
from apps.tracing.maps.parts import (
    ALL_TRACES,
    DAY,
    HOUR,
    MINUTE,
    of_edge,
    of_node,
)
from apps.tracing.maps.tallies import Counts, Tally, merged, packed, unpacked
from apps.tracing.models import MapChunk, MapLock, SeenEdge, SeenNode
from apps.tracing.spans.span import Outcome, ServiceKey, Span
from apps.tracing.traces.summaries import Summary

_LOCK = 1
_AT_ONCE = 500
# How exactly it is kept when a part was last seen.
_NOTED_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class TraceState:
    """A trace as it was, or as it is, when it was counted."""

    spans: Sequence[Span]
    senders: Senders
    summary: Summary


@dataclass(frozen=True, slots=True)
class TraceChange:
    """`before` is None for a trace that was not there."""

    before: TraceState | None
    after: TraceState


def hold_map() -> None:
    """Wait until nobody else changes traces; until the end of the transaction."""
    if not MapLock.objects.select_for_update().filter(pk=_LOCK).exists():
        MapLock.objects.get_or_create(pk=_LOCK)
        MapLock.objects.select_for_update().get(pk=_LOCK)


def keep(changes: Iterable[TraceChange]) -> None:
    """Count what changed. Call it with the map held."""
    minutes: defaultdict[int, Counts] = defaultdict(Counts)
    seen: defaultdict[_Part, list[Weighed]] = defaultdict(list)
    senders: set[ServiceKey] = set()
    for change in changes:
        for one, weight in _weighed(change):
            seen[one.source, one.target, one.is_link].append((one, weight))
        senders |= sending(change.after.spans)
        _count_trace(change.after.summary, 1, minutes)
        if change.before is not None:
            _count_trace(change.before.summary, -1, minutes)
    numbers = _numbered(seen, senders)
    for part, those in seen.items():
        number = numbers[part]
        for one, weight in those:
            counts = minutes[one.minute * MINUTE]
            counts.add(number, one.outcome, one.duration_us, weight)
    add({began: counts.tally() for began, counts in minutes.items()})


Weighed = tuple[Observation, int]
"""An observation, and how often it is to be counted; below 0 to be taken away."""
_Part = tuple[ServiceKey | None, ServiceKey, bool]
"""A node, after None, or an edge."""


def _weighed(change: TraceChange) -> Iterable[Weighed]:
    after = observations(change.after.spans, change.after.senders)
    if change.before is None:
        return [(one, 1) for one in after]
    weights = Counter(after)
    weights.subtract(observations(change.before.spans, change.before.senders))
    return [(one, weight) for one, weight in weights.items() if weight]


def _count_trace(summary: Summary, weight: int, minutes: Mapping[int, Counts]) -> None:
    outcome = Outcome.OK
    if summary.has_fault:
        outcome = Outcome.FAULT
    elif summary.has_error:
        outcome = Outcome.ERROR
    began = summary.start_us // 1_000_000 // MINUTE * MINUTE
    minutes[began].add(ALL_TRACES, outcome, summary.response_us, weight)


Reach = tuple[datetime, datetime]
_Key = TypeVar("_Key", ServiceKey, EdgeKey)


def _numbered(
    seen: Mapping[_Part, Sequence[Weighed]], senders: set[ServiceKey]
) -> dict[_Part, int]:
    """The parts' numbers, given where they are new."""
    nodes: dict[ServiceKey, Reach] = {}
    edges: dict[EdgeKey, Reach] = {}
    aliases: dict[EdgeKey, set[str]] = {}
    for (source, target, is_link), those in seen.items():
        minutes = [one.minute for one, _ in those]
        reach = (_moment(min(minutes)), _moment(max(minutes)))
        _reach(nodes, target, reach)
        if source is not None:
            _reach(nodes, source, reach)
            _reach(edges, (source, target, is_link), reach)
            named = {one.alias for one, _ in those if one.alias}
            aliases[source, target, is_link] = named
    numbers = _node_numbers(nodes, senders)
    of_edges = _edge_numbers(edges, numbers, aliases)
    return {
        part: of_node(numbers[part[1]])
        if part[0] is None
        else of_edge(of_edges[part[0], part[1], part[2]])
        for part in seen
    }


def _moment(minute: int) -> datetime:
    return from_milliseconds(minute * MINUTE * 1_000)


def _reach(found: dict[_Key, Reach], key: _Key, reach: Reach) -> None:
    first, last = found.get(key, reach)
    found[key] = (min(first, reach[0]), max(last, reach[1]))


def _node_numbers(
    wanted: Mapping[ServiceKey, Reach], senders: set[ServiceKey]
) -> dict[ServiceKey, int]:
    names = {key.name for key in wanted}
    known = {
        ServiceKey(row.account, row.type, row.name): row
        for row in SeenNode.objects.filter(name__in=names)
    }
    new = [
        SeenNode(
            account=key.account,
            type=key.type,
            name=key.name,
            sends_spans=key in senders,
            first_seen=first,
            last_seen=last,
        )
        for key, (first, last) in wanted.items()
        if key not in known
    ]
    changed = []
    for key, reach in wanted.items():
        row = known.get(key)
        if row is None:
            continue
        is_first_span = key in senders and not row.sends_spans
        row.sends_spans |= is_first_span
        if _stretch(row, reach) or is_first_span:
            changed.append(row)
    SeenNode.objects.bulk_update(
        changed, ["first_seen", "last_seen", "sends_spans"], batch_size=_AT_ONCE
    )
    made = SeenNode.objects.bulk_create(new, batch_size=_AT_ONCE)
    numbers = {key: row.pk for key, row in known.items()}
    return numbers | {
        ServiceKey(row.account, row.type, row.name): row.pk for row in made
    }


def _stretch(row: SeenNode | SeenEdge, reach: Reach) -> bool:
    """Whether the row has to be written to say when its part was seen."""
    first, last = reach
    is_longer = first < row.first_seen
    is_longer |= (last - row.last_seen).total_seconds() >= _NOTED_EVERY_S
    row.first_seen = min(row.first_seen, first)
    row.last_seen = max(row.last_seen, last)
    return is_longer


def _edge_numbers(
    wanted: Mapping[EdgeKey, Reach],
    nodes: Mapping[ServiceKey, int],
    aliases: Mapping[EdgeKey, set[str]],
) -> dict[EdgeKey, int]:
    rows = SeenEdge.objects.filter(source__in={nodes[key[0]] for key in wanted})
    known = {(row.source_id, row.target_id, row.is_async): row for row in rows}
    new, changed, numbers = {}, [], {}
    for key, (first, last) in wanted.items():
        ends = (nodes[key[0]], nodes[key[1]], key[2])
        names = sorted(aliases.get(key, ()))
        row = known.get(ends)
        if row is None:
            new[key] = SeenEdge(
                source_id=ends[0],
                target_id=ends[1],
                is_async=ends[2],
                aliases=names,
                first_seen=first,
                last_seen=last,
            )
            continue
        numbers[key] = row.pk
        is_called_anew = not set(names) <= set(row.aliases)
        row.aliases = sorted({*row.aliases, *names})
        if _stretch(row, (first, last)) or is_called_anew:
            changed.append(row)
    SeenEdge.objects.bulk_update(
        changed, ["first_seen", "last_seen", "aliases"], batch_size=_AT_ONCE
    )
    made = SeenEdge.objects.bulk_create(new.values(), batch_size=_AT_ONCE)
    return numbers | {key: row.pk for key, row in zip(new, made, strict=True)}


def add(minutes: Mapping[int, Tally]) -> None:
    """Add tallies of minutes to their chunks, and to those of hours and days."""
    hours = _coarser(minutes, HOUR)
    days = _coarser(hours, DAY)
    for period, tallies in ((MINUTE, minutes), (HOUR, hours), (DAY, days)):
        begins = [began for began, tally in tallies.items() if len(tally)]
        for start in range(0, len(begins), _AT_ONCE):
            part = begins[start : start + _AT_ONCE]
            _add_to_chunks(period, {began: tallies[began] for began in part})


def _coarser(tallies: Mapping[int, Tally], period: int) -> dict[int, Tally]:
    grouped: defaultdict[int, list[Tally]] = defaultdict(list)
    for began, tally in tallies.items():
        grouped[began // period * period].append(tally)
    return {began: merged(those) for began, those in grouped.items()}


def _add_to_chunks(period: int, tallies: Mapping[int, Tally]) -> None:
    rows = MapChunk.objects.filter(period_seconds=period, began_s__in=list(tallies))
    known = {row.began_s: row for row in rows}
    for began, row in known.items():
        _fill(row, merged((unpacked(bytes(row.packed)), tallies[began])))
    fields = ["packed", "traces", "faults", "errors"]
    MapChunk.objects.bulk_update(known.values(), fields, batch_size=_AT_ONCE)
    new = []
    for began, tally in tallies.items():
        if began not in known:
            row = MapChunk(period_seconds=period, began_s=began)
            _fill(row, tally)
            new.append(row)
    MapChunk.objects.bulk_create(new, batch_size=_AT_ONCE)


def _fill(row: MapChunk, tally: Tally) -> None:
    traces = tally.only(ALL_TRACES).figures_of().get(ALL_TRACES, NO_FIGURES)
    row.packed = packed(tally)
    row.traces, row.faults, row.errors = traces.calls, traces.faults, traces.errors
