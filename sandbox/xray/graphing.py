"""GetServiceGraph, GetTraceGraph and GetTimeSeriesServiceStatistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sandbox.kernel.calls import Answer, Call, Handler
from sandbox.xray import filterlanguage, graph
from sandbox.xray.filtering import is_named
from sandbox.xray.filterlanguage import EdgeFilter, Name, ServiceFilter
from sandbox.xray.graph import CLIENT, Parts, Trips, Visits
from sandbox.xray.groups import Groups
from sandbox.xray.histograms import histograms
from sandbox.xray.matching import Matching
from sandbox.xray.observations import is_complete
from sandbox.xray.pages import position_of, refused, time_range, token_of
from sandbox.xray.places import Places
from sandbox.xray.reading import asked_traces
from sandbox.xray.store import Store
from sandbox.xray.table import Column

_MOST_HOURS = 6
_PERIOD = 60
_SERVICES_A_PAGE = 100
_POINTS_A_PAGE = 1_000


class Graphing:
    """Answers with the graph of services, as a whole and over time."""

    def __init__(
        self, stores: Places[Store], groups: Groups, matching: Matching
    ) -> None:
        self._stores = stores
        self._groups = groups
        self._matching = matching
        self.operations: Mapping[str, Handler] = {
            "GetServiceGraph": self._service_graph,
            "GetTimeSeriesServiceStatistics": self._time_series,
            "GetTraceGraph": self._trace_graph,
        }

    def _service_graph(self, call: Call) -> Answer:
        start, end = time_range(call.parameters, _MOST_HOURS)
        services = graph.services_of(self._parts(call, start, end))
        return {
            "StartTime": start,
            "EndTime": end,
            "ContainsOldGroupVersions": False,
            **_page("Services", services, _SERVICES_A_PAGE, call),
        }

    def _parts(self, call: Call, start: float, end: float) -> Parts:
        """What happened in a range of time, in the group's traces if one is named."""
        taken = self._stores[call.place].snapshot()
        times = taken.segments["start"]
        chosen = (times >= start) & (times < end)
        group = self._groups.asked_for(call)
        if group is not None and group.node is not None:
            numbers = taken.segments["trace"]
            inside = self._matching.in_group(
                call.place, group, np.unique(numbers[chosen])
            )
            chosen &= inside[numbers]
        return graph.parts_of(taken, chosen)

    def _trace_graph(self, call: Call) -> Answer:
        store = self._stores[call.place]
        numbers = list(store.numbers_of(asked_traces(call)).values())
        taken = store.snapshot()
        chosen = np.isin(taken.segments["trace"], numbers)
        services = graph.services_of(graph.parts_of(taken, chosen))
        return _page("Services", services, _SERVICES_A_PAGE, call)

    def _time_series(self, call: Call) -> Answer:
        start, end = time_range(call.parameters, 24)
        period = int(call.parameters.get("Period") or _PERIOD)
        if period < _PERIOD or period % _PERIOD:
            raise refused("Period must be a multiple of 60 seconds")
        selector = call.parameters.get("EntitySelectorExpression")
        if call.parameters.get("ForecastStatistics"):
            raise refused("The sandbox forecasts no statistics")
        chosen = _selector(selector)
        parts = self._parts(call, start, end)
        points = _points(parts, chosen, period)
        return {
            "ContainsOldGroupVersions": False,
            **_page("TimeSeriesServiceStatistics", points, _POINTS_A_PAGE, call),
        }


_Selector = ServiceFilter | EdgeFilter | None


def _page(
    member: str, found: list[dict[str, Any]], size: int, call: Call
) -> dict[str, Any]:
    begin = int((position_of(call.parameters.get("NextToken")) or [0])[0])
    answer: dict[str, Any] = {member: found[begin : begin + size]}
    if len(found) > begin + size:
        answer["NextToken"] = token_of([begin + size])
    return answer


def _selector(expression: str | None) -> _Selector:
    """Raises where the expression is none of service(), edge() and id()."""
    if not expression:
        return None
    node = filterlanguage.parse(expression)
    if not isinstance(node, ServiceFilter | EdgeFilter) or node.inner is not None:
        raise refused("EntitySelectorExpression takes service(), edge() or id()")
    return node


def _points(parts: Parts, selector: _Selector, period: int) -> list[dict[str, Any]]:
    """Statistics by period. Without a selector, of what clients called."""
    if isinstance(selector, ServiceFilter):
        member, rows = "ServiceSummaryStatistics", _visits(parts, selector.service)
        return _by_period(member, rows, period)
    wanted = selector or EdgeFilter(Name(type=CLIENT), Name())
    return _by_period("EdgeSummaryStatistics", _trips(parts, wanted), period)


def _matching_numbers(parts: Parts, name: Name) -> Column:
    return np.array([is_named(service, name) for service in parts.services], bool)


def _visits(parts: Parts, name: Name) -> Visits:
    visits = parts.visits
    rows = _matching_numbers(parts, name)[visits.service]
    return Visits(
        visits.service[rows],
        visits.start[rows],
        visits.response[rows],
        visits.duration[rows],
        visits.flags[rows],
    )


def _trips(parts: Parts, edge: EdgeFilter) -> Trips:
    trips = parts.trips
    rows = (
        _matching_numbers(parts, edge.source)[trips.source]
        & _matching_numbers(parts, edge.target)[trips.target]
    )
    return Trips(
        trips.source[rows],
        trips.target[rows],
        trips.start[rows],
        trips.response[rows],
        trips.flags[rows],
        trips.alias[rows],
        trips.link[rows],
    )


def _by_period(member: str, rows: Visits | Trips, period: int) -> list[dict[str, Any]]:
    begins, groups = np.unique(rows.start // period * period, return_inverse=True)
    figures = graph.statistics_of(groups, rows, len(begins))
    done = is_complete(rows.flags)
    spread = histograms(groups[done], rows.response[done], len(begins))
    return [
        {
            "Timestamp": float(begin),
            member: figures[at],
            "ResponseTimeHistogram": spread[at],
        }
        for at, begin in enumerate(begins)
    ]
