"""Zipkin's spans, version 2 in JSON, as spans.

Source: zipkin2-api.yaml of openzipkin/zipkin-api.
"""

from __future__ import annotations

from collections.abc import Iterable

from apps.discovery import traceids
from apps.search.documents import JsonObject
from apps.tracing.spans.attributes import (
    Said,
    aws_of,
    http_block,
    http_of,
    operation_of,
    resource_of,
    said_by,
    sql_of,
    without_statements,
)
from apps.tracing.spans.span import (
    Outcome,
    ServiceKey,
    Span,
    SpanException,
    SpanKind,
    SpanSource,
)
from apps.tracing.spans.values import (
    EARLIEST_US,
    LATEST_US,
    TEXT_LENGTH,
    InvalidSpan,
    hex_id,
    objects,
    outcome_of,
    part,
    searchable,
    shown,
    text,
    whole,
)

_KINDS = {kind.name: kind for kind in SpanKind if kind}
_NO_PARENT = "0" * 16
_TRACE_ID_DIGITS = 32
_SAYS_NOTHING = frozenset(("", "true", "True", "1"))


def span_of(span: JsonObject, account: str, region: str) -> Span:
    """A span that Zipkin was told, or one half of it: a span that client and server
    share is told by both, the server's `is_shared`.

    A span without a duration is in progress. One without a time has `start_us` 0:
    `dated` gives it one. Names of services are in lower case, as in Zipkin, and no
    service has a type, so that one who calls meets one who is called. Raises
    InvalidSpan.
    """
    parent_id = hex_id(span.get("parentId"))
    span_id = _id(span)
    kind = _kind(span.get("kind"))
    name = text(span.get("name"))
    found = Span(
        _trace_id(span),
        span_id,
        "" if parent_id in (span_id, _NO_PARENT) else parent_id,
        span_id,
        kind,
        name,
        ServiceKey(account, "", _service(span, "localEndpoint")),
        _start(span),
        None,
        SpanSource.ZIPKIN,
        region,
        operation=name,
        is_shared=span.get("shared") is True and kind is not SpanKind.CLIENT,
    )
    _add_end(found, span.get("duration"))
    peer = _service(span, "remoteEndpoint")
    if peer:
        found.peer = ServiceKey(account, "", peer)
    _add_tags(found, span)
    return found


def dated(spans: Iterable[Span], read_us: int) -> None:
    """Give spans that told no time the earliest of their trace's among these, else
    that at which they were read."""
    earliest: dict[str, int] = {}
    undated = []
    for span in spans:
        if span.start_us:
            known = earliest.get(span.trace_id, span.start_us)
            earliest[span.trace_id] = min(known, span.start_us)
        else:
            undated.append(span)
    for span in undated:
        span.start_us = earliest.get(span.trace_id, read_us)


def _trace_id(span: JsonObject) -> str:
    given = span.get("traceId")
    if type(given) is str:
        found = traceids.normal(given.rjust(_TRACE_ID_DIGITS, "0"))
        if found is not None:
            return found
    raise InvalidSpan(f"traceId is {shown(given)}: it must be 16 or 32 hex digits")


def _id(span: JsonObject) -> str:
    found = hex_id(span.get("id"))
    if not found:
        raise InvalidSpan(f"id is {shown(span.get('id'))}: it must be 16 hex digits")
    return found


def _kind(given: object) -> SpanKind:
    return (
        _KINDS.get(given, SpanKind.UNKNOWN) if type(given) is str else SpanKind.UNKNOWN
    )


def _start(span: JsonObject) -> int:
    """Microseconds since 1970: those of the span, else of its first annotation; 0
    where neither tells."""
    given = span.get("timestamp")
    if given is None or given == 0:
        return _first_annotated(span)
    found = whole(given)
    if found is None or not EARLIEST_US <= found < LATEST_US:
        raise InvalidSpan(
            f"timestamp is {shown(given)}: it must be microseconds since 1970, between "
            "2000 and 2199"
        )
    return found


def _first_annotated(span: JsonObject) -> int:
    told = (whole(one.get("timestamp")) for one in objects(span.get("annotations")))
    times = [time for time in told if time and EARLIEST_US <= time < LATEST_US]
    return min(times, default=0)


def _add_end(span: Span, duration: object) -> None:
    length = whole(duration)
    if length is not None and 0 <= length < LATEST_US - EARLIEST_US and span.start_us:
        span.end_us = span.start_us + length


def _service(span: JsonObject, end: str) -> str:
    endpoint = span.get(end)
    if type(endpoint) is not dict:
        return ""
    return text(endpoint.get("serviceName")).lower()


def _add_tags(span: Span, given: JsonObject) -> None:
    tags = part(given, "tags")
    told: JsonObject = {}
    if tags:
        said = said_by(tags)
        span.annotations = searchable(without_statements(tags))
        if said:
            _add_said(span, said, told)
        if "error" in tags:
            _add_error(span, tags["error"], told)
    if span.http is not None:
        if not span.http.client_ip and span.kind is SpanKind.SERVER:
            span.http.client_ip = text(part(given, "remoteEndpoint").get("ipv4"))
        told["http"] = http_block(span.http)
    span.record = {**told, **given, "trace_id": span.trace_id, "id": span.id}
    if span.parent_id:
        span.record["parent_id"] = span.parent_id


def _add_said(span: Span, said: Said, told: JsonObject) -> None:
    """What tags say in X-Ray's terms, in the span and for its record."""
    http, aws, sql = http_of(said), aws_of(said), sql_of(said)
    if http is not None:
        span.http = http
        span.outcome = outcome_of(http.status)
    span.operation = operation_of(said, http, span.name)
    span.resource = resource_of(said, aws)
    span.user = text(said.get("user"))
    told.update({name: block for name, block in (("aws", aws), ("sql", sql)) if block})


def _add_error(span: Span, error: object, told: JsonObject) -> None:
    """Any `error` tag is a failure, even an empty one."""
    if not span.outcome:
        span.outcome = Outcome.FAULT
    message = text(error, TEXT_LENGTH)
    if message not in _SAYS_NOTHING:
        span.exceptions = (SpanException("", message),)
        told["cause"] = {"exceptions": [{"message": message}]}
