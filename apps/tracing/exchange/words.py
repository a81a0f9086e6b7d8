"""A span in the words that Jaeger and Zipkin share: ids, names, tags."""

from __future__ import annotations

from apps.discovery import traceids
from apps.tracing.spans.documents import outcome_word
from apps.tracing.spans.span import Outcome, ServiceKey, Span, Value

UNNAMED = "unknown"
_HIGH_HALF = "0" * 16
_DIGITS = 32


def trace_id_out(trace_id: str) -> str:
    """A trace id as other tools write it: 32 digits, or 16 where the rest is zero."""
    digits = trace_id[2:10] + trace_id[11:]
    return digits[16:] if digits.startswith(_HIGH_HALF) else digits


def trace_id_in(text: str) -> str | None:
    """Ours of theirs, and of X-Ray's; None for what is none."""
    return traceids.normal(text) or traceids.normal(text.strip().rjust(_DIGITS, "0"))


def service_name(service: ServiceKey) -> str:
    return service.name or UNNAMED


def operation_name(span: Span) -> str:
    """What tools list as operations."""
    return span.name or UNNAMED


def tags_of(span: Span) -> dict[str, Value]:
    """What a span says, under the names of OpenTelemetry; what its sender called it
    goes first."""
    tags: dict[str, Value] = {}
    if span.kind:
        tags["span.kind"] = span.kind.value
    if span.outcome is not Outcome.OK:
        tags["error"] = True
        tags["outcome"] = outcome_word(span)
    tags |= _http_tags(span)
    for name, value in _call_tags(span).items():
        if value:
            tags[name] = value
    return tags | span.annotations


def _http_tags(span: Span) -> dict[str, Value]:
    http = span.http
    if http is None:
        return {}
    told: dict[str, Value] = {
        "http.method": http.method,
        "http.url": http.url,
        "http.status_code": http.status,
        "http.user_agent": http.user_agent,
        "http.client_ip": http.client_ip,
    }
    return {name: value for name, value in told.items() if value}


def _call_tags(span: Span) -> dict[str, str]:
    is_sql = span.peer is not None and span.peer.type == "Database::SQL"
    return {
        "operation": "" if is_sql else span.operation,
        "db.statement": span.operation if is_sql else "",
        "resource": span.resource,
        "peer.service": span.peer.name if span.peer else "",
        "enduser.id": span.user,
        "cloud.resource_id": span.resource_arn,
        "trailmap.in_progress": "true" if span.is_in_progress else "",
        "trailmap.inferred": "true" if span.is_inferred else "",
    }


def process_tags(span: Span) -> dict[str, Value]:
    """What a span says of the service it is of."""
    told: dict[str, Value] = {
        "cloud.account.id": span.service.account,
        "cloud.region": span.region,
        "origin": span.service.type,
        "cloud.availability_zone": span.availability_zone,
        "host.id": span.instance_id,
    }
    return {name: value for name, value in told.items() if value}


def tag_text(value: Value) -> str:
    """A value as people write it into a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
