"""The spans of one trace, the segments they belong to, and those that nobody sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from apps.tracing.spans.span import (
    MESSAGING,
    ServiceKey,
    Span,
    SpanKind,
    SpanSource,
)
from apps.tracing.spans.tree import NO_SPAN, parents_of
from apps.tracing.traces.summaries import root_of

CALLS = frozenset((SpanKind.CLIENT, SpanKind.PRODUCER))
_ENTRIES = frozenset((SpanKind.SERVER, SpanKind.CONSUMER))


class TraceTree:
    """`spans`: parents before what they hold, siblings earliest first; those that were
    inferred here stand last."""

    def __init__(self, spans: Iterable[Span]) -> None:
        given = sorted(spans, key=lambda one: (one.start_us, one.position))
        self.by_key: dict[str, Span] = {span.key: span for span in given}
        given = list(self.by_key.values())
        self._parents: dict[str, Span | None] = {}
        self._children: dict[str, list[Span]] = {}
        for span, at in zip(given, parents_of(given), strict=True):
            parent = None if at == NO_SPAN else given[at]
            self._parents[span.key] = parent
            if parent is not None:
                self._children.setdefault(parent.key, []).append(span)
        self.spans = self._walked(given)

    def parent(self, span: Span) -> Span | None:
        return self._parents[span.key]

    def children(self, span: Span) -> list[Span]:
        """Earliest first."""
        return self._children.get(span.key, [])

    @property
    def tops(self) -> list[Span]:
        """Spans without a parent that is known."""
        return [span for span in self.spans if self._parents[span.key] is None]

    def infer(self, made: Span, call: Span) -> None:
        """Take in a segment that nobody sent, beneath the call to it."""
        self.by_key[made.key] = made
        self._parents[made.key] = call
        self._children.setdefault(call.key, []).append(made)
        self._heads[made.key] = made.key
        self.spans.append(made)

    def lost_parent(self, span: Span) -> bool:
        """Whether its sender named a parent that never came."""
        return bool(span.parent_id) and self._parents[span.key] is None

    @cached_property
    def root(self) -> Span:
        sent = [span for span in self.spans if not span.is_inferred]
        return root_of(sent or self.spans)

    @cached_property
    def segments(self) -> list[Span]:
        """The spans that are the head of a service's work."""
        return [span for span in self.spans if self.head(span) is span]

    def head(self, span: Span) -> Span:
        """The segment that a span lies in: X-Ray's, or the nearest span above with
        which its service was entered."""
        return self.by_key[self._heads[span.key]]

    @cached_property
    def _heads(self) -> dict[str, str]:
        heads: dict[str, str] = {}
        for span in self.spans:
            parent = self._parents[span.key]
            if parent is None or _is_entry(span, parent):
                heads[span.key] = span.key
            else:
                heads[span.key] = heads[parent.key]
        return heads

    def within(self, segment: Span) -> Iterator[Span]:
        """The spans of a segment, itself first."""
        waiting = [segment]
        while waiting:
            span = waiting.pop()
            yield span
            waiting += [
                child
                for child in reversed(self.children(span))
                if self._heads[child.key] == segment.key
            ]

    def _walked(self, given: list[Span]) -> list[Span]:
        walked: list[Span] = []
        waiting = [span for span in given if self._parents[span.key] is None][::-1]
        while waiting:
            span = waiting.pop()
            walked.append(span)
            waiting += reversed(self._children.get(span.key, ()))
        return walked


def _is_entry(span: Span, parent: Span) -> bool:
    if span.is_inferred:
        return True
    if span.source is SpanSource.XRAY:
        return span.is_segment
    return span.kind in _ENTRIES or span.is_shared or span.service != parent.service


def with_inferred(spans: Iterable[Span]) -> TraceTree:
    """The tree with segments for those who were called and sent none themselves.

    X-Ray makes them up as well, from what their callers say, until they send their own.
    Queues and topics get one though a consumer answered: they are places of their own.
    """
    tree = TraceTree(_without_replaced(list(spans)))
    for call in [one for one in tree.spans if _lacks_callee(tree, one)]:
        tree.infer(_inferred(call), call)
    return tree


def _without_replaced(spans: list[Span]) -> list[Span]:
    """Segments that X-Ray made up go once the service has sent its own."""
    answered = {
        span.parent_id for span in spans if span.is_segment and not span.is_inferred
    }
    return [
        span
        for span in spans
        if not span.is_inferred
        or span.parent_id not in answered
        or span.service.type in MESSAGING
    ]


def _lacks_callee(tree: TraceTree, call: Span) -> bool:
    if call.peer is None or call.kind not in CALLS or call.is_inferred:
        return False
    beneath = tree.children(call)
    if not beneath:
        return True
    if any(child.is_inferred for child in beneath):
        return False
    answered = any(tree.head(child) is child for child in beneath)
    return not answered or call.peer.type in MESSAGING


def _inferred(call: Span) -> Span:
    peer = call.peer or ServiceKey("", "", call.name)
    key = f"{call.key}+"
    return Span(
        call.trace_id,
        key,
        call.id,
        key,
        SpanKind.SERVER,
        call.name,
        peer,
        call.start_us,
        call.end_us,
        call.source,
        call.region,
        call.outcome,
        operation=call.operation,
        resource=call.resource,
        is_inferred=True,
        http=call.http,
    )
