"""Spans that are posted: read alike when they are answered and when they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from apps.search.documents import JsonObject, read_json
from apps.tracing.models import SpanDelivery
from apps.tracing.spans import otlp, otlpbinary, segmentfiles, zipkin
from apps.tracing.spans.span import Span
from apps.tracing.spans.values import InvalidSpan, shown

Format = SpanDelivery.Format
MOST_SPANS = 100_000
MOST_DOCUMENTS = 10_000


class NotABody(ValueError):
    """A body that holds nothing of its format at all; says what is expected."""


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a body, as it was sent: what is taken or refused as a whole."""

    sent: Any
    spans: list[Span] = field(default_factory=list)
    problem: InvalidSpan | None = None

    @property
    def id(self) -> str:
        """What it calls itself, as far as it does."""
        value = self.sent
        try:
            value = read_json(value.encode()) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            return ""
        if not isinstance(value, dict):
            return ""
        found = value.get("spanId", value.get("id"))
        return found[:100] if isinstance(found, str) else ""


def items(format_: str, body: bytes, account: str, region: str) -> Iterator[Item]:
    """The parts of a body, in order. Raises NotABody."""
    for read, sent in _PARTS[format_](body):
        try:
            yield Item(sent, read(account, region))
        except InvalidSpan as error:
            yield Item(sent, problem=error)


Read = Callable[[str, str], list[Span]]
Part = tuple[Read, Any]


def _xray_parts(body: bytes) -> Iterator[Part]:
    """As PutTraceSegments takes them: documents as text; objects are as good."""
    listed = _object(body).get("TraceSegmentDocuments")
    if not isinstance(listed, list):
        raise NotABody("TraceSegmentDocuments is missing: it is a list of documents")
    if len(listed) > MOST_DOCUMENTS:
        raise NotABody(f"A request has {MOST_DOCUMENTS:,} documents at most")
    return ((_of_segment(one), one) for one in listed)


def _of_segment(value: Any) -> Read:
    def read(account: str, region: str) -> list[Span]:
        spans = []
        for one in segmentfiles.spans_in(value, account, region):
            if isinstance(one, InvalidSpan):
                raise one
            spans.append(one)
        return spans

    return read


def _zipkin_parts(body: bytes) -> Iterator[Part]:
    value = _json(body)
    if not isinstance(value, list):
        raise NotABody("The body is no list of spans, as version 2 of Zipkin sends it")
    if len(value) > MOST_SPANS:
        raise NotABody(f"A request has {MOST_SPANS:,} spans at most")
    return ((_of_zipkin(one), one) for one in value)


def _of_zipkin(value: Any) -> Read:
    def read(account: str, region: str) -> list[Span]:
        if not isinstance(value, dict):
            raise InvalidSpan(f"a span is a JSON object, and {shown(value)} is not")
        return [zipkin.span_of(value, account, region)]

    return read


def _otlp_json_parts(body: bytes) -> Iterator[Part]:
    value = _object(body)
    if not isinstance(value.get("resourceSpans", []), list):
        raise NotABody("resourceSpans is no list")
    return _of_told(otlp.told_by(value))


def _otlp_parts(body: bytes) -> Iterator[Part]:
    try:
        return _of_told(otlpbinary.told_by(body))
    except InvalidSpan as error:
        raise NotABody(f"It cannot be read: {error}") from error


def _of_told(told: Iterator[otlp.Told]) -> Iterator[Part]:
    for one in told:

        def read(account: str, region: str, one: otlp.Told = one) -> list[Span]:
            return [otlp.span_of(one, account, region)]

        yield read, one.span


_PARTS: Final[Mapping[str, Callable[[bytes], Iterator[Part]]]] = {
    Format.XRAY: _xray_parts,
    Format.ZIPKIN: _zipkin_parts,
    Format.OTLP_JSON: _otlp_json_parts,
    Format.OTLP: _otlp_parts,
}


def _object(body: bytes) -> JsonObject:
    value = _json(body)
    if not isinstance(value, dict):
        raise NotABody("The body is no JSON object")
    return value


def _json(body: bytes) -> Any:
    try:
        return read_json(body)
    except (orjson.JSONDecodeError, ValueError, RecursionError) as error:
        raise NotABody(f"The body is no JSON: {error}") from error
