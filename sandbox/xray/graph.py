"""The service graph, counted from columns.

Nodes are services that sent segments, callees that sent none, and the clients of
roots. Source: "Retrieving the service graph" in the X-Ray developer guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sandbox.xray.histograms import histograms
from sandbox.xray.inference import MESSAGING
from sandbox.xray.observations import NONE, Snapshot, is_complete
from sandbox.xray.segments import Flags, ServiceId
from sandbox.xray.table import Column

CLIENT = "client"
_FEW_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class Visits:
    """What nodes did: one row for each segment, sent or inferred."""

    service: Column
    start: Column
    response: Column
    duration: Column
    flags: Column


@dataclass(frozen=True, slots=True)
class Trips:
    """Ways from node to node: one row for each call.

    `alias` is the node the caller took the callee for. The age of an event that a
    consumer received is in `response` where `link` is set.
    """

    source: Column
    target: Column
    start: Column
    response: Column
    flags: Column
    alias: Column
    link: Column


@dataclass(frozen=True, slots=True)
class Parts:
    """Nodes and ways that were selected; clients are the services after the others."""

    services: tuple[ServiceId, ...]
    visits: Visits
    trips: Trips
    roots: frozenset[int]
    senders: frozenset[int]


def parts_of(taken: Snapshot, chosen: Column) -> Parts:
    """Nodes and ways of the segments that `chosen` marks (a column of truth)."""
    segments, calls = taken.segments, taken.calls
    rows = np.flatnonzero(chosen & segments["alive"])
    owners = calls["owner"]
    own = np.flatnonzero((owners >= 0) & (chosen & segments["alive"])[owners])
    queue = np.array([s.type in MESSAGING for s in taken.services] + [False])
    inferred = own[~calls["answered"][own] | queue[calls["service"][own]]]
    clients = tuple(ServiceId(s.name, CLIENT, "") for s in taken.services)
    reached = rows[segments["via"][rows] >= 0]
    beneath = rows[segments["above"][rows] >= 0]
    roots = rows[(segments["flags"][rows] & Flags.ROOT.value) != 0]
    trips = [
        _from_clients(taken, roots),
        _to_callees(taken, reached[~_by_message(taken, queue, reached)]),
        _to_inferred(taken, inferred),
        _within(taken, beneath),
        _deliveries(taken, queue, reached[_by_message(taken, queue, reached)]),
        _linked(taken, chosen),
    ]
    return Parts(
        (*taken.services, *clients),
        _visits(taken, rows, inferred),
        Trips(*(np.concatenate(column) for column in zip(*trips, strict=True))),
        frozenset(_distinct(segments["service"][roots]).tolist()),
        frozenset(_distinct(segments["service"][rows]).tolist()),
    )


def _distinct(numbers: Column) -> Column:
    """Small numbers, each once and in order: counting them is faster than sorting."""
    return np.flatnonzero(np.bincount(numbers))


def _visits(taken: Snapshot, rows: Column, inferred: Column) -> Visits:
    segments, calls = taken.segments, taken.calls

    def both(name: str, other: str) -> Column:
        return np.concatenate([segments[name][rows], calls[other][inferred]])

    return Visits(
        both("service", "service"),
        both("start", "start"),
        both("response", "response"),
        both("duration", "response"),
        both("flags", "flags"),
    )


_Ways = tuple[Column, ...]


def _way(source: Column, target: Column, seen: _Ways, alias: Column) -> _Ways:
    start, response, flags = seen
    no_link = np.zeros(len(source), bool)
    return (
        source.astype(np.int64),
        target.astype(np.int64),
        start,
        response,
        flags,
        alias.astype(np.int64),
        no_link,
    )


def _seen(columns: dict[str, Column], rows: Column) -> _Ways:
    return columns["start"][rows], columns["response"][rows], columns["flags"][rows]


def _from_clients(taken: Snapshot, roots: Column) -> _Ways:
    service = taken.segments["service"][roots].astype(np.int64)
    seen = _seen(taken.segments, roots)
    return _way(service + len(taken.services), service, seen, service)


def _to_callees(taken: Snapshot, reached: Column) -> _Ways:
    """Of a call that was answered, the caller's own measure counts."""
    segments, calls = taken.segments, taken.calls
    via = segments["via"][reached]
    owner = calls["owner"][via]
    reached, via, owner = (c[owner != NONE] for c in (reached, via, owner))
    source, target = segments["service"][owner], segments["service"][reached]
    return _way(source, target, _seen(calls, via), calls["service"][via])


def _to_inferred(taken: Snapshot, inferred: Column) -> _Ways:
    calls = taken.calls
    source = taken.segments["service"][calls["owner"][inferred]]
    target = calls["service"][inferred]
    return _way(source, target, _seen(calls, inferred), target)


def _within(taken: Snapshot, beneath: Column) -> _Ways:
    """Segments directly under a segment: a function under Lambda, for one."""
    segments = taken.segments
    source = segments["service"][segments["above"][beneath]]
    target = segments["service"][beneath]
    return _way(source, target, _seen(segments, beneath), target)


def _by_message(taken: Snapshot, queue: Column, reached: Column) -> Column:
    return queue[taken.calls["service"][taken.segments["via"][reached]]]


def _deliveries(taken: Snapshot, queue: Column, received: Column) -> _Ways:
    return _links(taken, received, taken.segments["via"][received])


def _linked(taken: Snapshot, chosen: Column) -> _Ways:
    links = taken.links
    segment, call = links["segment"], links["call"]
    good = (call >= 0) & chosen[segment] & taken.segments["alive"][segment]
    return _links(taken, segment[good], call[good])


def _links(taken: Snapshot, received: Column, call: Column) -> _Ways:
    """From the queue to its consumer; the age of the message is the measure."""
    segments, calls = taken.segments, taken.calls
    sent = calls["start"][call] + calls["response"][call]
    age = np.maximum(segments["start"][received] - sent, 0.0).astype(np.float32)
    source, target = calls["service"][call], segments["service"][received]
    seen = (segments["start"][received], age, segments["flags"][received])
    return (*_way(source, target, seen, target)[:-1], np.ones(len(source), bool))


def statistics_of(groups: Column, rows: Visits | Trips, count: int) -> list[Any]:
    """EdgeStatistics, or ServiceStatistics, of each of the groups 0..count-1."""
    complete = is_complete(rows.flags)
    flags, at = rows.flags[complete], groups[complete]
    fault = (flags & Flags.FAULT.value) != 0
    error = ~fault & ((flags & (Flags.ERROR.value | Flags.THROTTLE.value)) != 0)
    throttle = error & ((flags & Flags.THROTTLE.value) != 0)

    def counted(which: Column) -> list[int]:
        found: list[int] = np.bincount(at[which], minlength=count).tolist()
        return found

    totals = np.bincount(at, minlength=count).tolist()
    seconds = np.bincount(at, rows.response[complete], minlength=count).tolist()
    counts = zip(
        totals, counted(fault), counted(error), counted(throttle), seconds, strict=True
    )
    return [_statistics(*found) for found in counts]


def _statistics(
    total: int, fault: int, error: int, throttle: int, seconds: float
) -> dict[str, Any]:
    return {
        "OkCount": total - fault - error,
        "ErrorStatistics": {
            "ThrottleCount": throttle,
            "OtherCount": error - throttle,
            "TotalCount": error,
        },
        "FaultStatistics": {"OtherCount": fault, "TotalCount": fault},
        "TotalCount": total,
        "TotalResponseTime": round(seconds, 6),
    }


def services_of(parts: Parts) -> list[dict[str, Any]]:
    """The services of an answer, with their edges."""
    visits, trips = parts.visits, parts.trips
    ends = (visits.service, trips.source, trips.target)
    present = _distinct(np.concatenate([_distinct(numbers) for numbers in ends]))
    references = {int(number): at for at, number in enumerate(present)}
    edges = _edges(parts, references)
    nodes = _nodes(parts, present)
    answer = []
    for number, at in references.items():
        node = nodes[at]
        service = parts.services[number]
        head: dict[str, Any] = {
            "ReferenceId": at,
            "Name": service.name,
            "Names": [service.name],
            "State": "active" if number in parts.senders else "unknown",
        }
        if number in parts.roots:
            head["Root"] = True
        if service.type:
            head["Type"] = service.type
        if service.account:
            head["AccountId"] = service.account
        leaving = edges.get(number, [])
        if service.type == CLIENT:
            node = _span_of(leaving)
        answer.append({**head, **node, "Edges": leaving})
    return answer


def _span_of(edges: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "StartTime": min(edge["StartTime"] for edge in edges),
        "EndTime": max(edge["EndTime"] for edge in edges),
    }


def _nodes(parts: Parts, present: Column) -> list[dict[str, Any]]:
    visits, count = parts.visits, len(present)
    groups = np.searchsorted(present, visits.service)
    first, last = _first_and_last(groups, visits.start, visits.duration, count)
    done = is_complete(visits.flags)
    responses = histograms(groups[done], visits.response[done], count)
    durations = histograms(groups[done], visits.duration[done], count)
    figures = statistics_of(groups, visits, count)
    nodes = []
    for at in range(count):
        node: dict[str, Any] = {
            "SummaryStatistics": figures[at],
            "DurationHistogram": durations[at],
            "ResponseTimeHistogram": responses[at],
        }
        if np.isfinite(first[at]):
            node |= {"StartTime": float(first[at]), "EndTime": float(last[at])}
        nodes.append(node)
    return nodes


def _first_and_last(
    groups: Column, start: Column, seconds: Column, count: int
) -> tuple[Column, Column]:
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, groups, start)
    np.maximum.at(last, groups, start + seconds)
    return first, last


def _edges(parts: Parts, references: dict[int, int]) -> dict[int, list[dict[str, Any]]]:
    trips = parts.trips
    width = len(parts.services)
    keys = (trips.source * width + trips.target) * 2 + trips.link
    pairs, groups = _grouped(keys, width * width * 2)
    count = len(pairs)
    seconds = np.where(trips.link, 0, trips.response)
    first, last = _first_and_last(groups, trips.start, seconds, count)
    figures = statistics_of(groups, trips, count)
    done = is_complete(trips.flags)
    spread = histograms(groups[done], trips.response[done], count)
    aliases = _aliases(parts, groups)
    made: dict[int, list[dict[str, Any]]] = {}
    for at, pair in enumerate(pairs.tolist()):
        (source, target), link = divmod(pair // 2, width), pair % 2
        edge: dict[str, Any] = {
            "ReferenceId": references[target],
            "StartTime": float(first[at]),
            "EndTime": float(last[at]),
            "SummaryStatistics": figures[at],
            "Aliases": aliases.get(at, []),
        }
        if link:
            edge |= {"EdgeType": "link", "ReceivedEventAgeHistogram": spread[at]}
        else:
            edge["ResponseTimeHistogram"] = spread[at]
        made.setdefault(source, []).append(edge)
    return made


def _grouped(keys: Column, bound: int) -> tuple[Column, Column]:
    """Distinct keys, and the place of each key among them."""
    if bound > _FEW_PAIRS:
        found, places = np.unique(keys, return_inverse=True)
        return found, places
    present = np.zeros(bound, bool)
    present[keys] = True
    places = np.cumsum(present) - 1
    return np.flatnonzero(present), places[keys]


def _aliases(parts: Parts, groups: Column) -> dict[int, list[dict[str, Any]]]:
    """What callers called a callee that has another name."""
    trips = parts.trips
    _, names = np.unique([s.name for s in parts.services], return_inverse=True)
    other = np.flatnonzero(names[trips.alias] != names[trips.target])
    made: dict[int, list[dict[str, Any]]] = {}
    pairs = np.unique(groups[other] * len(parts.services) + trips.alias[other])
    for group, number in zip(*np.divmod(pairs, len(parts.services)), strict=True):
        service = parts.services[int(number)]
        alias = {"Name": service.name, "Names": [service.name], "Type": service.type}
        made.setdefault(int(group), []).append(alias)
    return made
