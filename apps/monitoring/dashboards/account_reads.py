"""Dashboards of accounts: asked for by a row, read by a worker, kept to choose from.

Dashboards of CloudWatch belong to an account, not to a region: they are asked for in
the account's home region. Nothing is imported by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.discovery.accounts import Viewer, target
from apps.discovery.attempts import problem_of
from apps.discovery.aws import AwsGone, Door
from apps.discovery.models import Account, User
from apps.monitoring.dashboards.cloudwatch_bodies import MOST_BYTES
from apps.monitoring.models import DashboardRead, ReadDashboard

PERMISSIONS = ("cloudwatch:ListDashboards", "cloudwatch:GetDashboard")
# An account's dashboards are few; reading each is a call of a third of a second.
MOST_DASHBOARDS = 500
_LEASE = timedelta(minutes=5)
_KEPT = timedelta(days=7)

Clock = Callable[[], datetime]


def ask(account: Account, person: User, now: datetime) -> DashboardRead:
    """Ask for an account's dashboards; who asks twice gets the one on its way."""
    waiting = DashboardRead.objects.filter(
        account=account, state=DashboardRead.State.REQUESTED
    ).first()
    return waiting or DashboardRead.objects.create(
        account=account, requested_by=person, requested_at=now
    )


def visible_to(viewer: Viewer) -> QuerySet[DashboardRead]:
    visible = viewer.visible_accounts()
    reads = DashboardRead.objects.select_related("account")
    return reads if visible is None else reads.filter(account__in=visible)


def read_requested(clock: Clock) -> None:
    """Read what was asked for, each by one worker; one that died is followed."""
    waiting = DashboardRead.objects.filter(state=DashboardRead.State.REQUESTED)
    for read in waiting.select_related("account"):
        now = clock()
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        if waiting.filter(free, pk=read.pk).update(claimed_until=now + _LEASE):
            read.claimed_until = now + _LEASE
            _read(read, clock)


def _read(read: DashboardRead, clock: Clock) -> None:
    """What goes wrong ends in the row."""
    found: list[ReadDashboard] = []

    def work() -> None:
        found[:] = _found(read)  # all, or none where it breaks off

    problem = problem_of(work, f"reading dashboards of {read.account}")
    states = DashboardRead.State
    now = clock()
    with transaction.atomic():
        ours = DashboardRead.objects.filter(
            pk=read.pk, claimed_until=read.claimed_until, state=states.REQUESTED
        )
        if ours.update(
            state=states.FAILED if problem else states.DONE,
            problem=problem,
            finished_at=now,
            claimed_until=None,
        ):
            ReadDashboard.objects.bulk_create(found)
    DashboardRead.objects.filter(requested_at__lt=now - _KEPT).delete()


def _found(read: DashboardRead) -> Iterator[ReadDashboard]:
    """Every dashboard of the account with its body. Raises AwsError."""
    door = Door(target(read.account), "cloudwatch")
    for entry in _entries(door):
        name = entry["DashboardName"]
        body, problem = _body(door, name)
        yield ReadDashboard(
            read=read,
            name=name,
            body=body,
            problem=problem,
            modified_at=entry.get("LastModified"),
        )


def _entries(door: Door) -> Iterator[Mapping[str, Any]]:
    """ListDashboards, all pages; at most MOST_DASHBOARDS."""
    parameters: dict[str, str] = {}
    left = MOST_DASHBOARDS
    while left > 0:
        answer = door.call("list_dashboards", **parameters)
        entries = answer.get("DashboardEntries", [])[:left]
        yield from entries
        left -= len(entries)
        if not answer.get("NextToken"):
            return
        parameters = {"NextToken": answer["NextToken"]}


def _body(door: Door, name: str) -> tuple[str, str]:
    """The body of a dashboard, or why there is none."""
    try:
        body = str(door.call("get_dashboard", DashboardName=name)["DashboardBody"])
    except AwsGone:
        return "", "It was deleted while the dashboards were read."
    if len(body) > MOST_BYTES:
        return "", f"It is longer than the {MOST_BYTES:,} letters allowed."
    return body, ""
