"""Traces, services and operations that other tools ask for, as far as a person may see
them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from django.db.models import QuerySet

from apps.search import store
from apps.search.documents import JsonObject
from apps.search.engines.base import Scope, SearchRequest, SortOrder
from apps.search.language import parse
from apps.search.timerange import TimeRange
from apps.tracing.exchange.words import operation_name, tag_text, tags_of
from apps.tracing.kinds import SPANS
from apps.tracing.models import SeenNode, Trace
from apps.tracing.spans.documents import document_id
from apps.tracing.spans.outlines import unpacked
from apps.tracing.spans.span import Span
from apps.tracing.traces.listing import admits, of_accounts

MOST_TRACES = 1_500
MOST_NAMES = 1_000
_MOST_RECORDS = 500
_SPANS_A_PAGE = 500
_AT_ONCE = 200
_SECONDS = 5.0
_LATE = timedelta(hours=1)
_NAMES_OF = timedelta(days=7)


@dataclass(frozen=True)
class Wanted:
    """What one span of a trace must have. Names are empty for any; durations are in
    microseconds. A tag without a value only has to be there."""

    range: TimeRange
    limit: int
    service: str = ""
    operation: str = ""
    remote: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    least_us: int | None = None
    most_us: int | None = None

    def admits(self, span: Span) -> bool:
        return (
            (not self.service or span.service.name.lower() == self.service.lower())
            and (not self.operation or self._is_operation(span))
            and (not self.remote or self._is_remote(span))
            and (self.least_us is None or span.duration_us >= self.least_us)
            and (self.most_us is None or span.duration_us <= self.most_us)
            and (not self.tags or self._has_tags(span))
        )

    def _is_operation(self, span: Span) -> bool:
        return operation_name(span).lower() == self.operation.lower()

    def _is_remote(self, span: Span) -> bool:
        peer = span.peer
        return peer is not None and peer.name.lower() == self.remote.lower()

    def _has_tags(self, span: Span) -> bool:
        has = tags_of(span)
        return all(
            name in has and (value is None or tag_text(has[name]) == value)
            for name, value in self.tags.items()
        )


def services(scope: Scope) -> list[str]:
    """Names of services that send spans."""
    rows = SeenNode.objects.filter(sends_spans=True).exclude(name="")
    if scope.accounts is not None:
        rows = rows.filter(account__in=scope.accounts)
    return list(rows.order_by("name").values_list("name", flat=True).distinct())


def values_of(path: str, query: str, scope: Scope, now: datetime) -> list[str]:
    """The values that a field of spans had in the last week, in order. Raises
    EngineUnavailable."""
    asked = SearchRequest(
        SPANS, now, parse(query), TimeRange(now - _NAMES_OF, now + _LATE), scope
    )
    facet = store.reader().facets(asked, [path], MOST_NAMES).by_path.get(path)
    return sorted(value for value, _ in facet.values) if facet else []


def operations(query: str, scope: Scope, now: datetime) -> list[str]:
    """The names of operations of the spans that match. Raises EngineUnavailable."""
    return values_of("name", query, scope, now)


def trace(trace_id: str, scope: Scope) -> list[Span]:
    """The spans of a trace, in order; none where there is no such trace to see."""
    return next(iter(_outlined([trace_id], scope)), [])


def records(spans: Sequence[Span], scope: Scope) -> dict[str, JsonObject]:
    """What was sent of the first spans, by their keys. Raises EngineUnavailable."""
    found = {}
    for span in spans[:_MOST_RECORDS]:
        hit = store.reader().get(SPANS, document_id(span), scope)
        if hit is not None:
            found[span.key] = orjson.loads(hit.raw)
    return found


def traces(wanted: Wanted, scope: Scope, now: datetime) -> list[list[Span]]:
    """Traces with such a span, newest first. Stops looking after some seconds. Raises
    EngineUnavailable, QueryTooBroad."""
    until = time.monotonic() + _SECONDS
    candidates = _candidates(wanted, scope, now)
    found: list[list[Span]] = []
    for ids in candidates:
        for spans in _outlined(ids, scope):
            if _is_in(wanted.range, spans) and any(map(wanted.admits, spans)):
                found.append(spans)
            if len(found) >= wanted.limit:
                return found
        if time.monotonic() > until:
            break
    return found


def _is_in(range_: TimeRange, spans: Sequence[Span]) -> bool:
    start_ms = min(span.start_us for span in spans) // 1_000
    return range_.since_ms <= start_ms < range_.until_ms


def _candidates(wanted: Wanted, scope: Scope, now: datetime) -> Iterator[list[str]]:
    """Ids of traces that may have what is wanted, newest first."""
    query = _query(wanted)
    return _of_spans(query, wanted, scope, now) if query else _of_rows(wanted, scope)


def _of_rows(wanted: Wanted, scope: Scope) -> Iterator[list[str]]:
    rows: QuerySet[Trace] = Trace.objects.filter(
        started_at__gte=wanted.range.since, started_at__lt=wanted.range.until
    )
    if scope.accounts is not None:
        rows = of_accounts(rows, scope.accounts)
    ids = rows.order_by("-started_at").values_list("pk", flat=True)
    return _in_parts(ids.iterator(_AT_ONCE))


def _of_spans(
    query: str, wanted: Wanted, scope: Scope, now: datetime
) -> Iterator[list[str]]:
    range_ = TimeRange(wanted.range.since, wanted.range.until + _LATE)
    asked = SearchRequest(SPANS, now, parse(query), range_, scope)
    seen: set[str] = set()
    after = None
    while True:
        page = store.reader().find(asked, _SPANS_A_PAGE, SortOrder.NEWEST, after)
        ids = dict.fromkeys(hit.id.split(".", 1)[0] for hit in page.hits)
        yield from _in_parts(one for one in ids if one not in seen)
        seen.update(ids)
        after = page.next
        if after is None:
            return


def _in_parts(ids: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for one in ids:
        part.append(one)
        if len(part) >= _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _query(wanted: Wanted) -> str:
    """The part of it that the index answers; spans are held against all of it."""
    parts = []
    if wanted.service:
        parts.append(f"@service:{quoted(wanted.service)}")
    if wanted.remote:
        parts.append(f"@peer:{quoted(wanted.remote)}")
    if wanted.least_us:
        parts.append(f"@duration:>={wanted.least_us / 1_000}")
    if wanted.tags.get("error") == "true":
        parts.append("NOT @outcome:ok")
    return " AND ".join(parts)


def quoted(text: str) -> str:
    """A text as a value of the query language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _outlined(ids: Sequence[str], scope: Scope) -> Iterator[list[Span]]:
    """The spans of traces, in the order of the ids, as far as the scope admits."""
    rows = Trace.objects.filter(pk__in=ids).values_list("trace_id", "outline")
    outlines = dict(rows)
    for trace_id in ids:
        outline = outlines.get(trace_id)
        if outline is None:
            continue
        every = unpacked(trace_id, bytes(outline))
        spans = [span for span in every if admits(scope, span)]
        if spans:
            yield sorted(spans, key=lambda span: (span.start_us, span.position))
