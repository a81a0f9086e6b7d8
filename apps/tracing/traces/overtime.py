"""Traces over time, by how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from apps.search.engines.base import Histogram
from apps.search.intervals import fitting_interval
from apps.search.timerange import TimeRange, milliseconds
from apps.tracing.traces.listing import ListedTrace

OK, INSIDE, ERROR, FAULT = "Ok", "Failed inside", "Error, 4xx", "Fault, 5xx"
COLOURS = {
    OK: "series-calm",
    INSIDE: "series-5",
    ERROR: "level-warn",
    FAULT: "level-error",
}


def ending(trace: ListedTrace) -> str:
    """How a trace ended: for who asked, or only within."""
    if trace.has_fault:
        return FAULT
    if trace.has_error:
        return ERROR
    return INSIDE if trace.has_failure else OK


def over_time(traces: Iterable[ListedTrace], span: TimeRange) -> Histogram:
    interval = fitting_interval(span.until_ms - span.since_ms)
    first = span.since_ms // interval * interval
    counts: dict[str, Counter[int]] = {name: Counter() for name in COLOURS}
    for trace in traces:
        at = milliseconds(trace.started_at) // interval * interval
        counts[ending(trace)][at] += 1
    starts = tuple(range(first, span.until_ms, interval))
    return Histogram(
        interval,
        starts,
        {
            name: tuple(found[at] for at in starts)
            for name, found in counts.items()
            if found or name == OK
        },
    )
