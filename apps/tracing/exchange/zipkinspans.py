"""Spans as Zipkin's API answers with them, version 2.

Source: zipkin2-api.yaml of openzipkin/zipkin-api.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from apps.search.documents import JsonObject
from apps.tracing.exchange.words import (
    operation_name,
    tag_text,
    tags_of,
    trace_id_out,
)
from apps.tracing.spans.span import Span, SpanSource

_ADDED = ("trace_id", "parent_id", "http", "sql", "aws", "cause")
_NOT_TAGS = frozenset(("span.kind", "peer.service"))


def span_json(span: Span, record: JsonObject | None = None) -> JsonObject:
    """A span; one that came as Zipkin's is told as it was sent, where its record is
    known."""
    if record is not None and span.source is SpanSource.ZIPKIN:
        sent = {name: value for name, value in record.items() if name not in _ADDED}
        if "tags" in sent:
            sent["tags"] = _texts(sent["tags"])
        return {**sent, "traceId": trace_id_out(span.trace_id), "id": span.id}
    return {name: value for name, value in _told(span).items() if value}


def _told(span: Span) -> JsonObject:
    return {
        "traceId": trace_id_out(span.trace_id),
        "id": span.id,
        "parentId": span.parent_id,
        "kind": span.kind.value.upper(),
        "name": operation_name(span),
        "timestamp": span.start_us,
        "duration": None if span.end_us is None else max(1, span.duration_us),
        "localEndpoint": _endpoint(span.service.name),
        "remoteEndpoint": _endpoint(span.peer.name) if span.peer else None,
        "tags": _tags(span),
        "shared": span.is_shared,
    }


def _texts(tags: object) -> dict[str, str]:
    """Readers of Zipkin's API stop at a tag that is no text."""
    if not isinstance(tags, dict):
        return {}
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in tags.items()
    }


def _endpoint(name: str) -> JsonObject | None:
    return {"serviceName": name} if name else None


def _tags(span: Span) -> dict[str, str]:
    tags = {
        name: tag_text(value)
        for name, value in tags_of(span).items()
        if name not in _NOT_TAGS
    }
    if span.outcome and span.exceptions:
        one = span.exceptions[0]
        tags["error"] = ": ".join(part for part in (one.type, one.message) if part)
    return tags


def trace_json(
    spans: Iterable[Span], records: Mapping[str, JsonObject] | None = None
) -> list[JsonObject]:
    """The spans of a trace, with the records that are known of them by their keys."""
    known = records or {}
    return [span_json(span, known.get(span.key)) for span in spans]
