"""Two traces side by side: what both did, and what only one of them did.

Spans are alike where they did the same for the same span above them. Those alike
under the same span are one line, however often it happened: a loop that ran thirty
times instead of twice differs in one line, not in twenty-eight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.tracing.spans.span import Span
from apps.tracing.traces.naming import short_name
from apps.tracing.traces.tracetree import TraceTree

_MOST_LINES = 2_000
_DEEPEST = 100

Doing = tuple[str, str]
"""A service, and what it did in few words."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the traces did here: how often, how long in all, and how often it
    failed."""

    count: int
    total_us: int
    failures: int
    first_key: str


@dataclass(frozen=True, slots=True)
class Line:
    depth: int
    service: str
    doing: str
    a: Side | None
    b: Side | None

    @property
    def difference_us(self) -> int:
        """How much longer the second took."""
        return (self.b.total_us if self.b else 0) - (self.a.total_us if self.a else 0)

    @property
    def is_different(self) -> bool:
        """Whether it happened more often, or failed more often, in one of them."""
        if self.a is None or self.b is None:
            return True
        mine, other = self.a, self.b
        return (mine.count, mine.failures) != (other.count, other.failures)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Spans of either trace that are alike."""

    doing: Doing
    depth: int
    a: Sequence[Span]
    b: Sequence[Span]


def aligned(a: TraceTree, b: TraceTree) -> list[Line]:
    """The lines of both, in the order of the first, at most 2,000 of them."""
    lines: list[Line] = []
    waiting = _pairs(a.tops, b.tops, 0)[::-1]
    while waiting and len(lines) < _MOST_LINES:
        pair = waiting.pop()
        lines.append(Line(pair.depth, *pair.doing, _side(pair.a), _side(pair.b)))
        if pair.depth < _DEEPEST:
            beneath_a = [one for span in pair.a for one in a.children(span)]
            beneath_b = [one for span in pair.b for one in b.children(span)]
            waiting += _pairs(beneath_a, beneath_b, pair.depth + 1)[::-1]
    return lines


def _pairs(a: Iterable[Span], b: Iterable[Span], depth: int) -> list[_Pair]:
    mine, others = _alike(a), _alike(b)
    order: dict[Doing, float] = {doing: at for at, doing in enumerate(mine)}
    last = -1.0
    for doing in others:  # what is new stands behind what it followed
        last = order.setdefault(doing, last + 0.001)
    return [
        _Pair(doing, depth, mine.get(doing, ()), others.get(doing, ()))
        for doing in sorted(order, key=order.__getitem__)
    ]


def _alike(spans: Iterable[Span]) -> dict[Doing, list[Span]]:
    found: dict[Doing, list[Span]] = {}
    for span in spans:
        if not span.is_inferred:
            found.setdefault(doing_of(span), []).append(span)
    return found


def doing_of(span: Span) -> Doing:
    """What makes two spans alike: paths are, whatever they ask for."""
    operation = span.operation
    if span.http is not None:
        operation = operation.split("?", 1)[0]
    called = (
        f"{short_name(span.peer.name)} {operation}".strip() if span.peer else operation
    )
    return span.service.name, called or span.name


def _side(spans: Sequence[Span]) -> Side | None:
    if not spans:
        return None
    return Side(
        len(spans),
        sum(span.duration_us for span in spans),
        sum(bool(span.outcome) for span in spans),
        spans[0].key,
    )
