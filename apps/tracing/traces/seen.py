"""A trace as far as somebody may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.http import Http404, HttpRequest
from rest_framework.request import Request

from apps.discovery import traceids
from apps.search.engines.base import Scope
from apps.search.viewers import viewer_of
from apps.tracing.models import Trace
from apps.tracing.spans.outlines import unpacked
from apps.tracing.spans.span import Span
from apps.tracing.traces.listing import admits
from apps.tracing.traces.waterfall import Waterfall, waterfall

_HELD = 4
"""Windows of one trace are asked for one after the other."""


@dataclass(frozen=True, slots=True)
class SeenTrace:
    """`hidden`: ids of spans of accounts that the reader may not see."""

    spans: Sequence[Span]
    hidden: frozenset[str]


def known_id(trace_id: str) -> str:
    """The id as X-Ray writes it. Raises Http404 for what is no id."""
    known = traceids.normal(trace_id)
    if known is None:
        raise Http404("A trace id is 1-8 digits-24 digits, or 32 digits.")
    return known


def scope_of(request: HttpRequest | Request) -> Scope:
    return Scope(viewer_of(request).visible_accounts())


def seen_trace(trace_id: str, scope: Scope) -> SeenTrace | None:
    """None where there is no trace, or nothing of it may be seen."""
    outline = (
        Trace.objects.filter(pk=trace_id).values_list("outline", flat=True).first()
    )
    return None if outline is None else _seen(trace_id, bytes(outline), scope)


def _seen(trace_id: str, outline: bytes, scope: Scope) -> SeenTrace | None:
    every = unpacked(trace_id, outline)
    spans = [span for span in every if admits(scope, span)]
    if not spans:
        return None
    shown = {span.key for span in spans}
    return SeenTrace(
        spans, frozenset(span.id for span in every if span.key not in shown)
    )


def seen_waterfall(trace_id: str, scope: Scope) -> Waterfall | None:
    """None where there is no trace, or nothing of it may be seen."""
    row = Trace.objects.filter(pk=trace_id)
    changed_at = row.values_list("changed_at", flat=True).first()
    return None if changed_at is None else _laid_out(trace_id, changed_at, scope)


@lru_cache(maxsize=_HELD)
def _laid_out(trace_id: str, changed_at: datetime, scope: Scope) -> Waterfall | None:
    found = seen_trace(trace_id, scope)
    return None if found is None else waterfall(found.spans, found.hidden)
