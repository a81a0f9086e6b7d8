"""Holds our map against X-Ray's own graph, once an hour, of ten minutes that have
settled: what is shown is X-Ray's truth, or the difference is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.discovery.aws import AwsError
from apps.discovery.coverage import Interval, gaps
from apps.discovery.leases import Clock
from apps.tracing.collecting.covered import covered
from apps.tracing.collecting.graphs import (
    Comparison,
    Counts,
    Difference,
    EdgeKey,
    compared,
)
from apps.tracing.collecting.spending import Purse
from apps.tracing.collecting.windows import SETTLE
from apps.tracing.collecting.xray import XRay
from apps.tracing.maps.counting import counted
from apps.tracing.maps.reading import read
from apps.tracing.maps.servicemap import ServiceMap
from apps.tracing.models import GraphCheck, Trace, TraceReread, TraceScope
from apps.tracing.spans import outlines
from apps.tracing.spans.span import Span, SpanSource

EVERY = timedelta(hours=1)
LENGTH = timedelta(minutes=10)
# By then a trace was looked at again for the last time.
_SETTLED = timedelta(minutes=70)
# A span may begin so long after its trace did.
_LONGEST_TRACE = timedelta(hours=1)
_DIFFERENCES_KEPT = 50
_MINUTES = 600
_WAITING = (TraceReread.Rank.NEW, TraceReread.Rank.PAST)


def check(scope: TraceScope, xray: XRay, purse: Purse, clock: Clock) -> bool:
    """Hold a window against X-Ray, if it is time to; what it refuses is noted."""
    window = _due(scope, clock())
    if window is None:
        return False
    purse.pay(1)
    try:
        theirs = xray.graph(window.since, window.until).edges
    except AwsError as error:
        columns: dict[str, Any] = {"problem": str(error)}
    else:
        ours = counts_of(_map_of(scope, window))
        columns = _outcome(compared(ours, theirs), _differs_from_kept(window))
    GraphCheck.objects.update_or_create(
        scope=scope,
        since=window.since,
        defaults={"until": window.until, "checked_at": clock(), **columns},
    )
    return True


def _due(scope: TraceScope, now: datetime) -> Interval | None:
    """The newest settled window, where all is stored that was updated since it
    began."""
    last = scope.checks.order_by("-checked_at").first()
    if last is not None and now - last.checked_at < EVERY:
        return None
    end = (now - _SETTLED).timestamp() // _MINUTES * _MINUTES
    until = datetime.fromtimestamp(end, now.tzinfo)
    window = Interval(until - LENGTH, until)
    since_then = Interval(window.since, now - 2 * SETTLE)
    waiting = TraceReread.objects.filter(
        scope=scope,
        rank__in=_WAITING,
        due_at__isnull=False,
        started_at__gte=window.since - _LONGEST_TRACE,
        started_at__lt=window.until,
    )
    if gaps(covered(scope), since_then) or waiting.exists():
        return None
    return window


def _map_of(scope: TraceScope, window: Interval) -> ServiceMap:
    """Our map as X-Ray of one account and region can know it: from the spans that were
    sent there alone."""
    place = (SpanSource.XRAY, scope.account_id, scope.region)
    traces = (
        [one for one in spans if (one.source, one.service.account, one.region) == place]
        for spans in _traces(window)
    )
    return counted(traces, *_seconds(window))


def _differs_from_kept(window: Interval) -> int:
    """On how many edges the map that is kept differs from what its spans say."""
    since, until = _seconds(window)
    kept = counts_of(read(since, until))
    return len(
        compared(kept, counts_of(counted(_traces(window), since, until))).differences
    )


def _traces(window: Interval) -> Iterator[Sequence[Span]]:
    rows = Trace.objects.filter(
        started_at__gte=window.since - _LONGEST_TRACE, started_at__lt=window.until
    )
    for row in rows.only("trace_id", "outline").iterator():
        yield outlines.unpacked(row.trace_id, bytes(row.outline))


def _seconds(window: Interval) -> tuple[int, int]:
    return int(window.since.timestamp()), int(window.until.timestamp())


def counts_of(found: ServiceMap) -> dict[EdgeKey, Counts]:
    return {
        edge.key: Counts(
            edge.figures.calls,
            edge.figures.errors,
            edge.figures.faults,
            edge.figures.throttles,
        )
        for edge in found.edges
    }


def _outcome(found: Comparison, kept_differing: int) -> dict[str, Any]:
    """The columns of a check that was answered."""
    return {
        "equal": found.equal,
        "differing": len(found.differences),
        "kept_differing": kept_differing,
        "differences": [_told(one) for one in found.differences[:_DIFFERENCES_KEPT]],
    }


def _told(one: Difference) -> dict[str, object]:
    source, target, is_async = one.edge
    return {
        "source": list(source),
        "target": list(target),
        "is_async": is_async,
        "ours": _figures(one.ours),
        "theirs": _figures(one.theirs),
    }


def _figures(counts: Counts) -> dict[str, int]:
    return {
        "calls": counts.calls,
        "errors": counts.errors,
        "faults": counts.faults,
        "throttles": counts.throttles,
    }
