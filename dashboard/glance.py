"""What home shows of metrics, alarms, services, dashboards and logs: live numbers of
what one may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from apps.discovery.accounts import visible_to
from apps.discovery.models import User
from apps.monitoring.incidents.lists import Filters, chosen, rules_of
from apps.monitoring.kinds import LOGS
from apps.monitoring.metrics.overview import Collected, collected
from apps.monitoring.models import CloudWatchAlarm, Dashboard
from apps.search import store
from apps.search.engines.base import Scope, SearchRequest, Total
from apps.search.language import parse
from apps.search.timerange import TimeRange, from_milliseconds
from apps.tracing.maps.lately import lately

_AN_HOUR = timedelta(hours=1)
_SEARCH_SECONDS = 5.0
_ALARMS, _BOARDS, _INCIDENTS = 8, 6, 3
_FAILURES = "@level:(ERROR OR FATAL)"
State = CloudWatchAlarm.State


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is collected, and what that has cost since midnight UTC."""

    series: int
    watched: int
    dollars: float
    budget_dollars: float
    # Accounts that are not read as they should be, with the reason in a word.
    troubled: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, accounts: Sequence[Collected]) -> Metrics:
        counts = [region.counts for one in accounts for region in one.regions]
        return cls(
            sum(one.series for one in counts),
            sum(one.watched for one in counts),
            sum(one.today.dollars for one in accounts),
            sum(one.today.budget_dollars for one in accounts),
            [(str(one.account), why) for one in accounts if (why := _trouble(one))],
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """Log lines of the last hour; `newest` is None where none was ever stored. The
    links lead to all of them, and to those that tell of a failure."""

    hour: Total
    failures: Total
    newest: datetime | None
    url: str
    failures_url: str


def glance(viewer: User, now: datetime) -> dict[str, Any]:
    """What `home.html` needs beside what is searched."""
    alarms = CloudWatchAlarm.objects.visible_to(viewer).filter(gone_at=None)
    counted = alarms.values_list("state").annotate(Count("pk")).order_by()
    boards = Dashboard.objects.visible_to(viewer.pk).order_by("-updated_at")
    return {
        "metrics": Metrics.of(collected(viewer, now)),
        "incidents": _incidents(viewer),
        "alarms": _counts(counted),
        "loud": alarms.filter(state=State.ALARM).order_by("-since")[:_ALARMS],
        "boards": boards[:_BOARDS],
        "logs": LOGS,
        "services": lately(Scope(viewer.visible_accounts()), now),
        "has_connected": visible_to(viewer).filter(is_connected=True).exists(),
    }


def _incidents(viewer: User) -> Mapping[str, Any]:
    """What is open, how much of it nobody looks after, and the gravest."""
    found = chosen(viewer, Filters())
    return {
        "open": found.count(),
        "untaken": found.filter(acknowledged_at=None).count(),
        "worst": found[:_INCIDENTS],
        "rules": rules_of(viewer).filter(is_enabled=True).count(),
    }


def _counts(found: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    counts = dict(found)
    return {
        "loud": counts.get(State.ALARM, 0),
        "blind": counts.get(State.INSUFFICIENT_DATA, 0),
        "all": sum(counts.values()),
    }


def _trouble(one: Collected) -> str:
    if one.today.is_used_up and one.today.limit:
        return "today's budget is used up"
    return {"paused": "paused", "failing": "cannot be read"}.get(one.state, "")


def lines_lately(scope: Scope, now: datetime) -> Lines:
    """Raises EngineUnavailable."""
    hour = TimeRange(now - _AN_HOUR, now)
    asked = SearchRequest(LOGS, now, range=hour, scope=scope, seconds=_SEARCH_SECONDS)
    failing = replace(asked, query=parse(_FAILURES))
    explore = f"{reverse('explore', args=[LOGS.name])}?since=now-1h"
    reader = store.reader()
    newest = reader.find(asked.at_any_time(), 1).hits
    return Lines(
        reader.count(asked),
        reader.count(failing),
        from_milliseconds(newest[0].time_ms) if newest else None,
        explore,
        f"{explore}&{urlencode({'q': _FAILURES})}",
    )
