"""OpenTelemetry's spans, as OTLP sends them in JSON, as spans.

Source: opentelemetry/proto/trace/v1/trace.proto, the semantic conventions, and how the
AWS X-Ray exporter of the OpenTelemetry collector maps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

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
from apps.tracing.spans.causes import cause_block, exceptions_of
from apps.tracing.spans.otlppeers import peer_of
from apps.tracing.spans.span import (
    Outcome,
    ServiceKey,
    Span,
    SpanKind,
    SpanLink,
    SpanSource,
)
from apps.tracing.spans.values import (
    EARLIEST_US,
    LATEST_US,
    TEXT_LENGTH,
    InvalidSpan,
    account_of,
    hex_id,
    objects,
    outcome_of,
    part,
    searchable,
    shown,
    text,
    whole,
)

_DEEPEST = 30
_MOST_LINKS = 100
_NO_ID = "0" * 16
_FAILED = frozenset((2, "STATUS_CODE_ERROR"))
_KINDS: Final[Mapping[object, SpanKind]] = {
    2: SpanKind.SERVER,
    3: SpanKind.CLIENT,
    4: SpanKind.PRODUCER,
    5: SpanKind.CONSUMER,
    "SPAN_KIND_SERVER": SpanKind.SERVER,
    "SPAN_KIND_CLIENT": SpanKind.CLIENT,
    "SPAN_KIND_PRODUCER": SpanKind.PRODUCER,
    "SPAN_KIND_CONSUMER": SpanKind.CONSUMER,
}
_CALLERS = frozenset((SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER))
_ORIGINS: Final[Mapping[str, str]] = {
    "aws_ec2": "AWS::EC2::Instance",
    "aws_ecs": "AWS::ECS::Container",
    "aws_eks": "AWS::EKS::Container",
    "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment",
    "aws_app_runner": "AWS::AppRunner::Service",
    "aws_lambda": "AWS::Lambda::Function",
}
_ECS_ORIGINS: Final[Mapping[object, str]] = {
    "ec2": "AWS::ECS::EC2",
    "fargate": "AWS::ECS::Fargate",
}


class Told(NamedTuple):
    """A span as it was sent, attributes as plain objects, and what sent it."""

    resource: JsonObject
    scope: JsonObject
    span: JsonObject


def told_by(body: JsonObject) -> Iterator[Told]:
    """The spans of an export in JSON; of what is no span, nothing."""
    for sender in objects(body.get("resourceSpans")):
        resource = plain(part(sender, "resource").get("attributes"))
        groups = sender.get("scopeSpans", sender.get("instrumentationLibrarySpans"))
        for group in objects(groups):
            scope = _plain_attributes(dict(part(group, "scope")))
            for span in objects(group.get("spans")):
                yield Told(resource, scope, _plain_span(span))


def _plain_span(span: JsonObject) -> JsonObject:
    made = _plain_attributes(span.copy())
    for name in ("events", "links"):
        if name in made:
            listed = objects(made[name])
            made[name] = [_plain_attributes(one.copy()) for one in listed]
    return made


def _plain_attributes(holder: JsonObject) -> JsonObject:
    if "attributes" in holder:
        holder["attributes"] = plain(holder["attributes"])
    return holder


def plain(attributes: object) -> JsonObject:
    """Attributes by their keys, from the list that OTLP sends."""
    return _plain_pairs(attributes, 0)


def _plain_pairs(pairs: object, depth: int) -> JsonObject:
    return {
        one["key"]: _plain_value(one.get("value"), depth)
        for one in objects(pairs)
        if type(one.get("key")) is str
    }


def _plain_value(value: object, depth: int) -> Any:
    if type(value) is not dict or not value or depth > _DEEPEST:
        return None
    kind, inside = next(iter(value.items()))
    if kind == "intValue":
        number = whole(inside)
        return inside if number is None else number
    if kind == "arrayValue":
        return [
            _plain_value(one, depth + 1)
            for one in objects(part(value, kind).get("values"))
        ]
    if kind == "kvlistValue":
        return _plain_pairs(part(value, kind).get("values"), depth + 1)
    return inside


def span_of(told: Told, account: str, region: str) -> Span:
    """The span in our terms. `account` and `region` are those it came to; what the
    resource names goes first. Raises InvalidSpan."""
    resource, span = told.resource, told.span
    attributes = part(span, "attributes")
    said = said_by(attributes)
    start_us, end_us = _times(span)
    parent_id, span_id = hex_id(span.get("parentSpanId")), _id(span)
    name = text(span.get("name"))
    found = Span(
        _trace_id(span),
        span_id,
        "" if parent_id in (_NO_ID, span_id) else parent_id,
        span_id,
        _kind(span.get("kind")),
        name,
        _service(resource, account),
        start_us,
        end_us,
        SpanSource.OTLP,
        text(resource.get("cloud.region"), 30) or region,
        operation=name,
        annotations=searchable(without_statements(attributes)),
        availability_zone=text(resource.get("cloud.availability_zone")),
        instance_id=text(resource.get("host.id")),
        resource_arn=text(resource.get("cloud.resource_id"), TEXT_LENGTH),
    )
    record = _record(found, told)
    _add_said(found, said, record)
    _add_failure(found, span, record)
    if "links" in span:
        found.links = _links(span["links"])
    found.record = record
    return found


def _trace_id(span: JsonObject) -> str:
    given = span.get("traceId")
    found = traceids.normal(given) if type(given) is str else None
    if found is None:
        raise InvalidSpan(f"traceId is {shown(given)}: it must be 32 hex digits")
    return found


def _id(span: JsonObject) -> str:
    found = hex_id(span.get("spanId"))
    if not found or found == _NO_ID:
        given = shown(span.get("spanId"))
        raise InvalidSpan(f"spanId is {given}: it must be 16 hex digits")
    return found


def _kind(given: object) -> SpanKind:
    is_known = type(given) is int or type(given) is str
    return _KINDS.get(given, SpanKind.UNKNOWN) if is_known else SpanKind.UNKNOWN


def _times(span: JsonObject) -> tuple[int, int | None]:
    """Start and end, in microseconds; a span that has not ended is in progress."""
    start_us = _microseconds(span.get("startTimeUnixNano"))
    if start_us is None:
        raise InvalidSpan(
            f"startTimeUnixNano is {shown(span.get('startTimeUnixNano'))}: it must be "
            "nanoseconds since 1970, between 2000 and 2199"
        )
    return start_us, _microseconds(span.get("endTimeUnixNano"))


def _microseconds(nanoseconds: object) -> int | None:
    found = whole(nanoseconds)
    if found is None:
        return None
    found //= 1_000
    return found if EARLIEST_US <= found < LATEST_US else None


def _service(resource: JsonObject, account: str) -> ServiceKey:
    owner = account_of(resource.get("cloud.account.id")) or account
    return ServiceKey(owner, _origin(resource), text(resource.get("service.name")))


def _origin(resource: JsonObject) -> str:
    """What X-Ray calls the platform a service runs on."""
    if resource.get("cloud.provider", "aws") != "aws":
        return ""
    platform = text(resource.get("cloud.platform"))
    if platform == "aws_ecs":
        launch = text(resource.get("aws.ecs.launchtype")).lower()
        return _ECS_ORIGINS.get(launch, _ORIGINS[platform])
    return _ORIGINS.get(platform, "")


def _record(found: Span, told: Told) -> JsonObject:
    record: JsonObject = {
        **told.span,
        "trace_id": found.trace_id,
        "id": found.id,
        "resource": told.resource,
    }
    if found.parent_id:
        record["parent_id"] = found.parent_id
    if told.scope:
        record["scope"] = told.scope
    if found.service.type:
        record["origin"] = found.service.type
    return record


def _add_said(span: Span, said: Said, record: JsonObject) -> None:
    http, aws, sql = http_of(said), aws_of(said), sql_of(said)
    if http is not None:
        span.http, record["http"] = http, http_block(http)
        span.outcome = outcome_of(http.status)
    span.operation = operation_of(said, http, span.name)
    span.resource = resource_of(said, aws)
    span.user = text(said.get("user"))
    if span.kind in _CALLERS:
        span.peer = peer_of(said, aws, span.service.account)
    if span.kind is SpanKind.CLIENT:
        span.namespace = "aws" if aws else "remote"
    told = {"aws": aws, "sql": sql, "user": span.user}
    record.update({name: value for name, value in told.items() if value})


def _add_failure(span: Span, given: JsonObject, record: JsonObject) -> None:
    code = part(given, "status").get("code")
    if not span.outcome and type(code) in (int, str) and code in _FAILED:
        span.outcome = Outcome.FAULT
    if "events" in given:
        span.exceptions = exceptions_of(given["events"])
        if span.exceptions:
            record["cause"] = cause_block(span.exceptions)


def _links(value: object) -> tuple[SpanLink, ...]:
    found = []
    for one in objects(value)[:_MOST_LINKS]:
        given = one.get("traceId")
        trace_id = traceids.normal(given) if type(given) is str else None
        if trace_id:
            found.append(SpanLink(trace_id, hex_id(one.get("spanId"))))
    return tuple(found)
