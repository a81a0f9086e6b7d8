"""A span in answers of the API and in exports: all but its record."""

from __future__ import annotations

from typing import Any

from apps.tracing.spans.documents import document_id, moment, outcome_word
from apps.tracing.spans.span import ServiceKey, Span


def span_json(span: Span) -> dict[str, Any]:
    """Times are RFC 3339 and to the microsecond beside it, as they came."""
    return {
        "id": span.id,
        "document": document_id(span),
        "parent_id": span.parent_id or None,
        "segment_id": span.segment_id,
        "kind": span.kind.value or None,
        "name": span.name,
        "service": service_json(span.service),
        "peer": service_json(span.peer) if span.peer else None,
        "start": moment(span.start_us),
        "start_us": span.start_us,
        "duration_us": None if span.is_in_progress else span.duration_us,
        "outcome": outcome_word(span),
        "operation": span.operation or None,
        "resource": span.resource or None,
        "region": span.region or None,
        "is_inferred": span.is_inferred,
        "user": span.user or None,
        "http": _http(span),
        "annotations": span.annotations,
        "exceptions": [
            {"type": one.type, "message": one.message} for one in span.exceptions
        ],
        "links": [
            {"trace_id": one.trace_id, "span_id": one.span_id} for one in span.links
        ],
        "source": span.source.value,
    }


def service_json(service: ServiceKey) -> dict[str, str]:
    return {"account": service.account, "type": service.type, "name": service.name}


def _http(span: Span) -> dict[str, Any] | None:
    if span.http is None:
        return None
    http = span.http
    told = {
        "method": http.method,
        "url": http.url,
        "status": http.status,
        "user_agent": http.user_agent,
        "client_ip": http.client_ip,
    }
    return {name: value for name, value in told.items() if value}
