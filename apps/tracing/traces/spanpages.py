"""What is told of one span, from its document: a panel beside the waterfall."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.search import jsontree, store
from apps.search.engines.base import EngineUnavailable, Hit, SearchRequest
from apps.search.explorestate import ExploreState, Filter, exact_clause
from apps.search.syntax import AllOf, Equals
from apps.search.timerange import from_milliseconds, rfc3339
from apps.tracing.kinds import SPANS
from apps.tracing.maps.picture import node_id
from apps.tracing.spans.documents import document_id, outcome_word
from apps.tracing.spans.span import Span
from apps.tracing.traces import seen, spanlogs
from apps.tracing.traces.exceptions import told_exceptions
from apps.tracing.traces.waterfall import Row, Waterfall

_KINDS = {
    "": "work within the service",
    "server": "answered a request",
    "client": "called another service",
    "producer": "sent a message",
    "consumer": "took a message",
}
_BLOCKS = ("sql", "aws", "http", "annotations", "metadata", "tags", "attributes")
_MOST_LINES = 60


def span(request: HttpRequest, trace_id: str, key: str) -> HttpResponse:
    scope = seen.scope_of(request)
    found = seen.seen_waterfall(seen.known_id(trace_id), scope)
    row = None if found is None else _row(found, key)
    if found is None or row is None or row.span is None:
        raise Http404(f"There is no span {key} in the trace {trace_id}.")
    hit, problem = _document(row.span, scope)
    record = jsontree.exact(hit.raw) if hit else {}
    context = {
        "span": row.span,
        "row": row,
        "kind": _KINDS[row.span.kind.value],
        "outcome": outcome_word(row.span),
        "offset_us": row.begin_us - found.begin_us,
        "critical_us": sum(end - begin for begin, end in row.critical),
        "record": record,
        "blocks": list(_blocks(record)),
        "exceptions": told_exceptions(record, row.span.exceptions),
        "cause_url": _cause_url(row.span, scope),
        "raw": jsontree.pretty(hit.raw) if hit else "",
        "document_id": document_id(row.span),
        "problem": problem,
        "links": list(_links(row.span)),
        "trace_id": found.tree.root.trace_id,
        **_logs(found, row, scope),
    }
    return render(request, "tracing/span.html", context)


def _row(found: Waterfall, key: str) -> Row | None:
    return next((row for row in found.rows if row.key == key), None)


def _document(span: Span, scope: Any) -> tuple[Hit | None, str]:
    """The document of a span, or why it is not there."""
    try:
        hit = store.reader().get(SPANS, document_id(span), scope)
    except EngineUnavailable as error:
        return None, str(error)
    if hit is None:
        return None, "Its document is not stored any more: its day was dropped."
    return hit, ""


def _blocks(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Parts of the record as titles and lines of their trees."""
    for name in _BLOCKS:
        block = record.get(name)
        if isinstance(block, dict) and block:
            yield name, list(jsontree.lines(block))[:_MOST_LINES]
        elif isinstance(block, list) and block:
            yield name, list(jsontree.lines({name: block}))[:_MOST_LINES]


def _cause_url(span: Span, scope: Any) -> str:
    """The span that holds the exception this one only names."""
    if not span.cause_id:
        return ""
    asked = SearchRequest(
        SPANS,
        timezone.now(),
        query=AllOf((Equals("cause.exceptions.id", span.cause_id),)),
        scope=scope,
        seconds=settings.SEARCH_SECONDS,
    )
    with contextlib.suppress(EngineUnavailable):
        for hit in store.reader().find(asked, 20).hits:
            trace_id, _, key = hit.id.partition(".")
            if trace_id == span.trace_id:
                return reverse("trace", args=[trace_id]) + f"?span={key}"
    return ""


def _links(span: Span) -> Iterator[tuple[str, str, str]]:
    """Icons, words and addresses of pages about this span."""
    since = rfc3339(from_milliseconds(span.start_us // 1_000 - 900_000))
    until = rfc3339(from_milliseconds(span.start_us // 1_000 + 900_000))
    like = ExploreState(
        filters=(
            Filter(exact_clause(SPANS, "@service", span.service.name)),
            Filter(exact_clause(SPANS, "name", span.name)),
        ),
        since=since,
        until=until,
    )
    yield (
        "search",
        "Spans like it",
        reverse("explore", args=["spans"]) + like.url_query(),
    )
    yield "wrap-text", "Logs of the trace", reverse("log-trace", args=[span.trace_id])
    node = node_id(span.peer or span.service)
    there = urlencode({"since": since, "until": until, "focus": node, "select": node})
    yield "share-2", "On the map", f"{reverse('service-map')}?{there}"


def _logs(found: Waterfall, row: Row, scope: Any) -> dict[str, Any]:
    try:
        logs = spanlogs.logs_of(found, scope, timezone.now(), settings.SEARCH_SECONDS)
    except EngineUnavailable as error:
        return {"logs_problem": str(error)}
    return {"span_lines": logs.by_span.get(row.key, ())}
