"""Fetched traces into the store, and what is to be done once they are durable."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.discovery.leases import Clock
from apps.search import delivery
from apps.search.engines.base import DocumentEngine
from apps.search.importers import CannotReopen
from apps.search.intake import Broken, Portion
from apps.search.quarantine import Reading
from apps.tracing.collecting.answers import FetchedTrace, SegmentText
from apps.tracing.collecting.xray import XRay
from apps.tracing.models import TraceScope
from apps.tracing.spans import segmentfiles
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.span import Span
from apps.tracing.spans.values import InvalidSpan

_EXCERPT_BYTES = 2_000


class Delivery(delivery.Delivery):
    """Takes traces of a scope; what is to happen once they are durable waits until
    they are. Raises EngineUnavailable."""

    def __init__(self, scope: TraceScope, engine: DocumentEngine, clock: Clock) -> None:
        self._place = (scope.account_id, scope.region)
        options = {"account": scope.account_id, "region": scope.region}
        super().__init__(Reading("xray", scope.pk, options), clock)
        self._intake: SpanIntake = SpanIntake(engine, self._durable)

    def take(self, trace: FetchedTrace) -> bool:
        """The spans of a trace; whether any of them is still in progress. What is no
        segment goes to quarantine, and the rest of its trace goes on."""
        origin = origin_of(*self._place, trace.trace_id)
        spans: list[tuple[Span, int]] = []
        broken: list[Broken] = []
        for at, segment in enumerate(trace.segments):
            for one in segmentfiles.spans_in(segment.text, *self._place):
                if isinstance(one, InvalidSpan):
                    broken.append(_broken(at, one, segment))
                else:
                    spans.append((one, at))
        self._is_empty = False
        if broken:
            self._intake.take(origin, Portion(broken=broken))
        if spans:
            self._intake.take_spans(origin, spans)
        return any(span.is_in_progress for span, _ in spans)


def _broken(at: int, error: InvalidSpan, segment: SegmentText) -> Broken:
    excerpt = segment.text.encode("utf-8", "replace")[:_EXCERPT_BYTES]
    return Broken(at, str(error), excerpt)


_SCHEME = "xray://"


def origin_of(account: str, region: str, trace_id: str) -> str:
    return f"{_SCHEME}{account}/{region}/{trace_id}"


def fetched_account(origin: str) -> str:
    """The account of what came from X-Ray itself; empty for what is from a file."""
    if not origin.startswith(_SCHEME):
        return ""
    return origin.removeprefix(_SCHEME).partition("/")[0]


def fetched_again(origin: str, scope_id: int | None) -> Iterator[bytes]:
    """A trace as X-Ray has it now, for who reads it again. Raises CannotReopen."""
    scope = (
        TraceScope.objects.select_related("account").filter(pk=scope_id or 0).first()
    )
    if scope is None:
        raise CannotReopen("its account is not read any more")
    trace_id = origin.rsplit("/", 1)[-1]
    try:
        found = XRay(target(scope.account, scope.region)).traces([trace_id]).traces
    except AwsError as error:
        raise CannotReopen(str(error)) from error
    if not found:
        raise CannotReopen("X-Ray does not have the trace any more")
    documents = [{"Document": one.text} for one in found[0].segments]
    yield orjson.dumps({"Traces": [{"Segments": documents}]})
