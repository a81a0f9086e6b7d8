"""How the spans of a trace hang together.

Client and server may share the id of a span, as Zipkin's do: the server's half then
is the child of the client's, and what has the id for its parent is the child of the
half on its own service. Spans whose parent is missing stand beside the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.tracing.spans.span import ServiceKey, Span

NO_SPAN = -1
_UNSEEN, _SAFE, _ON_PATH = range(3)


@dataclass(frozen=True, slots=True)
class SpanTree:
    """Spans by their places in `spans`: `parents` has NO_SPAN for roots and for those
    whose parent is missing; the latter are `orphans`. `children` are in order of their
    starts."""

    spans: Sequence[Span]
    parents: Sequence[int]
    children: Sequence[Sequence[int]]
    roots: Sequence[int]
    orphans: Sequence[int]

    @property
    def root(self) -> int:
        """The first span without a parent, else the first whose parent is missing."""
        return (self.roots or self.orphans)[0]


def parents_of(spans: Sequence[Span]) -> list[int]:
    """The place of each span's parent; NO_SPAN where it has none or is not there.
    Spans that are parents of each other in a ring have none either."""
    by_id: dict[str, int] = {}
    halves: dict[tuple[str, ServiceKey], int] = {}
    any_half: dict[str, int] = {}
    for at, span in enumerate(spans):
        if span.is_shared:
            halves.setdefault((span.id, span.service), at)
            any_half.setdefault(span.id, at)
        else:
            by_id.setdefault(span.id, at)
    if any_half:
        parents = [_parent_of_half(span, by_id, halves, any_half) for span in spans]
    else:
        get = by_id.get
        parents = [
            get(span.parent_id, NO_SPAN) if span.parent_id else NO_SPAN
            for span in spans
        ]
    _break_rings(parents)
    return parents


def _parent_of_half(
    span: Span,
    by_id: dict[str, int],
    halves: dict[tuple[str, ServiceKey], int],
    any_half: dict[str, int],
) -> int:
    if span.is_shared:
        client = by_id.get(span.id)
        if client is not None:
            return client
    if not span.parent_id:
        return NO_SPAN
    nearest = halves.get((span.parent_id, span.service))
    if nearest is not None and span.id != span.parent_id:
        return nearest
    found = by_id.get(span.parent_id)
    if found is None:
        found = any_half.get(span.parent_id, NO_SPAN)
    return found


def _break_rings(parents: list[int]) -> None:
    """Nothing a sender writes may send us round in circles."""
    state = bytearray(len(parents))
    for begin in range(len(parents)):
        path = []
        at = begin
        while at != NO_SPAN and state[at] == _UNSEEN:
            state[at] = _ON_PATH
            path.append(at)
            above = parents[at]
            if above != NO_SPAN and state[above] == _ON_PATH:
                parents[at] = NO_SPAN
                break
            at = above
        for seen in path:
            state[seen] = _SAFE


def tree_of(spans: Sequence[Span]) -> SpanTree:
    parents = parents_of(spans)
    children: list[list[int]] = [[] for _ in spans]
    roots, orphans = [], []
    in_order = sorted(
        range(len(spans)), key=lambda at: (spans[at].start_us, spans[at].position)
    )
    for at in in_order:
        if parents[at] != NO_SPAN:
            children[parents[at]].append(at)
        elif spans[at].parent_id:
            orphans.append(at)
        else:
            roots.append(at)
    return SpanTree(spans, parents, children, roots, orphans)
