"""Traces of a window for reports: all of them, or some that are spread evenly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.db.models.aggregates import Count

from apps.search.timerange import TimeRange
from apps.tracing.models import Trace
from apps.tracing.spans import outlines
from apps.tracing.spans.span import Span
from apps.tracing.traces.listing import of_accounts

MOST_SPANS = 100_000
"""A report over so many takes about a second."""
_SLICES = 50
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """The traces of a window that a report reads, of all that there are."""

    rows: tuple[QuerySet[Trace], ...]
    total: int
    accounts: frozenset[str] | None

    def traces(self) -> Iterator[list[Span]]:
        """The spans of each trace that one may see."""
        for rows in self.rows:
            found = rows.values_list("trace_id", "outline")
            for trace_id, outline in found.iterator(_AT_ONCE):
                spans = outlines.unpacked(trace_id, bytes(outline))
                if self.accounts is not None:
                    spans = [
                        one for one in spans if one.service.account in self.accounts
                    ]
                if spans:
                    yield spans


def sample(
    span: TimeRange, accounts: frozenset[str] | None, most_spans: int = MOST_SPANS
) -> Sample:
    """Traces that began in the window; where they have more than `most_spans` spans,
    the first ones of each fiftieth of it."""
    rows = Trace.objects.filter(started_at__gte=span.since, started_at__lt=span.until)
    if accounts is not None:
        rows = of_accounts(rows, accounts)
    found = rows.aggregate(traces=Count("pk"), spans=Sum("spans"))
    total, spans = found["traces"], found["spans"] or 0
    if spans <= most_spans:
        return Sample((rows.order_by("started_at"),), total, accounts)
    each = max(1, int(total * most_spans / spans / _SLICES))
    step = span.length / _SLICES
    slices = (
        rows.filter(
            started_at__gte=span.since + step * number,
            started_at__lt=span.since + step * (number + 1),
        ).order_by("started_at")[:each]
        for number in range(_SLICES)
    )
    return Sample(tuple(slices), total, accounts)
