"""Traces that a question asks for: summaries from rows, spans from the outlines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Q

from apps.search import store
from apps.search.engines.base import Scope, SearchRequest, SortOrder
from apps.search.language import parse as parse_query
from apps.search.syntax import Node as SpanQuery
from apps.search.timerange import EPOCH, TimeRange
from apps.tracing.kinds import SPANS
from apps.tracing.models import Trace
from apps.tracing.spans.outlines import mentions, unpacked
from apps.tracing.spans.span import Span
from apps.tracing.spans.values import request_line
from apps.tracing.traces.filters import parsing
from apps.tracing.traces.filters.evaluating import matches
from apps.tracing.traces.filters.needles import needles
from apps.tracing.traces.filters.prefilter import Compare, Every, Need, needed
from apps.tracing.traces.filters.subjects import Subject
from apps.tracing.traces.filters.syntax import Node
from apps.tracing.traces.groups import known_groups
from apps.tracing.traces.questions import TraceQuestion
from apps.tracing.traces.summaries import summary_of

MOST_TRACES = 20_000
MOST_SPANS = 20_000
_SPANS_A_PAGE = 1_000
_OUTLINES_AT_ONCE = 500
_SECONDS = 2.0
_LATE = timedelta(minutes=15)
_T = TypeVar("_T")


@dataclass(slots=True)
class ListedTrace:
    """The row of a trace, as far as the reader may see it. Times in milliseconds."""

    trace_id: str
    started_at: datetime
    response_ms: float
    duration_ms: float
    has_fault: bool
    has_error: bool
    has_throttle: bool
    has_failure: bool
    is_partial: bool
    root_service: str
    root_type: str
    root_name: str
    http_method: str
    http_url: str
    http_status: int
    user: str
    spans: int
    services: int
    accounts: str

    @property
    def request(self) -> str:
        """What was asked for, such as GET /orders/7."""
        if not self.http_url:
            return "" if self.root_name == self.root_service else self.root_name
        return request_line(self.http_method, self.http_url)

    @property
    def seen_accounts(self) -> list[str]:
        return [one for one in self.accounts.split(",") if one]


COLUMNS = tuple(field.name for field in fields(ListedTrace))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, read: `query` of spans and `filter` of traces, None for any."""

    asked: TraceQuestion
    range: TimeRange
    scope: Scope
    now: datetime
    query: SpanQuery | None
    filter: Node | None

    @property
    def is_restricted(self) -> bool:
        """Whether some spans of a trace may be hidden from the reader, or left out."""
        return self.scope.accounts is not None or self.scope.regions is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """Traces that match, newest first. `looked_at` of `total` in the range were held
    against the question; `go_on` is where the rest ends, None once all were.
    `partial` says what else is missing."""

    traces: list[ListedTrace]
    looked_at: int
    total: int
    go_on: datetime | None = None
    partial: str | None = None


def question(
    asked: TraceQuestion, visible: frozenset[str] | None, now: datetime
) -> Question:
    """Raises FilterError, QuerySyntaxError, TimeError."""
    return Question(
        asked,
        asked.time_range(now),
        scope_of(asked, visible),
        now,
        parse_query(asked.q) if asked.q else None,
        parsing.read(asked.filter) if asked.filter else None,
    )


def scope_of(asked: TraceQuestion, visible: frozenset[str] | None) -> Scope:
    """What was chosen, within what the reader may see."""
    return Scope.chosen(visible, asked.accounts, asked.regions)


def answer(question: Question) -> Answer:
    """Raises EngineUnavailable, QueryTooBroad."""
    asked = _rows(question)
    total = asked.count()
    ids, partial = _ids_of_spans(question)
    found = [
        ListedTrace(*row)
        for row in asked.order_by("-started_at", "trace_id").values_list(*COLUMNS)[
            :MOST_TRACES
        ]
    ]
    go_on = found[-1].started_at if len(found) < total and found else None
    looked_at = len(found)
    if ids is not None:
        found = [one for one in found if one.trace_id in ids]
    if question.filter is not None or question.is_restricted:
        found, last = _evaluated(question, found)
        if last is not None:
            go_on = last
            looked_at = asked.filter(started_at__gte=last).count()
    return Answer(found, looked_at, total, go_on, partial)


def _rows(question: Question) -> Any:
    rows = Trace.objects.filter(
        started_at__gte=question.range.since, started_at__lt=question.range.until
    )
    if question.scope.accounts is not None:
        return of_accounts(rows, question.scope.accounts)
    need = needed(question.filter) if question.filter is not None else None
    # Rows tell of all regions at once, so with some left out they cannot answer.
    if need is None or question.scope.regions is not None:
        return rows
    return rows.filter(_condition(need))


def of_accounts(rows: Any, accounts: Iterable[str]) -> Any:
    """Rows of traces in which one of the accounts took part."""
    mine = Q(pk__in=())
    for account in accounts:
        mine |= Q(accounts__contains=f",{account},")
    return rows.filter(mine)


def _condition(need: Need) -> Q:
    if isinstance(need, Compare):
        return _compared(need)
    found = Q()
    for part in need.parts:
        if isinstance(need, Every):
            found &= _condition(part)
        else:
            found |= _condition(part)
    return found


_LOOKUPS = {
    "=": "exact",
    "<": "lt",
    "<=": "lte",
    ">": "gt",
    ">=": "gte",
    "begins": "startswith",
}


def _compared(need: Compare) -> Q:
    return Q(**{f"{need.column}__{_LOOKUPS[need.operator]}": need.value})


def _ids_of_spans(question: Question) -> tuple[set[str] | None, str | None]:
    """Traces that have a span as asked, newest spans first, and what is missing."""
    if question.query is None:
        return None, None
    until = question.range.until + _LATE
    asked = SearchRequest(
        SPANS,
        question.now,
        query=question.query,
        range=TimeRange(question.range.since, until),
        scope=question.scope,
        seconds=min(_SECONDS, settings.SEARCH_SECONDS),
    )
    reader, ids, after = store.reader(), set[str](), None
    for _ in range(MOST_SPANS // _SPANS_A_PAGE):
        page = reader.find(asked, _SPANS_A_PAGE, SortOrder.NEWEST, after)
        ids.update(hit.id.split(".", 1)[0] for hit in page.hits)
        if page.partial or page.next is None:
            return ids, page.partial
        after = page.next
    return ids, (
        f"the newest {MOST_SPANS:,} spans that match were looked at, and there are "
        "more. Narrow the query, or shorten the time range."
    )


def _evaluated(
    question: Question, found: Sequence[ListedTrace]
) -> tuple[list[ListedTrace], datetime | None]:
    """Those that the filter wants, and how far back one came in the time there is;
    None for all the way."""
    until = time.monotonic() + _SECONDS
    kept: list[ListedTrace] = []
    texts = needles(question.filter)
    groups = known_groups(question.scope.accounts)
    for some in _batches(found, _OUTLINES_AT_ONCE):
        for listed, spans in with_spans(some, question.scope, texts):
            if not spans:
                continue
            asked = question.filter
            if asked is None or matches(asked, Subject(spans), groups):
                kept.append(listed)
        if time.monotonic() > until and some[-1] is not found[-1]:
            return kept, some[-1].started_at
    return kept, None


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def with_spans(
    traces: Iterable[ListedTrace], scope: Scope, texts: Sequence[bytes] = ()
) -> Iterator[tuple[ListedTrace, list[Span]]]:
    """The traces with their spans, as far as the scope admits these: a row that tells
    of others is made anew. Only those in whose outlines all the texts stand."""
    listed = list(traces)
    for some in _batches(listed, _OUTLINES_AT_ONCE):
        ids = [one.trace_id for one in some]
        outlines = dict(
            Trace.objects.filter(pk__in=ids).values_list("trace_id", "outline")
        )
        for one in some:
            outline = outlines.get(one.trace_id)
            if outline is None:
                continue  # it went with its day meanwhile
            packed = bytes(outline)
            if texts and not mentions(packed, texts):
                continue
            every = unpacked(one.trace_id, packed)
            spans = [span for span in every if admits(scope, span)]
            cut = 0 < len(spans) < len(every)
            yield (relisted(spans) if cut else one), spans


def admits(scope: Scope, span: Span) -> bool:
    return scope.admits(span.service.account, span.region)


def relisted(spans: Sequence[Span]) -> ListedTrace:
    """The row that a trace would have if these were its spans."""
    summary = summary_of(spans)
    http, root = summary.http, summary.root
    return ListedTrace(
        root.trace_id,
        EPOCH + timedelta(microseconds=summary.start_us),
        summary.response_us / 1_000,
        summary.duration_us / 1_000,
        summary.has_fault,
        summary.has_error,
        summary.has_throttle,
        summary.has_failure,
        summary.is_partial,
        root.service.name,
        root.service.type,
        root.name,
        http.method if http else "",
        http.url if http else "",
        http.status if http else 0,
        summary.user,
        summary.spans,
        summary.services,
        "".join(f",{one}" for one in summary.accounts) + ",",
    )
