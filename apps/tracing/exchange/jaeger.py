"""Traces as Jaeger's query service answers with them.

Source: model/json of jaegertracing/jaeger, which Jaeger's own pages and Grafana read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.search.documents import JsonObject
from apps.tracing.exchange.words import (
    operation_name,
    process_tags,
    service_name,
    tags_of,
    trace_id_out,
)
from apps.tracing.spans.span import Span, SpanLink, Value

_SAMPLED = 1


def trace_json(spans: Sequence[Span]) -> JsonObject:
    """A trace of at least one span.

    Jaeger knows no span that two services share: the server's half gets an id of its
    own, and what has the shared id for a parent and is not of the client is its child.
    """
    trace_id = trace_id_out(spans[0].trace_id)
    processes: dict[str, str] = {}
    described: JsonObject = {}
    halves = _halves(spans)
    written = []
    for span in spans:
        process = _process(span)
        key = repr(process)
        if key not in processes:
            processes[key] = f"p{len(processes) + 1}"
            described[processes[key]] = process
        written.append(_span(span, trace_id, processes[key], halves))
    return {
        "traceID": trace_id,
        "spans": written,
        "processes": described,
        "warnings": None,
    }


def answer(data: Sequence[Any] | None, total: int | None = None) -> JsonObject:
    count = len(data or ()) if total is None else total
    return {"data": data, "total": count, "limit": 0, "offset": 0, "errors": None}


def problem(status: int, message: str) -> JsonObject:
    return {**answer(None), "errors": [{"code": status, "msg": message}]}


def _halves(spans: Iterable[Span]) -> dict[str, Span]:
    """The server's halves of shared spans whose client's half is here, by id."""
    clients = {span.id for span in spans if not span.is_shared}
    return {span.id: span for span in spans if span.is_shared and span.id in clients}


def _span(
    span: Span, trace_id: str, process: str, halves: Mapping[str, Span]
) -> JsonObject:
    return {
        "traceID": trace_id,
        "spanID": _id(span, halves),
        "flags": _SAMPLED,
        "operationName": operation_name(span),
        "references": _references(span, trace_id, halves),
        "startTime": span.start_us,
        "duration": span.duration_us,
        "tags": _tags(tags_of(span)),
        "logs": _logs(span),
        "processID": process,
        "warnings": ["The span is in progress."] if span.is_in_progress else None,
    }


def _id(span: Span, halves: Mapping[str, Span]) -> str:
    return _of_half(span) if halves.get(span.id) is span else span.id


def _of_half(span: Span) -> str:
    """The same whenever the trace is asked for."""
    return hashlib.blake2b(span.key.encode(), digest_size=8).hexdigest()


def _parent(span: Span, halves: Mapping[str, Span]) -> str:
    if halves.get(span.id) is span:
        return span.id
    half = halves.get(span.parent_id)
    return _of_half(half) if half is not None else span.parent_id


def _references(
    span: Span, trace_id: str, halves: Mapping[str, Span]
) -> list[JsonObject]:
    found = []
    parent = _parent(span, halves)
    if parent:
        found.append(_reference("CHILD_OF", trace_id, parent))
    found += [
        _reference("FOLLOWS_FROM", trace_id_out(link.trace_id), link.span_id)
        for link in span.links
        if link != SpanLink(span.trace_id, parent)
    ]
    return found


def _reference(kind: str, trace_id: str, span_id: str) -> JsonObject:
    return {"refType": kind, "traceID": trace_id, "spanID": span_id}


def _logs(span: Span) -> list[JsonObject]:
    """Exceptions, as events at the end of the span: X-Ray does not say when."""
    at = span.end_us or span.start_us
    return [
        {
            "timestamp": at,
            "fields": _tags(
                {
                    "event": "exception",
                    "exception.type": one.type,
                    "exception.message": one.message,
                }
            ),
        }
        for one in span.exceptions
    ]


def _process(span: Span) -> JsonObject:
    return {
        "serviceName": service_name(span.service),
        "tags": _tags(process_tags(span)),
    }


def _tags(values: Mapping[str, Value]) -> list[JsonObject]:
    return [
        {"key": key, "type": _type(value), "value": value}
        for key, value in values.items()
    ]


def _type(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    return "float64" if isinstance(value, float) else "string"
