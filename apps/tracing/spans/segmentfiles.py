"""Where segment documents lie in what is exported of X-Ray."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from apps.search.documents import JsonObject, read_json
from apps.tracing.spans.segments import spans_of
from apps.tracing.spans.span import Span
from apps.tracing.spans.values import InvalidSpan

OPENING = re.compile(
    r'\{[ \t\r\n]*+"(?:Traces|TraceSegmentDocuments|Segments)"[ \t\r\n]*+:[ \t\r\n]*+\['
)
MARKS = frozenset(("trace_id", "Segments", "Document"))
_DEEPEST = 6
_LISTS = ("Traces", "Segments", "TraceSegmentDocuments")
_MEMBERS = ("Document", "trace")


def documents_in(value: object) -> Iterator[JsonObject]:
    """The segment documents in a value: it may be one, its text, a list of them, a
    trace or traces as X-Ray's API gives them, or what its daemon is sent. Raises
    InvalidSpan for what is none of these, after what came before it."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        inside = _inside(one) if depth < _DEEPEST else None
        if inside is not None:
            waiting += [(inner, depth + 1) for inner in reversed(inside)]
        elif isinstance(one, dict):
            yield one
        else:
            raise InvalidSpan("it is not a segment document, which is a JSON object")


def _inside(value: Any) -> list[Any] | None:
    """What a value is a wrapping of; None for a document."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [_parsed(value)]
    if not isinstance(value, dict) or "trace_id" in value:
        return None
    for name in _LISTS:
        if isinstance(value.get(name), list):
            inner: list[Any] = value[name]
            return inner
    for name in _MEMBERS:
        if name in value:
            return [value[name]]
    is_header = value.get("format") == "json" and "version" in value
    return [] if is_header else None


def _parsed(text: str) -> Any:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise InvalidSpan(f"the document is not JSON: {error}") from error


def spans_in(value: object, account: str, region: str) -> Iterator[Span | InvalidSpan]:
    """The spans in a value, and what of it cannot be read."""
    try:
        for document in documents_in(value):
            try:
                yield from spans_of(document, account, region)
            except InvalidSpan as error:
                yield error
    except InvalidSpan as error:
        yield error
