"""The page of a log group: what it is, how far it was read, who delivers it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from apps.discovery.coverage import Interval, gaps
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import listing
from apps.monitoring.logs.covered import covered
from apps.monitoring.logs.deliverers import kind_of, source_of
from apps.monitoring.logs.inventory import MOST_STREAMS
from apps.monitoring.logs.standing import BEHIND, Standings, polling_of
from apps.monitoring.logs.switching import UNREADABLE, note_looked
from apps.monitoring.models import LogGroup, LogOutage, LogSource, LogStream
from apps.search.explorestate import exact_clause
from apps.search.pickers import carried, pairs, time_picker
from apps.search.timerange import TimeError, TimeRange, parse_range

_STREAMS = 50
_OUTAGES = 20
_STRETCHES = 50
_DEFAULT_SINCE = "now-24h"


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the coverage line, in thousandths of its width."""

    kind: str
    stretch: Interval
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription filter, and the source of ours it delivers to; `kind` is the kind
    that a source would have."""

    name: str
    destination: str
    pattern: str
    source: LogSource | None
    kind: LogSource.Kind | None


def group(request: HttpRequest, group_id: int) -> HttpResponse:
    """One log group. Who looks at it has it polled every few seconds."""
    viewer, now = person(request), timezone.now()
    seen = LogGroup.objects.visible_to(viewer).select_related("poll")
    row = get_object_or_404(seen, pk=group_id)
    note_looked([row], now)
    standings = Standings(viewer, now)
    parameters = dict(request.GET.lists())
    context: dict[str, Any] = {
        "row": listing.rows([row], standings)[0],
        "group": row,
        "poll": getattr(row, "poll", None),
        "now": now,
        "subscriptions": subscriptions(row, standings.sources),
        "links": _links(row, parameters),
        "can_be_read": row.group_class not in UNREADABLE,
        "rights": {
            "operator": viewer.rights.may_everywhere(Role.OPERATOR),
            "admin": viewer.rights.may_everywhere(Role.ADMIN),
        },
        "problem": None,
        **_streams(request, row),
    }
    span = None
    try:
        span = _span(request, now)
        context |= _coverage(row, span, now)
    except TimeError as error:
        context["problem"] = str(error)
    context["time"] = time_picker(parameters, span)
    return render(request, "monitoring/log_group.html", context)


def _span(request: HttpRequest, now: datetime) -> TimeRange:
    """Raises TimeError."""
    return parse_range(
        request.GET.get("since") or _DEFAULT_SINCE,
        request.GET.get("until") or "now",
        now,
    )


def subscriptions(row: LogGroup, sources: list[LogSource]) -> list[Subscription]:
    return [
        Subscription(
            one["name"],
            one["destination"],
            one["pattern"],
            source_of(one["destination"], sources),
            kind_of(one["destination"]),
        )
        for one in row.subscriptions or ()
    ]


def _links(row: LogGroup, parameters: dict[str, list[str]]) -> dict[str, str]:
    """Pages about the lines of this group, in the same time."""
    time = [one for one in carried(parameters) if one[0] in ("since", "until")]
    place = [("account", row.account), ("region", row.region), *time]
    clause = [("f", exact_clause(LOGS, "@logGroup", row.name))]
    newest = "fields @timestamp, @message | sort @timestamp desc | limit 100"
    query = [("groups", row.name), ("query", newest)]
    return {
        "explore": f"{reverse('explore', args=['logs'])}?{urlencode(clause + place)}",
        "patterns": f"{reverse('log-patterns')}?{urlencode(clause + place)}",
        "query": f"{reverse('log-query')}?{urlencode(query + place)}",
    }


def streams_of(row: LogGroup, prefix: str) -> Any:
    """The streams of a group whose names begin so, newest events first."""
    rows = LogStream.objects.filter(group=row)
    return rows.filter(name__startswith=prefix) if prefix else rows


def _streams(request: HttpRequest, row: LogGroup) -> dict[str, Any]:
    prefix = request.GET.get("stream", "")[:512].replace("\0", "")
    page = Paginator(streams_of(row, prefix), _STREAMS).get_page(
        request.GET.get("page")
    )
    parameters = dict(request.GET.lists())
    return {
        "streams": page,
        "prefix": prefix,
        "most_streams": MOST_STREAMS,
        "stream_hidden": pairs(parameters, without=("stream", "page")),
        "other_page": urlencode(pairs(parameters, without=("page",))),
    }


def _coverage(row: LogGroup, span: TimeRange, now: datetime) -> dict[str, Any]:
    asked = Interval(span.since, min(span.until, now))
    read = [_within(one, asked) for one in covered(row)]
    outages = LogOutage.objects.filter(group=row, since__lt=span.until)
    late = [
        _within(Interval(one.since, one.until or now), asked)
        for one in outages.exclude(until__lt=span.since)
    ]
    drawn = [*_bars("read", read, span), *_bars("outage", late, span)]
    missing = gaps(read, asked) if asked.since < asked.until else []
    settling = _settling(missing, row, now)
    return {
        "range": span,
        "bars": drawn,
        "read": [one for one in read if one.since < one.until],
        "missing": [one for one in missing if one != settling][:_STRETCHES],
        "settling": settling,
        "outages": outages[:_OUTAGES],
    }


def _settling(
    missing: Sequence[Interval], row: LogGroup, now: datetime
) -> Interval | None:
    """The newest minutes, which are always read once more before they count."""
    edge = missing[-1] if missing and polling_of(row) else None
    is_new = edge is not None and edge.until == now and now - edge.since < BEHIND
    return edge if is_new else None


def _within(one: Interval, asked: Interval) -> Interval:
    """The part inside; empty where there is none."""
    return Interval(max(one.since, asked.since), min(one.until, asked.until))


def _bars(kind: str, found: Iterable[Interval], span: TimeRange) -> Iterable[Bar]:
    def place(moment: datetime) -> int:
        return round(1_000 * ((moment - span.since) / span.length))

    for one in found:
        if one.since < one.until:
            x = place(one.since)
            yield Bar(kind, one, x, max(1, place(one.until) - x))
