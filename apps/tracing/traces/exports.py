"""Every trace that a question finds, as CSV or NDJSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.search import connections
from apps.search.exporting import safe_text
from apps.search.streams import in_thread
from apps.search.timerange import rfc3339
from apps.search.viewers import rights_changed
from apps.tracing.spans.span import Span
from apps.tracing.traces import listing
from apps.tracing.traces.listing import ListedTrace, Question
from apps.tracing.traces.overtime import ending
from apps.tracing.traces.searchpages import PROBLEMS, brushed, question_of
from apps.tracing.traces.spanjson import span_json

_COLUMNS = (
    "trace_id", "started_at", "root_service", "root_name", "response_ms",
    "duration_ms", "spans", "services", "ended", "http_method", "http_url",
    "http_status", "user",
)  # fmt: skip
_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_AT_ONCE = 500


def export(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """What the page of traces finds, newest first; refused where that is not all."""
    try:
        question = question_of(request)
        bounds = question.asked.bounds()
        answer = listing.answer(question)
    except PROBLEMS as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    if answer.partial or answer.go_on:
        text = answer.partial or "These are too many traces: shorten the time range."
        return HttpResponseBadRequest(text, content_type="text/plain")
    found = brushed(answer.traces, bounds)[: settings.EXPORT_ROWS]
    parts = _parts(request, found)
    lines = _csv(parts) if suffix == "csv" else _ndjson(question, parts)
    response = StreamingHttpResponse(in_thread(lines), content_type=_TYPES[suffix])
    response["Content-Disposition"] = f'attachment; filename="trailmap-traces.{suffix}"'
    connections.release()  # Django would only do so once the stream has ended
    return response


def _parts(
    request: HttpRequest, found: Sequence[ListedTrace]
) -> Iterator[Sequence[ListedTrace]]:
    """Some at a time, for as long as the person may see what they asked for."""
    for at in range(0, len(found), _AT_ONCE):
        if rights_changed(request):
            return
        yield found[at : at + _AT_ONCE]


def _csv(parts: Iterable[Sequence[ListedTrace]]) -> Iterator[bytes]:
    yield _lines([_COLUMNS])
    for some in parts:
        yield _lines([_row(one) for one in some])


def _row(trace: ListedTrace) -> list[Any]:
    told = {"started_at": rfc3339(trace.started_at), "ended": ending(trace)}
    values = [told.get(name) or getattr(trace, name, "") for name in _COLUMNS]
    return [safe_text(one) if isinstance(one, str) else one for one in values]


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _ndjson(
    question: Question, parts: Iterable[Sequence[ListedTrace]]
) -> Iterator[bytes]:
    for some in parts:
        yield b"".join(
            orjson.dumps(trace_json(listed, spans)) + b"\n"
            for listed, spans in listing.with_spans(some, question.scope)
        )


def trace_json(listed: ListedTrace, spans: Sequence[Span]) -> dict[str, Any]:
    return {**summary_json(listed), "spans": [span_json(span) for span in spans]}


def summary_json(listed: ListedTrace) -> dict[str, Any]:
    """A trace in lists of the API. Times are RFC 3339."""
    return {
        "trace_id": listed.trace_id,
        "started_at": rfc3339(listed.started_at),
        "response_ms": listed.response_ms,
        "duration_ms": listed.duration_ms,
        "has_fault": listed.has_fault,
        "has_error": listed.has_error,
        "has_throttle": listed.has_throttle,
        "has_failure": listed.has_failure,
        "is_partial": listed.is_partial,
        "root": {
            "service": listed.root_service,
            "type": listed.root_type,
            "name": listed.root_name,
        },
        "http": {
            "method": listed.http_method,
            "url": listed.http_url,
            "status": listed.http_status,
        },
        "user": listed.user,
        "span_count": listed.spans,
        "service_count": listed.services,
        "accounts": listed.seen_accounts,
    }
