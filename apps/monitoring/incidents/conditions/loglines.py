"""Until when log lines were collected."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max

from apps.monitoring.models import LogCoverage
from apps.search.engines.base import Scope

# What is further behind than that does not hold up the others any more.
HELD_UP_FOR = timedelta(days=1)


def known_until(scope: Scope, now: datetime) -> datetime | None:
    """By the region whose polling came least far; None where nothing is polled. A
    group that alone cannot be read holds up nothing: a rule on silent log groups
    tells of it."""
    rows = LogCoverage.objects.filter(group__poll__is_enabled=True)
    if scope.accounts is not None:
        rows = rows.filter(group__account__in=scope.accounts)
    if scope.regions is not None:
        rows = rows.filter(group__region__in=scope.regions)
    reached = rows.values_list("group__account", "group__region")
    newest = [until for *_, until in reached.annotate(Max("until")).order_by()]
    return min((one for one in newest if one > now - HELD_UP_FOR), default=None)
