"""What `doctor` finds out about X-Ray: each action that reading it needs is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.search.diagnosis import Finding
from apps.tracing.collecting import inbox
from apps.tracing.collecting.xray import Times, XRay
from apps.tracing.models import TraceScope

_LONGEST_WAIT = timedelta(minutes=5)
# An id in the right form, of a trace that nobody has.
_NO_TRACE = "1-00000001-000000000000000000000001"


def scopes() -> Iterator[Finding]:
    """Each account and region where X-Ray is switched on."""
    rows = TraceScope.objects.filter(is_enabled=True, account__is_connected=True)
    for scope in rows.select_related("account"):
        subject = f"traces.{scope.account_id}.{scope.region}"
        yield from _tried(subject, scope)


def posted() -> Iterator[Finding]:
    """Spans that were posted, and wait to be stored."""
    oldest = inbox.oldest_waiting()
    waits = timezone.now() - oldest.received_at if oldest else timedelta()
    minutes = int(waits.total_seconds() // 60)
    yield Finding(
        "traces.posted",
        "what was posted is stored",
        f"spans have waited for {minutes} minutes" if waits > _LONGEST_WAIT else None,
        "See that a worker runs and that the search index takes documents.",
    )


def _tried(subject: str, scope: TraceScope) -> Iterator[Finding]:
    xray = XRay(target(scope.account, scope.region))
    refused = False
    for action, attempt in _ATTEMPTS.items():
        try:
            attempt(xray)
        except AwsError as error:
            refused = True
            cure = f"The role needs xray:{action}."
            yield Finding(f"{subject}.{action}", "", str(error), cure)
    if not refused:
        yield Finding(
            subject,
            "AWS allows what it needs",
            scope.problem or None,
            "The page Sources of traces says what was read last.",
        )


def _list(xray: XRay) -> object:
    now = timezone.now()
    return xray.summaries(now - timedelta(minutes=1), now, Times.CHANGED)


def _graph(xray: XRay) -> object:
    now = timezone.now()
    return xray.graph(now - timedelta(minutes=1), now)


_ATTEMPTS: dict[str, Callable[[XRay], object]] = {
    "GetTraceSummaries": _list,
    "BatchGetTraces": lambda xray: xray.traces([_NO_TRACE]),
    "GetServiceGraph": _graph,
    "GetSamplingRules": XRay.sampling_rules,
    "GetGroups": XRay.groups,
    "GetTraceSegmentDestination": XRay.has_transaction_search,
}
