"""Sources that no data comes from any more: collectors, log groups, services."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from apps.discovery.alerthooks import (
    ConditionInvalid,
    ConditionUnavailable,
    Parameter,
    Periods,
    Question,
    Reading,
)
from apps.discovery.silencehooks import Source, Sources
from apps.monitoring.models import LogGroup, LogSource, MetricScope
from apps.search.engines.base import Scope

_MOST = 500
_MOST_NAME = 512
# How far before the newest data of a source nothing is known of its silences.
_REMEMBERED = timedelta(hours=1)


class SilentSource:
    kind = "silence"
    title = "A source falls silent"
    about = (
        "How long no data has come from a collector, a log group, a trail or a "
        "service. The value is the time since its newest data."
    )
    unit = "Seconds"
    absent = 0.0

    @property
    def form(self) -> tuple[Parameter, ...]:
        kinds = tuple((name, one.title) for name, one in sources().items())
        return (
            Parameter("what", "Sources", choices=kinds),
            Parameter(
                "name",
                "Name",
                "* stands for any letters. Each that matches is watched on its own.",
                default="*",
            ),
        )

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        what = parameters.get("what")
        if what not in sources():
            raise ConditionInvalid("what", f"There are {', '.join(sources())}.")
        name = str(parameters.get("name") or "*").strip()[:_MOST_NAME]
        return {"what": what, "name": name}

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        del parameters
        return "Seconds"

    def say(self, parameters: Mapping[str, Any]) -> str:
        known = sources().get(parameters["what"])
        title = known.title if known else parameters["what"]
        return f"Time since the newest data: {title} {parameters['name']}"

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        [found] = self.read_many([Question(parameters, periods, scope, periods.until)])
        if isinstance(found, ConditionUnavailable):
            raise found
        return found

    def read_many(
        self, questions: Sequence[Question]
    ) -> Sequence[Sequence[Reading] | ConditionUnavailable]:
        """Sources of a kind are read once for all rules of the same scope."""
        kept: dict[tuple[str, Scope], Sequence[Source]] = {}
        for one in questions:
            what = one.parameters["what"]
            if (what, one.scope) not in kept and what in sources():
                kept[what, one.scope] = sources()[what].read(one.scope)
        return [
            _answer(one, kept.get((one.parameters["what"], one.scope), ()))
            for one in questions
        ]


@cache
def sources() -> Mapping[str, Sources]:
    """Every kind of source that a room knows, by its name."""
    found = (one for path in settings.ALERT_SOURCES for one in import_string(path))
    return {one.what: one for one in found}


def _answer(
    asked: Question, known: Sequence[Source]
) -> Sequence[Reading] | ConditionUnavailable:
    pattern = asked.parameters["name"]
    found = [one for one in known if fnmatchcase(one.name, pattern)][:_MOST]
    if not found:
        return ConditionUnavailable(f"There is no such source: {pattern}.")
    return [_reading(one, asked) for one in found]


def _reading(source: Source, asked: Question) -> Reading:
    periods = asked.periods
    ends = (
        periods.since + timedelta(seconds=(at + 1) * periods.seconds)
        for at in range(periods.count)
    )
    return Reading(
        key="/".join((source.account, source.region, source.name)),
        values=tuple(_silence(source, min(end, asked.now)) for end in ends),
        text=source.name,
        url=source.url,
        account=source.account,
        region=source.region,
        labels={"resource": source.name, **source.labels},
    )


def _silence(source: Source, end: datetime) -> float:
    """Seconds since its newest data. NaN for times long before that: what came then,
    and what did not, is not remembered here."""
    newest = source.last_at or source.since
    if end < newest - _REMEMBERED:
        return math.nan
    return max(0.0, (end - newest).total_seconds())


def _where(scope: Scope, account: str = "account") -> dict[str, Any]:
    found: dict[str, Any] = {}
    if scope.accounts is not None:
        found[f"{account}__in"] = scope.accounts
    if scope.regions is not None:
        found["region__in"] = scope.regions
    return found


def _log_groups(scope: Scope) -> Sequence[Source]:
    """Groups that are collected, by what CloudWatch or their lines say came last."""
    rows = LogGroup.objects.filter(poll__is_enabled=True, gone_at=None)
    return [
        Source(
            what="log-groups",
            name=row.name,
            account=row.account,
            region=row.region,
            since=row.found_at,
            last_at=max(
                filter(None, (row.last_event_at, row.delivered_at)), default=None
            ),
            url=reverse("log-group", args=[row.pk]),
        )
        for row in rows.filter(**_where(scope))[: 10 * _MOST]
    ]


def _log_sources(scope: Scope) -> Sequence[Source]:
    rows = LogSource.objects.filter(is_enabled=True, **_where(scope))
    return [
        Source(
            what="log-sources",
            name=row.name,
            account=row.account_id,
            region=row.region,
            since=row.created_at,
            last_at=row.newest_at,
            url=reverse("log-sources"),
        )
        for row in rows
    ]


def _metric_regions(scope: Scope) -> Sequence[Source]:
    rows = MetricScope.objects.filter(is_enabled=True, **_where(scope))
    return [
        Source(
            what="metrics",
            name=f"{row.account_id} {row.region}",
            account=row.account_id,
            region=row.region,
            since=row.account.created_at,
            last_at=row.read_at,
            url=reverse("collection"),
        )
        for row in rows.select_related("account")
    ]


SOURCES = (
    Sources("log-groups", "Log groups", _log_groups),
    Sources("log-sources", "Sources of logs", _log_sources),
    Sources("metrics", "Metrics of a region", _metric_regions),
)
CONDITION = SilentSource()
