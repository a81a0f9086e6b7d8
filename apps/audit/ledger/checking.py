"""The ledger verified every hour, and when somebody asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from apps.audit.ledger.verifying import verify
from apps.audit.models import LedgerCheck
from apps.discovery.aws import AwsError
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.outbox import notify

_EVERY = timedelta(hours=1)
_ONE = 1
_MOST_BREAKS = 100


def latest() -> LedgerCheck:
    return LedgerCheck.objects.filter(pk=_ONE).first() or LedgerCheck(pk=_ONE)


def request(now: datetime) -> None:
    LedgerCheck.objects.update_or_create(pk=_ONE, defaults={"requested_at": now})


def check_if_due(now: datetime) -> None:
    """Verify, if that is asked for or an hour ago; one worker of several does."""
    row, _ = LedgerCheck.objects.get_or_create(pk=_ONE)
    due = Q(checked_at=None) | Q(checked_at__lte=now - _EVERY)
    mine = LedgerCheck.objects.filter(
        due | Q(requested_at__isnull=False), pk=_ONE, checked_at=row.checked_at
    )
    if mine.update(checked_at=now, requested_at=None):
        _check(now)


def _check(now: datetime) -> None:
    try:
        found = verify()
    except (AwsError, OSError) as error:
        problem = f"The anchors cannot be read: {error}"
        LedgerCheck.objects.filter(pk=_ONE).update(problem=problem)
        return
    breaks = [str(one) for one in found.breaks[:_MOST_BREAKS]]
    LedgerCheck.objects.filter(pk=_ONE).update(
        rows=found.rows,
        anchors=found.anchors,
        breaks=breaks,
        warnings=list(found.warnings),
        problem="",
    )
    if breaks:
        _tell(breaks, now)


def _tell(breaks: list[str], now: datetime) -> None:
    notify(
        Notice(
            key=f"ledger-{breaks[0][:80]}",
            state=State.TOLD,
            revision=1,
            title="The ledger was changed",
            text=" ".join(breaks[:3]),
            severity=Severity.CRITICAL,
            url=reverse("ledger"),
            at=now,
            labels={
                "rule": "ledger",
                "severity": Severity.CRITICAL.value,
                "account": "",
                "region": "",
            },
        )
    )
