"""The spans of one trace as a tree: who is under whom, and what nobody sent.

Parents are what senders say: they may be missing, or go in circles. A span whose
parent is not there is a root of its own, and known to have lost it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from functools import cached_property

from apps.tracing.spans.span import ServiceKey, Span, SpanKind

CALLS = frozenset((SpanKind.CLIENT, SpanKind.PRODUCER))
_ENTRIES = frozenset((SpanKind.SERVER, SpanKind.CONSUMER))
_MESSAGING = (
    "AWS::SQS::Queue",
    "AWS::SQS",
    "AWS::SNS",
    "AWS::SNS::Topic",
    "AWS::Kinesis::Stream",
    "AWS::Events",
)
"""What takes messages for others: it stays a node when a consumer is seen."""


class SpanTree:
    """`spans` begin with the earliest; parents stand before what they hold."""

    def __init__(self, spans: Iterable[Span]) -> None:
        given = sorted(spans, key=lambda one: (one.start_us, one.position))
        self.by_key: dict[str, Span] = {span.key: span for span in given}
        self._parents = {span.key: self._said_parent(span) for span in given}
        self._children: dict[str, list[Span]] = {}
        for span in given:
            parent = self._parents[span.key]
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

    def lost_parent(self, span: Span) -> bool:
        """Whether its sender named a parent that never came."""
        return bool(span.parent_id) and self._parents[span.key] is None

    @cached_property
    def root(self) -> Span:
        """What was reached first: a segment without a parent, else the earliest."""
        segments = [one for one in self.segments if not one.is_inferred] or self.spans
        return min(
            [one for one in segments if not one.parent_id] or segments,
            key=lambda one: one.start_us,
        )

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

    def _said_parent(self, span: Span) -> Span | None:
        if span.is_shared and span.id in self.by_key:
            return self.by_key[span.id]  # the client's half
        client = self.by_key.get(span.parent_id)
        server = self.by_key.get(f"{span.parent_id}~")
        if server is not None and (
            client is None or client.service != span.service or client.key == span.key
        ):
            return server
        return None if client is None or client.key == span.key else client

    def _walked(self, given: list[Span]) -> list[Span]:
        """Every span once, parents first. Circles are cut at their earliest span."""
        walked: list[Span] = []
        seen: set[str] = set()
        tops = [span for span in given if self._parents[span.key] is None]
        for top in (*tops, *given):
            if top.key in seen:
                continue
            if self._parents[top.key] is not None:
                self._cut(top)
            waiting = [top]
            while waiting:
                span = waiting.pop()
                seen.add(span.key)
                walked.append(span)
                waiting += reversed(self._children.get(span.key, ()))
        return walked

    def _cut(self, span: Span) -> None:
        parent = self._parents[span.key]
        if parent is not None:
            self._children[parent.key].remove(span)
        self._parents[span.key] = None


def _is_entry(span: Span, parent: Span) -> bool:
    if span.is_inferred:
        return True
    if span.source == "xray":
        return span.is_segment
    return span.kind in _ENTRIES or span.is_shared or span.service != parent.service


def with_inferred(spans: Iterable[Span]) -> SpanTree:
    """The tree with segments for those who were called and sent none themselves.

    X-Ray makes them up as well, from what their callers say. Queues and topics get
    one though a consumer answered: they are places of their own.
    """
    tree = SpanTree(spans)
    made = [_inferred(call) for call in tree.spans if _lacks_callee(tree, call)]
    return SpanTree([*tree.spans, *made]) if made else tree


def _lacks_callee(tree: SpanTree, call: Span) -> bool:
    if call.kind not in CALLS or call.peer is None or call.is_inferred:
        return False
    beneath = tree.children(call)
    if any(child.is_inferred for child in beneath):
        return False
    answered = any(tree.head(child) is child for child in beneath)
    return not answered or call.peer.type in _MESSAGING


def _inferred(call: Span) -> Span:
    peer = call.peer or ServiceKey("", "", call.name)
    return dataclasses.replace(
        call,
        id=f"{call.key}+",
        parent_id=call.id,
        segment_id=f"{call.key}+",
        kind=SpanKind.SERVER,
        service=peer,
        peer=None,
        is_shared=False,
        is_inferred=True,
        user="",
        annotations={},
        exceptions=(),
        links=(),
        record={},
    )
