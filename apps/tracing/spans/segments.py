"""X-Ray's segment documents as spans.

Source: "AWS X-Ray segment documents" in the X-Ray developer guide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from apps.discovery import traceids
from apps.search.documents import JsonObject
from apps.tracing.spans.callees import aws_callee, remote_callee, resource_of
from apps.tracing.spans.segmentchecks import (
    InvalidSegment,
    ids_of,
    microseconds,
    name_of,
    times_of,
    trace_id_of,
)
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
from apps.tracing.spans.values import (
    TEXT_LENGTH,
    account_of,
    hex_id,
    objects,
    outcome_of,
    part,
    region_of_arn,
    region_of_zone,
    request_line,
    searchable,
    size,
    status,
    text,
)

__all__ = ["MOST_SUBSEGMENTS", "InvalidSegment", "spans_of"]

MOST_SUBSEGMENTS = 10_000
_MOST_LISTED = 100
_NO_CAUSE = -1


class _Holder(NamedTuple):
    """What all spans of a document have in common."""

    trace_id: str
    segment_id: str
    service: ServiceKey
    region: str


class _Place(NamedTuple):
    """Where a subsegment lies; `start_us` is that of what it lies in."""

    parent_id: str
    start_us: int


def spans_of(document: JsonObject, account: str, region: str) -> list[Span]:
    """The segment, or the independent subsegment, and each subsegment within, in the
    order they are written. `account` and `region` are those that the document came
    to; an account that the document names goes first.

    A subsegment that was sent by itself does not say which segment it belongs to:
    `segment_id` is its parent then, and the service has no name, until the store
    knows its segment. Raises InvalidSegment.
    """
    trace_id = trace_id_of(document)
    top_id, parent_id = ids_of(document)
    start_us, end_us = times_of(document)
    name = name_of(document)
    if document.get("type") == "subsegment":
        holder = _Holder(trace_id, parent_id, ServiceKey(account, "", ""), region)
        span = _subsegment(document, holder, top_id, _Place(parent_id, start_us))
        span.end_us = end_us
    else:
        holder = _holder(document, trace_id, top_id, account, region)
        span = _span(
            document, holder, top_id, SpanKind.SERVER, parent_id, name, start_us, end_us
        )
        _add_what_segments_tell(span, document)
    found = [span]
    if "subsegments" in document:
        found.extend(_within(document, holder, span))
    return found


def _holder(
    document: JsonObject, trace_id: str, segment_id: str, account: str, region: str
) -> _Holder:
    aws = part(document, "aws")
    owner = account_of(aws.get("account_id")) or account
    service = ServiceKey(owner, text(document.get("origin")), text(document["name"]))
    if not region:
        zone = text(part(aws, "ec2").get("availability_zone"))
        region = region_of_arn(_arn(document, aws)) or region_of_zone(zone)
    return _Holder(trace_id, segment_id, service, region)


def _within(document: JsonObject, holder: _Holder, top: Span) -> Iterator[Span]:
    """Each subsegment, at any depth. Raises InvalidSegment beyond 10,000."""
    above = _Place(top.id, top.start_us)
    waiting = [(one, above) for one in objects(document["subsegments"])[::-1]]
    position = 0
    while waiting:
        one, place = waiting.pop()
        position += 1
        if position > MOST_SUBSEGMENTS:
            raise InvalidSegment(
                "SegmentTooLarge", f"it has more than {MOST_SUBSEGMENTS:,} subsegments"
            )
        span_id = hex_id(one.get("id")) or _made_up_id(holder, top, position)
        span = _subsegment(one, holder, span_id, place)
        span.position = position
        yield span
        if "subsegments" in one:
            below = _Place(span_id, span.start_us)
            waiting += [(inner, below) for inner in objects(one["subsegments"])[::-1]]


def _made_up_id(holder: _Holder, top: Span, position: int) -> str:
    """For a subsegment without an id: the same whenever the document is read."""
    place = f"{holder.trace_id} {top.id} {position}".encode()
    return hashlib.blake2b(place, digest_size=8).hexdigest()


def _subsegment(one: JsonObject, holder: _Holder, span_id: str, place: _Place) -> Span:
    """One that does not say when it began, began with what it lies in."""
    start_us = microseconds(one.get("start_time"))
    namespace = one.get("namespace")
    is_call = namespace in ("aws", "remote") if type(namespace) is str else False
    span = _span(
        one,
        holder,
        span_id,
        SpanKind.CLIENT if is_call else SpanKind.UNKNOWN,
        place.parent_id,
        text(one.get("name")),
        place.start_us if start_us is None else start_us,
        microseconds(one.get("end_time")),
    )
    if type(namespace) is str:
        span.namespace = text(namespace)
    if is_call:
        _add_callee(span, one)
    return span


def _span(  # noqa: PLR0913  # called for every span: an object between would cost
    entity: JsonObject,
    holder: _Holder,
    span_id: str,
    kind: SpanKind,
    parent_id: str,
    name: str,
    start_us: int,
    end_us: int | None,
) -> Span:
    """What segments and subsegments have alike."""
    span = Span(
        holder.trace_id,
        span_id,
        parent_id,
        holder.segment_id,
        kind,
        name,
        holder.service,
        start_us,
        end_us,
        SpanSource.XRAY,
        holder.region,
        record=_record(entity),
    )
    if "http" in entity:
        _add_http(span, part(entity, "http"))
    if "fault" in entity or "error" in entity or "throttle" in entity:
        span.outcome |= _flags(entity)
    if "annotations" in entity:
        span.annotations = searchable(part(entity, "annotations"))
    if "cause" in entity:
        _add_cause(span, entity["cause"])
    if "links" in entity:
        span.links = _links(entity["links"])
    return span


def _record(entity: JsonObject) -> JsonObject:
    """The entity as it was sent, without the subsegments that are spans themselves."""
    inner = entity.get("subsegments")
    if inner is None:
        return entity
    record = entity.copy()
    rest = (
        [one for one in inner if type(one) is not dict]
        if type(inner) is list
        else inner
    )
    if rest:
        record["subsegments"] = rest
    else:
        del record["subsegments"]
    return record


def _flags(entity: JsonObject) -> Outcome:
    found = Outcome.OK
    if entity.get("fault") is True:
        found |= Outcome.FAULT
    if entity.get("error") is True:
        found |= Outcome.ERROR
    if entity.get("throttle") is True:
        found |= Outcome.THROTTLE
    return found


def _add_http(span: Span, http: Mapping[str, Any]) -> None:
    span.http = told = Http()
    response = http.get("response")
    if type(response) is dict:
        told.status = status(response.get("status"))
        told.response_bytes = size(response.get("content_length"))
        if told.status >= 400:  # noqa: PLR2004  # the first status that is an error
            span.outcome = outcome_of(told.status)
    request = http.get("request")
    if type(request) is dict:
        told.method = text(request.get("method"), 20)
        told.url = text(request.get("url"), TEXT_LENGTH)
        told.user_agent = text(request.get("user_agent"), TEXT_LENGTH)
        told.client_ip = text(request.get("client_ip"))
        told.request_bytes = size(request.get("content_length"))
        if told.method or told.url:
            span.operation = request_line(told.method, told.url)


def _add_callee(span: Span, one: JsonObject) -> None:
    if span.namespace == "remote":
        sql = part(one, "sql")
        span.peer = remote_callee(span.name, is_database=bool(sql))
        if sql:
            span.operation = text(sql.get("sanitized_query"), TEXT_LENGTH)
            span.resource = span.name
        return
    aws = part(one, "aws")
    span.peer = aws_callee(span.name, aws, span.service.account)
    span.operation = text(aws.get("operation")) or span.operation
    span.resource = resource_of(aws)


def _add_what_segments_tell(span: Span, document: JsonObject) -> None:
    span.is_inferred = document.get("inferred") is True
    span.user = text(document.get("user"))
    aws = part(document, "aws")
    if aws:
        ec2 = part(aws, "ec2")
        span.availability_zone = text(ec2.get("availability_zone"))
        span.instance_id = text(ec2.get("instance_id"))
    span.resource_arn = _arn(document, aws)


def _arn(document: JsonObject, aws: Mapping[str, Any]) -> str:
    return text(document.get("resource_arn"), TEXT_LENGTH) or text(
        aws.get("function_arn"), TEXT_LENGTH
    )


def _add_cause(span: Span, cause: object) -> None:
    """A cause is a list of exceptions, or the id of one that another span has."""
    if type(cause) is str:
        span.cause_id = text(cause)
        return
    listed = objects(cause.get("exceptions")) if type(cause) is dict else []
    listed = listed[:_MOST_LISTED]
    places = {
        one["id"]: at for at, one in enumerate(listed) if type(one.get("id")) is str
    }
    span.exceptions = tuple(
        SpanException(
            text(one.get("type")),
            text(one.get("message"), TEXT_LENGTH),
            one.get("remote") is True,
            places.get(below, _NO_CAUSE)
            if type(below := one.get("cause")) is str
            else _NO_CAUSE,
        )
        for one in listed
    )


def _links(value: object) -> tuple[SpanLink, ...]:
    found = []
    for one in objects(value)[:_MOST_LISTED]:
        given = one.get("trace_id")
        trace_id = traceids.normal(given) if type(given) is str else None
        if trace_id:
            found.append(SpanLink(trace_id, hex_id(one.get("id"))))
    return tuple(found)
