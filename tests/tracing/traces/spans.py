"""Spans of traces, built by hand."""

from __future__ import annotations

from typing import Any

from apps.tracing.spans.span import ServiceKey, Span, SpanKind, SpanSource

TRACE = "1-6a450080-bd862e3fe1be46a994272793"
START_US = 1_782_907_200_000_000  # 2026-07-01T12:00:00Z
ACCOUNT = "111122223333"


def service(name: str, type_: str = "AWS::ECS::Container") -> ServiceKey:
    return ServiceKey(ACCOUNT, type_, name)


def span(key: str, above: str = "", **fields: Any) -> Span:
    """A span of `web` from `at` ms after noon, `ms` long; None: in progress."""
    at, ms = fields.pop("at", 0), fields.pop("ms", 100)
    owner = fields.pop("service", "web")
    start = START_US + round(at * 1_000)
    return Span(
        fields.pop("trace_id", TRACE),
        key,
        above,
        fields.pop("segment_id", key),
        fields.pop("kind", SpanKind.SERVER),
        fields.pop("name", key),
        service(owner) if isinstance(owner, str) else owner,
        start,
        None if ms is None else start + round(ms * 1_000),
        fields.pop("source", SpanSource.XRAY),
        fields.pop("region", "eu-west-1"),
        **fields,
    )


def call(key: str, above: str, to: ServiceKey | str, **fields: Any) -> Span:
    """A subsegment that called another service."""
    peer = ServiceKey("", "remote", to) if isinstance(to, str) else to
    return span(
        key,
        above,
        kind=SpanKind.CLIENT,
        peer=peer,
        segment_id=fields.pop("segment_id", above),
        **fields,
    )
