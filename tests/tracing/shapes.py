"""Spans of traces that tests are about."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from apps.tracing.spans.span import ServiceKey, Span, SpanKind, SpanSource

ACCOUNT, OTHER = "111122223333", "444455556666"
T0_US = 1_795_000_020_000_000
"""The begin of a minute."""
MINUTE_US = 60_000_000
TABLE = ServiceKey(ACCOUNT, "AWS::DynamoDB::Table", "orders")
QUEUE = ServiceKey(ACCOUNT, "AWS::SQS::Queue", "jobs")
_IDS = count(1)


def trace_id(number: int) -> str:
    return f"1-{T0_US // 1_000_000:08x}-{number:024x}"


def service(name: str, account: str = ACCOUNT) -> ServiceKey:
    return ServiceKey(account, "AWS::ECS::Container", name)


def segment(name: str, parent: Span | None = None, **fields: Any) -> Span:
    """A segment of X-Ray, a root unless it has a parent; 100 ms from T0."""
    found = Span(
        parent.trace_id if parent else trace_id(1),
        f"{next(_IDS):016x}",
        parent.id if parent else "",
        "",
        SpanKind.SERVER,
        name,
        service(name),
        parent.start_us if parent else T0_US,
        (parent.start_us if parent else T0_US) + 100_000,
        SpanSource.XRAY,
        "eu-west-1",
    )
    found = replace(found, **fields)
    found.segment_id = found.id
    found.record = {"id": found.id, "name": name, "trace_id": found.trace_id}
    return found


def call(owner: Span, to: ServiceKey | str, **fields: Any) -> Span:
    """A subsegment that calls a service by its name, or another node; 80 ms."""
    peer = ServiceKey("", "remote", to) if isinstance(to, str) else to
    found = Span(
        owner.trace_id,
        f"{next(_IDS):016x}",
        owner.id,
        owner.id,
        SpanKind.CLIENT,
        peer.name,
        owner.service,
        owner.start_us + 1_000,
        owner.start_us + 81_000,
        SpanSource.XRAY,
        "eu-west-1",
        peer=peer,
    )
    found = replace(found, **fields)
    if "end_us" not in fields:
        found.end_us = found.start_us + 80_000
    found.record = {"id": found.id, "name": found.name}
    return found


def plain(kind: SpanKind, name: str, parent: Span | None = None, **fields: Any) -> Span:
    """A span of Zipkin's of the service of this name."""
    found = segment(name, parent, kind=kind, source=SpanSource.ZIPKIN)
    found.service = ServiceKey("", "", name)
    for field, value in fields.items():
        setattr(found, field, value)
    return found
