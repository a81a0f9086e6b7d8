"""Spans into the store: each once, in its latest form, whatever way it came.

A span that is sent again replaces itself where it says something else: one in progress
has ended, a segment has got subsegments. What ended is never replaced by what has not.
Documents are durable first; then, in one transaction, the rows of traces and what is
counted of them. A process that dies in between leaves documents that are written once
more, the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from apps.discovery.accounts import note_batch
from apps.search.documents import TooDeep
from apps.search.engines.base import DocumentEngine, EngineUnavailable, WriteCounts
from apps.search.intake import Batch, Broken, Intake, Portion
from apps.search.timerange import EARLIEST, LATEST, milliseconds
from apps.tracing.kinds import SPANS
from apps.tracing.spans.documents import as_document
from apps.tracing.spans.span import Span
from apps.tracing.traces import keeping

_MOST_PENDING = 100_000
_EARLIEST_US, _LATEST_US = milliseconds(EARLIEST) * 1_000, milliseconds(LATEST) * 1_000

Placed = tuple[Span, int]
"""A span and where it begins in what it came in."""


@dataclass(slots=True)
class SpanPortion(Portion):
    """A part of a file as spans, each with where it begins in the inflated file."""

    spans: list[Placed] = field(default_factory=list)


class SpanIntake(Intake):
    """Takes spans into the store, with a checkpoint every few seconds; files through
    `read`, as every intake does."""

    def __init__(
        self,
        engine: DocumentEngine,
        checkpoint: Callable[[Batch], None] = lambda batch: None,
        before_commit: Callable[[Batch], None] = note_batch,
    ) -> None:
        def counted(batch: Batch) -> None:
            self._keep()
            checkpoint(batch)

        super().__init__(engine.writer(SPANS), counted, before_commit)
        # By trace: what is stored or on its way, and what is new of it.
        self._known: dict[str, dict[str, Span]] = {}
        self._fresh: dict[str, dict[str, Span]] = {}
        self._pending = 0

    def take(self, origin: str, portion: Portion) -> int:
        new = super().take(origin, portion)
        if isinstance(portion, SpanPortion):
            new += self.take_spans(origin, portion.spans)
        return new

    def take_spans(self, origin: str, spans: Sequence[Placed]) -> int:
        """How many of them are new. A span that cannot be kept goes to quarantine.
        Raises EngineUnavailable."""
        self._look_up({span.trace_id for span, _ in spans})
        new, changed = Portion(), Portion()
        for span, offset in spans:
            if not _EARLIEST_US <= span.start_us < _LATEST_US:
                self._quarantine(origin, Broken(offset, _wrong_time(span), b""))
                continue
            try:
                self._sort(span, offset, new, changed)
            except TooDeep as error:
                self._quarantine(origin, Broken(offset, str(error), b""))
        before = self._batch.tally.new
        if new.documents:
            self._write(origin, new)
        if changed.documents:
            self._replace(origin, changed)
        self._pending += len(new.documents) + len(changed.documents)
        found = self._batch.tally.new - before
        if self._pending >= _MOST_PENDING:
            self.commit()
        else:
            self.commit_if_due()
        return found

    def _look_up(self, trace_ids: Iterable[str]) -> None:
        missing = [one for one in trace_ids if one not in self._known]
        for trace_id, spans in keeping.spans_of(missing).items():
            self._known[trace_id] = {span.key: span for span in spans}

    def _sort(self, span: Span, offset: int, new: Portion, changed: Portion) -> None:
        document = as_document(span)
        span.content = zlib.crc32(document.raw)
        known = self._known.setdefault(span.trace_id, {})
        before = known.get(span.key)
        if before is None:
            new.add(document, offset)
        elif replaces(span, before):
            changed.add(document, offset)
        else:
            self._batch.tally.already_there += 1
            return
        span.record = {}  # the document has it
        known[span.key] = span
        self._fresh.setdefault(span.trace_id, {})[span.key] = span

    def _replace(self, origin: str, portion: Portion) -> None:
        """Later forms of spans: they are there already, and are not counted again."""
        self._batch.note(portion.documents)
        counts = self._writer.replace(portion.documents)
        self._batch.tally.already_there += counts.new
        places = portion.places() if counts.rejected else {}
        self._refuse(origin, counts, places)

    def _write(self, origin: str, portion: Portion) -> WriteCounts:
        counts = super()._write(origin, portion)
        self._forget(counts)
        return counts

    def _refuse(self, origin: str, counts: WriteCounts, places: dict[str, int]) -> None:
        for rejected in counts.rejected:
            self._quarantine(origin, Broken(places[rejected.id], rejected.reason, b""))
        self._forget(counts)

    def _forget(self, counts: WriteCounts) -> None:
        """What the store refused is not there."""
        for rejected in counts.rejected:
            trace_id, key = rejected.id.rsplit(".", 1)
            self._known[trace_id].pop(key, None)
            self._fresh[trace_id].pop(key, None)

    def commit(self) -> None:
        try:
            super().commit()
        except EngineUnavailable:
            self._drop()  # some of these may be lost
            raise

    def _keep(self) -> None:
        """Documents are durable: now the rows."""
        fresh = {
            trace_id: list(spans.values())
            for trace_id, spans in self._fresh.items()
            if spans
        }
        self._drop()
        keeping.keep(fresh, timezone.now())

    def _drop(self) -> None:
        self._known.clear()
        self._fresh.clear()
        self._pending = 0


def replaces(span: Span, before: Span) -> bool:
    """Whether a span takes the place of one with the same id."""
    return span.may_replace(before) and span.content != before.content


def _wrong_time(span: Span) -> str:
    return f"its start, {span.start_us} µs, is outside 2000 to 2199"
