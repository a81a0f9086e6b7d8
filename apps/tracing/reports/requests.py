"""What services did for each request they answered: the calls of every visit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from apps.tracing.spans.span import ServiceKey, Span, SpanKind
from apps.tracing.spans.tree import NO_SPAN, parents_of

_CALLING = (SpanKind.CLIENT, SpanKind.PRODUCER)
_ANSWERING = (SpanKind.SERVER, SpanKind.CONSUMER)
# What differs from one call to the next of the same kind: numbers, UUIDs and long ids
# in paths, values in statements.
_VARIABLE = re.compile(
    r"'[^']*'"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{12,}\b"
    r"|(?<![A-Za-z_])\d+\b",
    re.IGNORECASE,
)
_NO_CONTENT = (204, 304)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that ended. `target` is the service that answered, or whom the caller
    named; `text` is what was asked, as far as the span tells, `shape` the same without
    what varies. `is_whole`: the text is all that was asked; AWS's SDKs leave the keys
    of items out, and statements come without their values."""

    span: Span
    target: ServiceKey
    text: str
    shape: str
    is_whole: bool

    @property
    def start_us(self) -> int:
        return self.span.start_us

    @property
    def end_us(self) -> int:
        return self.span.start_us + self.span.duration_us

    @property
    def is_empty(self) -> bool:
        """Whether it is known that nothing came back."""
        http = self.span.http
        if http is None:
            return False
        return (
            http.response_bytes == 0
            or http.status in _NO_CONTENT
            or http.method.upper() == "HEAD"
        )


@dataclass(slots=True)
class Visit:
    """One request that a service answered, with its calls in the order they began."""

    span: Span
    calls: list[Call] = field(default_factory=list)


def visits_of(spans: Sequence[Span]) -> Iterator[Visit]:
    """The requests of a trace. Calls that are still in progress are left out."""
    parents = parents_of(spans)
    answered = _answering(spans, parents)
    visits: dict[int, Visit] = {}
    for at, span in enumerate(spans):
        if _is_visit(span, parents[at]):
            visits[at] = Visit(span)
    for at, span in enumerate(spans):
        if span.kind not in _CALLING or span.end_us is None or span.is_inferred:
            continue
        owner = parents[at]
        while owner != NO_SPAN and owner not in visits:
            owner = parents[owner]
        target = answered.get(at, span.peer)
        if owner != NO_SPAN and target is not None:
            visits[owner].calls.append(_call(span, target))
    for visit in visits.values():
        visit.calls.sort(key=lambda call: (call.start_us, call.span.position))
        yield visit


def _is_visit(span: Span, parent: int) -> bool:
    if span.is_inferred:
        return False
    return span.kind in _ANSWERING or (parent == NO_SPAN and not span.kind)


def _answering(spans: Sequence[Span], parents: Sequence[int]) -> dict[int, ServiceKey]:
    """Who answered a call, where that sent a span itself."""
    found: dict[int, ServiceKey] = {}
    for at, parent in enumerate(parents):
        span = spans[at]
        if parent != NO_SPAN and span.kind in _ANSWERING and not span.is_inferred:
            found.setdefault(parent, span.service)
    return found


def _call(span: Span, target: ServiceKey) -> Call:
    asked = span.operation or span.name
    if span.resource and span.resource != target.name:
        asked = f"{asked} {span.resource}"
    if span.http is not None and span.http.url and span.namespace != "aws":
        text = f"{span.http.method} {span.http.url}"
        return Call(span, target, text, shape_of(asked), is_whole=True)
    return Call(span, target, asked, shape_of(asked), is_whole=False)


@lru_cache(4_096)
def shape_of(text: str) -> str:
    """What is asked, without what varies: GET /orders/7 becomes GET /orders/…"""
    return _VARIABLE.sub("…", text)


def groups(calls: Sequence[Call]) -> dict[tuple[ServiceKey, str], list[Call]]:
    """Calls to the same service of the same shape."""
    found: defaultdict[tuple[ServiceKey, str], list[Call]] = defaultdict(list)
    for call in calls:
        found[call.target, call.shape].append(call)
    return found


def covered_us(calls: Sequence[Call]) -> int:
    """The time during which any of these calls, in order of their starts, went on."""
    total, until = 0, 0
    for call in calls:
        begin = max(call.start_us, until)
        if call.end_us > begin:
            total += call.end_us - begin
            until = call.end_us
    return total
