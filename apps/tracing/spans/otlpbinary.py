"""OTLP's exports in protobuf, told as those in JSON are."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from apps.search.documents import JsonObject
from apps.search.intake import Broken
from apps.tracing.spans.jsonvalues import Value
from apps.tracing.spans.otlp import Told
from apps.tracing.spans.values import InvalidSpan

_DEEPEST = 30
_LENGTH = 4
_BEGINNING = 64
_MOST_BYTES = 64 << 20
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\r\n")
_SIMPLE = frozenset(("string_value", "bool_value", "int_value", "double_value"))


def told_by(body: bytes) -> Iterator[Told]:
    """The spans of an export. Raises InvalidSpan before the first where it is none."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise InvalidSpan("the body is no ExportTraceServiceRequest") from error
    return _told(request)


def is_binary(first: bytes) -> bool:
    """Whether a file that begins so is protobuf, and not JSON."""
    return not _CONTROLS.isdisjoint(first[:_BEGINNING])


def exports_in(pieces: Iterable[bytes]) -> Iterator[Value | Broken]:
    """The exports of a file: one alone, or each after its length in four bytes."""
    data, offset = b"", 0
    source = (piece for piece in pieces if piece)
    while True:
        wanted = (
            _LENGTH + int.from_bytes(data[:_LENGTH])
            if len(data) >= _LENGTH
            else _LENGTH
        )
        if data[:1] not in (b"", b"\0"):
            wanted = _MOST_BYTES
        if wanted > _MOST_BYTES:
            yield Broken(
                offset, f"an export is longer than {_MOST_BYTES >> 20} MiB", b""
            )
            return
        if len(data) < wanted and (piece := next(source, b"")):
            data += piece
            continue
        if not data:
            return
        body = data if data[0] else data[_LENGTH:wanted]
        yield Value(body, offset, "")
        offset += wanted
        data = data[wanted:]


def answer(rejected: int, message: str) -> bytes:
    """What an export is answered with: how many spans were not taken, and why."""
    found = ExportTraceServiceResponse()
    if rejected:
        found.partial_success.rejected_spans = rejected
        found.partial_success.error_message = message
    return found.SerializeToString()


def _told(request: ExportTraceServiceRequest) -> Iterator[Told]:
    for sender in request.resource_spans:
        resource = _pairs(sender.resource.attributes, 0)
        for group in sender.scope_spans:
            scope = _without_empty(
                name=group.scope.name,
                version=group.scope.version,
                attributes=_pairs(group.scope.attributes, 0),
            )
            for span in group.spans:
                yield Told(resource, scope, _span(span))


def _span(span: Sent) -> JsonObject:
    return _without_empty(
        traceId=span.trace_id.hex(),
        spanId=span.span_id.hex(),
        parentSpanId=span.parent_span_id.hex(),
        traceState=span.trace_state,
        flags=span.flags,
        name=span.name,
        kind=span.kind,
        startTimeUnixNano=str(span.start_time_unix_nano),
        endTimeUnixNano=str(span.end_time_unix_nano),
        attributes=_pairs(span.attributes, 0),
        droppedAttributesCount=span.dropped_attributes_count,
        events=[_event(event) for event in span.events],
        droppedEventsCount=span.dropped_events_count,
        links=[_link(link) for link in span.links],
        droppedLinksCount=span.dropped_links_count,
        status=_without_empty(code=span.status.code, message=span.status.message),
    )


def _event(event: Sent.Event) -> JsonObject:
    return _without_empty(
        timeUnixNano=str(event.time_unix_nano),
        name=event.name,
        attributes=_pairs(event.attributes, 0),
        droppedAttributesCount=event.dropped_attributes_count,
    )


def _link(link: Sent.Link) -> JsonObject:
    return _without_empty(
        traceId=link.trace_id.hex(),
        spanId=link.span_id.hex(),
        traceState=link.trace_state,
        attributes=_pairs(link.attributes, 0),
        droppedAttributesCount=link.dropped_attributes_count,
        flags=link.flags,
    )


def _without_empty(**members: Any) -> JsonObject:
    """As protobuf's JSON: what has its default is not there."""
    return {name: value for name, value in members.items() if value}


def _pairs(pairs: Iterable[KeyValue], depth: int) -> JsonObject:
    return {pair.key: _value(pair.value, depth) for pair in pairs}


def _value(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or depth > _DEEPEST:
        return None
    inside = getattr(value, kind)
    if kind in _SIMPLE:
        return inside
    if kind == "array_value":
        return [_value(one, depth + 1) for one in inside.values]
    if kind == "kvlist_value":
        return _pairs(inside.values, depth + 1)
    return base64.b64encode(inside).decode() if kind == "bytes_value" else inside
