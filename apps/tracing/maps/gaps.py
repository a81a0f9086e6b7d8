"""What of a window was not read from X-Ray, where it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from apps.discovery.coverage import Interval
from apps.discovery.permissions import person
from apps.search.timerange import TimeRange
from apps.tracing.collecting.covered import not_collected
from apps.tracing.maps import exporting
from apps.tracing.models import TraceScope

_MOST = 4


@dataclass(frozen=True, slots=True)
class Gap:
    scope: TraceScope
    since: datetime
    until: datetime


def gaps(request: HttpRequest, span: TimeRange, now: datetime) -> list[Gap]:
    """Some of the stretches that are missing, of accounts that one may see."""
    scopes = {
        scope.pk: scope
        for scope in TraceScope.objects.visible_to(person(request)).filter(
            is_enabled=True
        )
    }
    ended = min(span.until, now - exporting.SETTLES)
    if not scopes or span.since >= ended:
        return []
    missing = not_collected(scopes.values(), Interval(span.since, ended))
    return [
        Gap(scopes[pk], one.since, one.until)
        for pk, found in missing.items()
        for one in found
    ][:_MOST]
