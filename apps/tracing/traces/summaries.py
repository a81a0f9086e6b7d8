"""What lists and filters say of a whole trace, in the terms of X-Ray's summaries.

Source: TraceSummary in the X-Ray API reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.tracing.spans.span import Http, ServiceKey, Span
from apps.tracing.spans.tree import NO_SPAN, parents_of


@dataclass(frozen=True, slots=True)
class Summary:
    """`response_us` is the time until the root answered, `duration_us` that until the
    last span ended. Fault and error are the root's, throttle is any span's;
    `has_failure`: some span failed. `is_partial`: a span is still in progress."""

    start_us: int
    duration_us: int
    response_us: int
    has_fault: bool
    has_error: bool
    has_throttle: bool
    has_failure: bool
    is_partial: bool
    root: Span
    http: Http | None
    user: str
    spans: int
    services: int
    accounts: tuple[str, ...]


def summary_of(spans: Sequence[Span]) -> Summary:
    """The summary of a trace, which has a span at least."""
    root = root_of(spans)
    start_us = min(span.start_us for span in spans)
    end_us = max(span.end_us or span.start_us for span in spans)
    own = [span for span in spans if not span.is_inferred]
    return Summary(
        start_us,
        end_us - start_us,
        root.duration_us,
        root.is_fault,
        root.is_error,
        any(span.is_throttle for span in spans),
        any(span.is_fault or span.is_error for span in own),
        any(span.is_in_progress for span in own),
        root,
        root.http,
        next((span.user for span in spans if span.user), ""),
        len(spans),
        len({span.service for span in own} - {_NOBODY}),
        tuple(sorted({span.service.account for span in own} - {""})),
    )


_NOBODY = ServiceKey("", "", "")


def root_of(spans: Sequence[Span]) -> Span:
    """The first span without a parent; where there is none, the first whose parent is
    missing."""
    parents = parents_of(spans)
    above = [
        span for span, parent in zip(spans, parents, strict=True) if parent == NO_SPAN
    ]
    return min(above, key=lambda span: (bool(span.parent_id), span.start_us, span.id))
