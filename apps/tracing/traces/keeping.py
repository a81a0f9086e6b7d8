"""Rows of traces, brought up to date with spans that have arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.search.timerange import from_milliseconds
from apps.tracing.maps import keeping as map_keeping
from apps.tracing.maps.keeping import TraceChange, TraceState
from apps.tracing.maps.linking import Sent
from apps.tracing.models import AwaitedTrace, Trace
from apps.tracing.spans import outlines
from apps.tracing.spans.span import ServiceKey, Span, SpanKind, SpanLink
from apps.tracing.traces.summaries import Summary, summary_of

_AT_ONCE = 500
_FIELDS = [
    "started_at", "duration_ms", "response_ms", "has_fault", "has_error",
    "has_throttle", "has_failure", "is_partial", "root_service", "root_type",
    "root_name", "http_method", "http_url", "http_status", "user", "spans", "services",
    "accounts", "outline", "senders", "changed_at",
]  # fmt: skip
Fresh = Mapping[str, Sequence[Span]]
"""Spans that are new, or new in what they say, by trace."""


def spans_of(trace_ids: Sequence[str]) -> dict[str, list[Span]]:
    """The spans stored of traces, without their records; traces that are not there
    are left out."""
    return {
        trace_id: outlines.unpacked(trace_id, bytes(outline))
        for part in _parts(trace_ids)
        for trace_id, outline in Trace.objects.filter(pk__in=part).values_list(
            "trace_id", "outline"
        )
    }


def keep(fresh: Fresh, now: datetime) -> None:
    """Bring the rows of these traces, and the map, up to date: all or nothing."""
    if not fresh:
        return
    with transaction.atomic():
        map_keeping.hold_map()
        _Keeping(fresh, now).run()


class _Keeping:
    """One batch on its way into rows, with the map held."""

    def __init__(self, fresh: Fresh, now: datetime) -> None:
        self._fresh = fresh
        self._now = now
        waiting = AwaitedTrace.objects.filter(awaited__in=list(fresh))
        self._awaiting = dict(waiting.values_list("pk", "waiting_id"))
        wanted = dict.fromkeys((*fresh, *self._awaiting.values()))
        self._rows: dict[str, Trace] = {}
        for part in _parts(list(wanted)):
            self._rows |= Trace.objects.in_bulk(part)
        self._before = {
            trace_id: _state_of(row) for trace_id, row in self._rows.items()
        }
        self._spans = {trace_id: self._merged(trace_id) for trace_id in wanted}

    def _merged(self, trace_id: str) -> list[Span]:
        before = self._before.get(trace_id)
        spans = {span.key: span for span in before.spans} if before else {}
        for span in self._fresh.get(trace_id, ()):
            known = spans.get(span.key)
            if known is None or span.may_replace(known):
                spans[span.key] = span
        return _settled(list(spans.values()))

    def run(self) -> None:
        senders, awaited = self._senders()
        changes: list[TraceChange] = []
        new: list[Trace] = []
        old: list[Trace] = []
        for trace_id, spans in self._spans.items():
            sent = senders.get(trace_id, {})
            state = TraceState(spans, sent, summary_of(spans))
            changes.append(TraceChange(self._before.get(trace_id), state))
            row = _row(trace_id, state, self._now)
            (old if trace_id in self._rows else new).append(row)
        map_keeping.keep(changes)
        Trace.objects.bulk_create(new, batch_size=_AT_ONCE)
        for row in old:
            row.save(update_fields=_FIELDS)
        AwaitedTrace.objects.filter(pk__in=list(self._awaiting)).delete()
        AwaitedTrace.objects.bulk_create(
            [
                AwaitedTrace(awaited=link, waiting_id=trace_id)
                for trace_id, links in awaited.items()
                for link in links
            ],
            ignore_conflicts=True,
        )

    def _senders(self) -> tuple[dict[str, dict[SpanLink, Sent]], dict[str, set[str]]]:
        """What is known of spans that links point to, by the trace that links; and
        the traces that are not there yet."""
        links = {
            trace_id: found
            for trace_id, spans in self._spans.items()
            if (found := {link for span in spans for link in span.links})
        }
        others = {link.trace_id for found in links.values() for link in found}
        spans = dict(self._spans)
        spans |= spans_of([one for one in others if one not in spans])
        by_id = {
            SpanLink(one, span.id): span
            for one in others
            for span in spans.get(one, ())
        }
        known: dict[str, dict[SpanLink, Sent]] = defaultdict(dict)
        awaited: dict[str, set[str]] = defaultdict(set)
        for trace_id, found in links.items():
            for link in found:
                sender = by_id.get(link)
                if sender is None:
                    awaited[trace_id].add(link.trace_id)
                elif sender.peer is not None and sender.kind is not SpanKind.SERVER:
                    end_us = sender.end_us or sender.start_us
                    known[trace_id][link] = Sent(sender.peer, end_us)
        return known, awaited


def _settled(spans: list[Span]) -> list[Span]:
    """Subsegments that were sent by themselves get the service of their segment."""
    nameless = [span for span in spans if not span.is_segment and not span.service.name]
    if not nameless:
        return spans
    by_id = {span.id: span for span in spans}
    for span in nameless:
        segment = _segment_above(span, by_id)
        if segment is not None:
            span.service, span.segment_id = segment.service, segment.id
    return spans


def _segment_above(span: Span, by_id: Mapping[str, Span]) -> Span | None:
    seen = {span.id}
    above = by_id.get(span.parent_id)
    while above is not None and above.id not in seen:
        if above.is_segment:
            return above
        seen.add(above.id)
        above = by_id.get(above.parent_id)
    return None


def _state_of(row: Trace) -> TraceState:
    spans = outlines.unpacked(row.trace_id, bytes(row.outline))
    senders = {
        SpanLink(trace_id, span_id): Sent(ServiceKey(*to), end_us)
        for trace_id, span_id, to, end_us in row.senders
    }
    return TraceState(spans, senders, summary_of(spans))


def _row(trace_id: str, state: TraceState, now: datetime) -> Trace:
    summary = state.summary
    return Trace(
        trace_id=trace_id,
        started_at=from_milliseconds(summary.start_us // 1_000),
        duration_ms=summary.duration_us / 1_000,
        response_ms=summary.response_us / 1_000,
        has_fault=summary.has_fault,
        has_error=summary.has_error,
        has_throttle=summary.has_throttle,
        has_failure=summary.has_failure,
        is_partial=summary.is_partial,
        spans=summary.spans,
        services=summary.services,
        accounts=f",{','.join(summary.accounts)},"[:1_000],
        outline=outlines.packed(state.spans),
        senders=[
            [*link, list(sent.to), sent.end_us] for link, sent in state.senders.items()
        ],
        changed_at=now,
        **_of_root(summary),
    )


def _of_root(summary: Summary) -> dict[str, str | int]:
    root, http = summary.root, summary.http
    return {
        "root_service": root.service.name[:200],
        "root_type": root.service.type[:200],
        "root_name": root.name[:400],
        "http_method": http.method[:20] if http else "",
        "http_url": http.url[:1_000] if http else "",
        "http_status": http.status if http else 0,
        "user": summary.user[:200],
    }


def _parts(ids: Sequence[str]) -> Iterator[list[str]]:
    """SQLite takes so many values at once."""
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])
