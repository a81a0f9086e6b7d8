"""Clocks of hosts that disagree, seen by who answers before it was asked.

A call holds its answer: where the callee's segment lies outside the call that led to
it, the callee's clock is off by as much as is needed to bring it inside, in the middle
of the time that is left for the network. What nobody waits for may begin later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.tracing.spans.span import MESSAGING, ServiceKey, Span, SpanKind
from apps.tracing.traces.tracetree import TraceTree

_TOLERATED_US = 1_000  # many senders tell milliseconds only
_NOT_WAITED_FOR = frozenset((*MESSAGING, "AWS::Lambda", "AWS::Lambda::Function"))


@dataclass(frozen=True, slots=True)
class Clocks:
    """`shifts_us`: what is added to the times of spans, by key, where it is not 0;
    `corrected`: the largest shift by service."""

    shifts_us: Mapping[str, int]
    corrected: Mapping[ServiceKey, int]

    def start_us(self, span: Span) -> int:
        return span.start_us + self.shifts_us.get(span.key, 0)


def clocks_of(tree: TraceTree) -> Clocks:
    shifts: dict[str, int] = {}
    corrected: dict[ServiceKey, int] = {}
    for span in tree.spans:
        parent = tree.parent(span)
        if parent is None:
            continue
        shift = shifts.get(parent.key, 0)
        if tree.head(span) is span and span.service != parent.service:
            shift = _shift(span, parent, shifts.get(parent.key, 0))
            if shift and abs(shift) > abs(corrected.get(span.service, 0)):
                corrected[span.service] = shift
        if shift:
            shifts[span.key] = shift
    return Clocks(shifts, corrected)


def _shift(span: Span, call: Span, shift_of_call: int) -> int:
    """What to add to the times of the callee; its own clock has no shift so far."""
    if call.end_us is None or span.end_us is None:
        return 0
    begin, end = call.start_us + shift_of_call, call.end_us + shift_of_call
    early = begin - span.start_us
    late = span.end_us - end
    if early <= _TOLERATED_US and (late <= _TOLERATED_US or not _is_waited(call, span)):
        return 0
    room = (end - begin) - span.duration_us
    if room < 0:  # it went on for longer than the call: only its begin is known
        return early if early > _TOLERATED_US else 0
    return begin + room // 2 - span.start_us


def _is_waited(call: Span, span: Span) -> bool:
    """Whether the caller waits for the answer before its call ends."""
    if call.kind is SpanKind.PRODUCER or span.kind is SpanKind.CONSUMER:
        return False
    if call.http is not None and call.http.status:
        return True
    return call.peer is not None and call.peer.type not in _NOT_WAITED_FOR
