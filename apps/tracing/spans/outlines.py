"""What is kept of the spans of a trace beside the documents: all but their records.

A trace is drawn, filtered and counted from its outline alone, however many documents
it has.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from apps.tracing.spans.span import (
    Http,
    Outcome,
    ServiceKey,
    Span,
    SpanException,
    SpanKind,
    SpanLink,
    SpanSource,
)

_LEVEL = 1  # ten times as fast as the best one, and a tenth larger
_ALWAYS = 14
"""How many values every span has; one more holds what few have."""
_KINDS = {kind.value: kind for kind in SpanKind}
_SOURCES = {source.value: source for source in SpanSource}
_OUTCOMES = tuple(Outcome(number) for number in range(8))


def packed(spans: Iterable[Span]) -> bytes:
    """Spans of one trace, without their records."""
    services: dict[ServiceKey, int] = {}
    rows = [_row(span, services) for span in spans]
    return zlib.compress(orjson.dumps([list(map(list, services)), rows]), _LEVEL)


def unpacked(trace_id: str, outline: bytes) -> list[Span]:
    """The inverse of `packed`; the spans have no records."""
    names, rows = orjson.loads(zlib.decompress(outline))
    services = [ServiceKey(*name) for name in names]
    return [_span(trace_id, row, services) for row in rows]


def mentions(outline: bytes, texts: Iterable[bytes]) -> bool:
    """Whether all of these stand in it, as JSON writes them: far quicker than to read
    the spans."""
    written = zlib.decompress(outline)
    return all(text in written for text in texts)


def _row(span: Span, services: dict[ServiceKey, int]) -> list[Any]:
    """What every span has, then what few have: short, as there are many of them."""
    row: list[Any] = [
        span.id,
        span.parent_id,
        "" if span.is_segment else span.segment_id,
        span.kind.value,
        span.name,
        services.setdefault(span.service, len(services)),
        span.start_us,
        None if span.end_us is None else span.end_us - span.start_us,
        span.source.value,
        span.region,
        int(span.outcome),
        -1 if span.peer is None else services.setdefault(span.peer, len(services)),
        span.position,
        span.content,
    ]
    rare = _rare(span)
    if rare:
        row.append(rare)
    return row


def _rare(span: Span) -> dict[str, Any]:
    rare = {
        "o": span.operation,
        "r": span.resource,
        "n": span.namespace,
        "s": span.is_shared,
        "i": span.is_inferred,
        "u": span.user,
        "a": span.annotations,
        "x": [list(one) for one in span.exceptions],
        "c": span.cause_id,
        "z": span.availability_zone,
        "m": span.instance_id,
        "w": span.resource_arn,
        "l": [list(one) for one in span.links],
    }
    rare = {name: value for name, value in rare.items() if value}
    if span.http is not None:
        http = span.http
        rare["h"] = (
            http.method,
            http.url,
            http.status,
            http.user_agent,
            http.client_ip,
            http.request_bytes,
            http.response_bytes,
        )
    return rare


def _span(trace_id: str, row: Sequence[Any], services: Sequence[ServiceKey]) -> Span:
    (
        span_id,
        parent_id,
        segment_id,
        kind,
        name,
        service,
        start_us,
        length_us,
        source,
        region,
        outcome,
        peer,
        position,
        content,
    ) = row[:_ALWAYS]
    span = Span(
        trace_id,
        span_id,
        parent_id,
        segment_id or span_id,
        _KINDS[kind],
        name,
        services[service],
        start_us,
        None if length_us is None else start_us + length_us,
        _SOURCES[source],
        region,
        _OUTCOMES[outcome],
        None if peer < 0 else services[peer],
        position=position,
        content=content,
    )
    if len(row) > _ALWAYS:
        _add_rare(span, row[_ALWAYS])
    return span


def _add_rare(span: Span, rare: dict[str, Any]) -> None:
    span.operation = rare.get("o", "")
    span.resource = rare.get("r", "")
    span.namespace = rare.get("n", "")
    span.is_shared = rare.get("s", False)
    span.is_inferred = rare.get("i", False)
    span.user = rare.get("u", "")
    span.annotations = rare.get("a", {})
    span.exceptions = tuple(SpanException(*one) for one in rare.get("x", ()))
    span.cause_id = rare.get("c", "")
    span.availability_zone = rare.get("z", "")
    span.instance_id = rare.get("m", "")
    span.resource_arn = rare.get("w", "")
    span.links = tuple(SpanLink(*one) for one in rare.get("l", ()))
    if "h" in rare:
        span.http = Http(*rare["h"])
