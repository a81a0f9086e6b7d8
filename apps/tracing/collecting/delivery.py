"""Fetched traces into the store, and what is to be done once they are durable."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from apps.discovery.accounts import note_accounts
from apps.discovery.leases import Clock
from apps.search import quarantine
from apps.search.documents import JsonObject
from apps.search.engines.base import DocumentEngine
from apps.search.intake import Batch, Broken, Portion
from apps.search.quarantine import Reading
from apps.tracing.collecting.answers import FetchedTrace, SegmentText
from apps.tracing.models import TraceScope
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.segments import InvalidSegment, spans_of
from apps.tracing.spans.span import Span

_EXCERPT_BYTES = 2_000
Then = Callable[[], None]


class Delivery:
    """Takes traces of a scope; what is to happen once they are durable waits until
    they are. Raises EngineUnavailable."""

    def __init__(self, scope: TraceScope, engine: DocumentEngine, clock: Clock) -> None:
        self._place = (scope.account_id, scope.region)
        self._clock = clock
        self._reading = Reading("xray", scope.pk)
        self._then: list[Then] = []
        self._is_empty = True
        self._intake = SpanIntake(engine, self._durable, note_batch)

    def take(self, trace: FetchedTrace) -> bool:
        """The spans of a trace; whether any of them is still in progress. What is no
        segment goes to quarantine, and the rest of its trace goes on."""
        origin = "/".join(("xray:/", *self._place, trace.trace_id))
        spans: list[tuple[Span, int]] = []
        broken: list[Broken] = []
        for at, segment in enumerate(trace.segments):
            try:
                spans += [(span, at) for span in self._spans(segment)]
            except InvalidSegment as error:
                excerpt = segment.text.encode("utf-8", "replace")[:_EXCERPT_BYTES]
                broken.append(Broken(at, str(error), excerpt))
        self._is_empty = False
        if broken:
            self._intake.take(origin, Portion(broken=broken))
        if spans:
            self._intake.take_spans(origin, spans)
        return any(span.is_in_progress for span, _ in spans)

    def _spans(self, segment: SegmentText) -> list[Span]:
        return spans_of(parsed(segment.text), *self._place)

    def then(self, do: Then) -> None:
        """Do something once all that was taken so far is durable."""
        self._then.append(do)

    def commit(self) -> None:
        if self._is_empty:
            self._run_then()
        else:
            self._intake.commit()

    def _durable(self, batch: Batch) -> None:
        self._is_empty = True
        quarantine.note(batch, self._clock(), self._reading)
        self._run_then()

    def _run_then(self) -> None:
        waiting, self._then = self._then, []
        for do in waiting:
            do()


def parsed(text: str) -> JsonObject:
    """A segment document. Raises InvalidSegment."""
    try:
        document = orjson.loads(text)
    except ValueError as error:
        raise InvalidSegment("ParseError", f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidSegment("ParseError", "it is JSON, but no object")
    return document


def note_batch(batch: Batch) -> None:
    """Rows the store must never be ahead of: accounts decide who may see what."""
    note_accounts(batch.accounts)
