"""Two traces side by side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.discovery import traceids
from apps.search.engines.base import Scope
from apps.tracing.models import Trace
from apps.tracing.traces import listing, seen
from apps.tracing.traces.alignment import Line, aligned
from apps.tracing.traces.durations import shown
from apps.tracing.traces.listing import ListedTrace
from apps.tracing.traces.overtime import ending
from apps.tracing.traces.tracetree import TraceTree

_PEERS = 8
_LOOKED_AT = 500
_SIDES = ("a", "b")


def comparison(request: HttpRequest) -> HttpResponse:
    """`a` and `b` are trace ids, in either form."""
    given = {side: request.GET.get(side, "").strip() for side in _SIDES}
    ids = {side: traceids.normal(given[side]) for side in _SIDES}
    if all(ids.values()) and ids != given:
        only = request.GET.get("only", "")
        query = {side: str(ids[side]) for side in _SIDES} | (
            {"only": only} if only else {}
        )
        return redirect(f"{reverse('trace-comparison')}?{urlencode(query)}")
    context: dict[str, Any] = {"given": given}
    found = {side: _seen(request, ids[side]) for side in _SIDES}
    context["problems"] = [
        (side, _problem(given[side], ids[side]))
        for side in _SIDES
        if found[side] is None
    ]
    a, b = found["a"], found["b"]
    if a is not None and b is not None:
        context |= _shown(request, a, b)
    return render(request, "tracing/comparison.html", context)


def _seen(request: HttpRequest, trace_id: str | None) -> Any:
    if trace_id is None:
        return None
    return seen.seen_trace(trace_id, seen.scope_of(request))


def _problem(given: str, trace_id: str | None) -> str:
    if not given:
        return "Name a trace: 1-8 digits-24 digits, or 32 digits."
    if trace_id is None:
        return f"{given[:60]} is no trace id: 1-8 digits-24 digits, or 32 digits."
    return f"The trace {trace_id} is not stored, or lies in accounts you may not see."


def _shown(request: HttpRequest, a: Any, b: Any) -> dict[str, Any]:
    lines = aligned(TraceTree(a.spans), TraceTree(b.spans))
    only = request.GET.get("only") == "differences"
    longest = max(
        (side.total_us for line in lines for side in (line.a, line.b) if side),
        default=1,
    )
    sides = [listing.relisted(one.spans) for one in (a, b)]
    return {
        "sides": [
            {"name": name, "trace": one, "ending": ending(one)}
            for name, one in zip("AB", sides, strict=True)
        ],
        "slower": sides[1].response_ms - sides[0].response_ms,
        "slower_said": shown(abs(sides[1].response_ms - sides[0].response_ms)),
        "lines": [
            _drawn(line, max(longest, 1))
            for line in lines
            if not only or line.is_different
        ],
        "different": sum(line.is_different for line in lines),
        "only_a": sum(line.b is None for line in lines),
        "only_b": sum(line.a is None for line in lines),
        "only": only,
        "hidden": len(a.hidden) + len(b.hidden),
    }


def _drawn(line: Line, longest: int) -> dict[str, Any]:
    def width(total_us: int) -> float:
        return 100 * total_us / longest

    difference = line.difference_us
    return {
        "line": line,
        "indent": min(line.depth, 24),
        "width_a": width(line.a.total_us) if line.a else 0,
        "width_b": width(line.b.total_us) if line.b else 0,
        "difference": shown(abs(difference) / 1_000),
        "sign": "+" if difference > 0 else "−" if difference < 0 else "",  # noqa: RUF001
        "is_much": abs(difference) > 0.1 * longest,
    }


def peers(request: HttpRequest, trace_id: str) -> HttpResponse:
    """Traces of the same request to compare one with: the latest, and the quickest."""
    known = seen.known_id(trace_id)
    scope = seen.scope_of(request)
    found = seen.seen_trace(known, scope)
    context: dict[str, Any] = {"trace_id": known, "peers": []}
    if found is not None:
        mine = listing.relisted(found.spans)
        context["peers"] = [
            (one.trace_id, one.started_at, shown(one.response_ms), one.spans)
            for one in _alike(mine, scope)[:_PEERS]
        ]
    return render(request, "tracing/peers.html", context)


def _alike(mine: ListedTrace, scope: Scope) -> list[ListedTrace]:
    """Traces of the same request that went well, the latest before it first."""
    rows = Trace.objects.filter(
        root_service=mine.root_service,
        http_method=mine.http_method,
        has_failure=False,
        started_at__lte=mine.started_at,
    ).exclude(pk=mine.trace_id)
    if scope.accounts is not None:
        rows = listing.of_accounts(rows, scope.accounts)
    near = rows.order_by("-started_at").values_list(*listing.COLUMNS)[:_LOOKED_AT]
    listed = [ListedTrace(*row) for row in near]
    alike = [one for one in listed if one.request == mine.request]
    return [
        one for one, spans in listing.with_spans(alike[: 2 * _PEERS], scope) if spans
    ]
