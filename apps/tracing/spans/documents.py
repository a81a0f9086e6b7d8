"""Spans as they enter the document store."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import orjson

from apps.search.documents import (
    MAX_DEPTH,
    Document,
    JsonObject,
    TooDeep,
    indexable,
)
from apps.tracing.spans.span import Outcome, Span

_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def document_id(span: Span) -> str:
    """The id of a span among all: those of two traces may be the same."""
    return f"{span.trace_id}.{span.key}"


def as_document(span: Span) -> Document:
    """The span as it is searched: its record, and what every format tells alike.
    Raises TooDeep."""
    record = span.record
    derived = {
        name: value for name, value in _derived(span).items() if value not in ("", None)
    } | _trace_field(span)
    try:
        raw = orjson.dumps(record)
    except orjson.JSONEncodeError:  # half a character, or a number beyond 64 bits
        record, derived = _whole(record), _whole(derived)
        raw = _written(record)
    return Document(
        document_id(span),
        span.start_us // 1_000,
        span.service.account,
        span.region,
        record,
        raw,
        derived,
    )


def _written(record: JsonObject) -> bytes:
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError as error:
        raise TooDeep(_TOO_DEEP) from error


def _whole(fields: JsonObject) -> JsonObject:
    try:
        whole = indexable(fields)
    except RecursionError as error:
        raise TooDeep(_TOO_DEEP) from error
    return whole if isinstance(whole, dict) else {}


def _derived(span: Span) -> JsonObject:
    return {
        "@timestamp": moment(span.start_us),
        "@duration": None if span.end_us is None else span.duration_us / 1_000,
        "@outcome": outcome_word(span),
        "@service": span.service.name,
        "@type": span.service.type,
        "@peer": span.peer.name if span.peer else "",
        "@kind": span.kind.value,
        "@operation": span.operation,
        "@resource": span.resource,
        "@account": span.service.account,
        "@region": span.region,
        "@source": span.source.value,
    }


def _trace_field(span: Span) -> JsonObject:
    """The trace's id, where the record does not have it so: subsegments have none, and
    W3C writes it otherwise."""
    if span.record.get("trace_id") == span.trace_id:
        return {}
    return {"trace_id": span.trace_id}


def moment(microseconds: int) -> str:
    """A time as documents say it, to the millisecond."""
    return f"{_second(microseconds // 1_000_000)}.{microseconds // 1_000 % 1_000:03}Z"


@lru_cache(4_096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def outcome_word(span: Span) -> str:
    """One word for how a span ended: the gravest that is true of it."""
    return _WORDS[span.outcome]


def _word(outcome: Outcome) -> str:
    if outcome & Outcome.FAULT:
        return "fault"
    if outcome & Outcome.THROTTLE:
        return "throttle"
    return "error" if outcome & Outcome.ERROR else "ok"


_WORDS = tuple(_word(Outcome(number)) for number in range(8))
