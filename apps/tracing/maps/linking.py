"""Who called whom: what the spans of one trace say of nodes and edges.

Of segments, as X-Ray's service graph counts them: a call that its callee answered with
a segment of its own is measured by the caller; one that nobody answered goes to a node
inferred from the call; messages are links, and their age is the measure. Of other
spans, as Zipkin's dependency links: the server's name goes before the one its client
chose, and what no remote span explains is linked from the nearest one above.

Each observation is of the minute in which the segment began that it is counted with:
the callee's where there is one, else the caller's.

Sources: "Retrieving the service graph" and "Concepts" in the X-Ray developer guide;
the expected links of Zipkin's own tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from apps.tracing.maps.servicemap import CLIENT
from apps.tracing.spans.span import (
    MESSAGING,
    Outcome,
    ServiceKey,
    Span,
    SpanKind,
    SpanLink,
    SpanSource,
)
from apps.tracing.spans.tree import NO_SPAN, parents_of

MINUTE_US = 60_000_000
NOT_ENDED, UNTIMED = -1, -2
_CALL, _LINK = False, True


class Observation(NamedTuple):
    """Something done once: a visit of a node (`source` is None), a call, or a message
    received (`is_link`).

    `minute` is counted since 1970. `duration_us` is the latency, or the age of the
    message. NOT_ENDED: it goes on, so the call is known and not counted, as X-Ray does
    with segments in progress. UNTIMED: nobody told how long it took, as Zipkin's spans
    may leave out. `alias` is what the caller calls the callee, where that is another
    name.
    """

    minute: int
    source: ServiceKey | None
    target: ServiceKey
    is_link: bool
    outcome: Outcome
    duration_us: int
    alias: str = ""


class Sent(NamedTuple):
    """A message sent in another trace: to which node, and when that was done."""

    to: ServiceKey
    end_us: int


Senders = Mapping[SpanLink, Sent]
NO_SENDERS: Senders = {}


def observations(
    spans: Sequence[Span], senders: Senders = NO_SENDERS
) -> list[Observation]:
    """What the spans of one trace say. `senders` are those known of the spans that
    links point to in other traces."""
    return _Trace(spans, senders).observed()


class _Trace:
    def __init__(self, spans: Sequence[Span], senders: Senders) -> None:
        self._spans = spans
        self._senders = senders
        self._parents = parents_of(spans)
        self._found: list[Observation] = []

    def observed(self) -> list[Observation]:
        self._adopt()
        answered = self._answered()
        for at, span in enumerate(self._spans):
            if span.is_inferred:
                continue  # it says what its caller's subsegment says
            if span.source is not SpanSource.XRAY:
                self._plain(at, span, answered[at])
            elif span.is_segment:
                self._segment(at, span)
            elif span.kind is SpanKind.CLIENT:
                self._segment_call(at, span, answered[at])
        return self._found

    def _plain(self, at: int, span: Span, is_answered: int) -> None:
        if span.kind is SpanKind.SERVER:
            self._server(at, span)
        elif span.kind is SpanKind.PRODUCER:
            self._producer(span)
        elif span.kind is SpanKind.CONSUMER:
            self._consumer(at, span)
        elif span.kind is SpanKind.CLIENT:
            if not is_answered:  # else the server's name goes before the client's
                self._client(at, span)
        elif span.peer is not None and span.service.name:
            self._client(at, span)

    def _adopt(self) -> None:
        """Among plain spans, the first root stands in for parents that are missing."""
        spans, parents = self._spans, self._parents
        plain = [
            at
            for at, parent in enumerate(parents)
            if parent == NO_SPAN and spans[at].source is not SpanSource.XRAY
        ]
        if len(plain) < 2:  # noqa: PLR2004  # a root alone has nothing to adopt
            return
        roots = [at for at in plain if not spans[at].parent_id]
        if roots:
            root = min(roots, key=lambda at: (spans[at].start_us, spans[at].id))
            for at in plain:
                if at != root:
                    parents[at] = root

    def _answered(self) -> bytearray:
        """Calls that have something below: of a segment's call only another segment."""
        spans = self._spans
        answered = bytearray(len(spans))
        for at, parent in enumerate(self._parents):
            if parent == NO_SPAN:
                continue
            child = spans[at]
            if spans[parent].source is not SpanSource.XRAY or (
                child.is_segment and not child.is_inferred
            ):
                answered[parent] = 1
        return answered

    def _visit(self, moment: Span, target: ServiceKey, seen: Span) -> None:
        self._found.append(
            Observation(
                moment.start_us // MINUTE_US,
                None,
                target,
                _CALL,
                seen.outcome,
                _length(seen),
            )
        )

    def _call(
        self,
        moment: Span,
        source: ServiceKey,
        target: ServiceKey,
        seen: tuple[Outcome, int, str],
    ) -> None:
        outcome, duration_us, alias = seen
        self._found.append(
            Observation(
                moment.start_us // MINUTE_US,
                source,
                target,
                _CALL,
                outcome,
                duration_us,
                "" if alias == target.name else alias,
            )
        )

    def _message(self, received: Span, sent: Sent) -> None:
        age_us = max(0, received.start_us - sent.end_us)
        self._found.append(
            Observation(
                received.start_us // MINUTE_US,
                sent.to,
                received.service,
                _LINK,
                received.outcome,
                age_us if _length(received) != NOT_ENDED else NOT_ENDED,
            )
        )

    def _segment(self, at: int, span: Span) -> None:
        own = span.service
        self._visit(span, own, span)
        for link in span.links:
            if link in self._senders:
                self._message(span, self._senders[link])
        if not span.parent_id:
            client = ServiceKey("", CLIENT, own.name)
            self._call(span, client, own, _seen(span))
            return
        above_at = self._remote_above(at)
        if above_at == NO_SPAN:
            return  # its caller is not known yet
        above, caller = self._spans[above_at], self._service_of(above_at)
        if above.kind not in (SpanKind.CLIENT, SpanKind.PRODUCER):
            self._call(span, caller, own, _seen(span))
        elif above.peer is not None and above.peer.type in MESSAGING:
            self._message(span, Sent(above.peer, above.end_us or above.start_us))
        else:
            self._call(span, caller, own, _seen(above))

    def _segment_call(self, at: int, span: Span, is_answered: int) -> None:
        peer = span.peer
        if peer is None or (is_answered and peer.type not in MESSAGING):
            return
        owner_at = self._owner(at)
        if owner_at == NO_SPAN:
            return  # sent before the segment it belongs to
        owner = self._spans[owner_at]
        self._visit(owner, peer, span)
        self._call(owner, owner.service, peer, _seen(span))

    def _owner(self, at: int) -> int:
        """The segment that a subsegment lies in."""
        above = self._parents[at]
        while above != NO_SPAN and not self._spans[above].is_segment:
            above = self._parents[above]
        return above

    def _service_of(self, at: int) -> ServiceKey:
        """Of a subsegment that was sent by itself, its segment tells the service."""
        span = self._spans[at]
        if span.is_segment or span.service.name:
            return span.service
        owner_at = self._owner(at)
        return span.service if owner_at == NO_SPAN else self._spans[owner_at].service

    def _remote_above(self, at: int) -> int:
        """The nearest span above that tells which side of a call it saw."""
        above = self._parents[at]
        while above != NO_SPAN and not self._spans[above].kind:
            above = self._parents[above]
        return above

    def _server(self, at: int, span: Span) -> None:
        own = span.service
        if not own.name:
            return
        self._visit(span, own, span)
        above_at = self._remote_above(at)
        source, seen = span.peer, _seen(span)
        if above_at != NO_SPAN:
            caller = self._service_of(above_at)
            source = caller if caller.name else source
            seen = _seen_by_both(span, self._spans[above_at])
        elif source is None and not span.parent_id:
            source = ServiceKey("", CLIENT, own.name)
        if source is not None:
            self._call(span, source, own, seen)

    def _client(self, at: int, span: Span) -> None:
        """A call whose server sent nothing."""
        peer = span.peer
        own: ServiceKey | None = span.service if span.service.name else None
        above_at = self._remote_above(at)
        if above_at != NO_SPAN:
            caller = self._service_of(above_at)
            if caller.name and own is not None and caller != own:
                # What lies between sent nothing that tells of a call.
                self._call(span, caller, own, (Outcome.OK, _length(span), ""))
            own = own or (caller if caller.name else None)
        if own is None or peer is None:
            return
        seen = _seen(span)
        if above_at != NO_SPAN:
            seen = _seen_by_both(span, self._spans[above_at])
        self._visit(span, peer, span)
        self._call(span, own, peer, seen)

    def _producer(self, span: Span) -> None:
        if span.peer is not None and span.service.name:
            self._visit(span, span.peer, span)
            self._call(span, span.service, span.peer, _seen(span))

    def _consumer(self, at: int, span: Span) -> None:
        if not span.service.name:
            return
        self._visit(span, span.service, span)
        sent = [self._senders[one] for one in span.links if one in self._senders]
        if span.peer is None:
            for one in sent:
                self._message(span, one)
            return
        above_at = self._remote_above(at)
        times = [one.end_us for one in sent]
        if above_at != NO_SPAN and self._spans[above_at].kind is SpanKind.PRODUCER:
            above = self._spans[above_at]
            times.append(above.end_us or above.start_us)
        # Where nobody knows when it was sent, it counts as if it had not waited.
        self._message(span, Sent(span.peer, max(times, default=span.start_us)))


def _length(span: Span) -> int:
    if span.end_us is not None:
        return span.duration_us
    return NOT_ENDED if span.source is SpanSource.XRAY else UNTIMED


def _seen(span: Span) -> tuple[Outcome, int, str]:
    return span.outcome, _length(span), span.peer.name if span.peer else ""


def _seen_by_both(span: Span, above: Span) -> tuple[Outcome, int, str]:
    """What a span saw, and the client it is the answer to."""
    outcome, duration_us, alias = _seen(span)
    if above.kind is not SpanKind.CLIENT or span.kind is not SpanKind.SERVER:
        if above.kind is SpanKind.CLIENT and span.parent_id == above.id:
            outcome |= above.outcome
        return outcome, duration_us, alias
    if span.parent_id == above.id:
        outcome |= above.outcome
    return outcome, _length(above), above.peer.name if above.peer else ""
