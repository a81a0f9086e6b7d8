"""Traces in the order of a page, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.search.timerange import milliseconds
from apps.tracing.traces.listing import ListedTrace
from apps.tracing.traces.questions import InvalidTraceQuestion, TraceOrder

_VALUES: Mapping[TraceOrder, Callable[[ListedTrace], float]] = {
    TraceOrder.NEWEST: lambda one: milliseconds(one.started_at),
    TraceOrder.SLOWEST: lambda one: one.response_ms,
    TraceOrder.MOST_SPANS: lambda one: one.spans,
}


@dataclass(frozen=True, slots=True)
class TracePage:
    """`next` goes on right after the last one; empty on the last page."""

    traces: Sequence[ListedTrace]
    next: str = ""


def page(
    traces: Sequence[ListedTrace], order: TraceOrder, size: int, after: str
) -> TracePage:
    """Raises InvalidTraceQuestion where `after` is no place that a page gave out."""
    value = _VALUES[order]

    def place(one: ListedTrace) -> tuple[float, str]:
        return -value(one), one.trace_id

    ordered = sorted(traces, key=place)
    if after:
        begin = _place_of(after)
        ordered = [one for one in ordered if place(one) > begin]
    shown = ordered[:size]
    more = len(ordered) > size
    return TracePage(
        shown, f"{value(shown[-1])!r}~{shown[-1].trace_id}" if more else ""
    )


def _place_of(after: str) -> tuple[float, str]:
    value, mark, trace_id = after.partition("~")
    try:
        if mark:
            return -float(value), trace_id
    except ValueError:
        pass
    raise InvalidTraceQuestion("after", f"{after[:60]!r} is no place in a list.")
