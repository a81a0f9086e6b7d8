"""Pages about CloudWatch alarms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.discovery.accounts import Viewer, visible_to
from apps.discovery.permissions import person
from apps.monitoring.alarms import evaluating
from apps.monitoring.alarms.blindness import Blind, blind_spots
from apps.monitoring.alarms.timeline import StateChange, Stretch, stretches
from apps.monitoring.alarms.watched import NotShown
from apps.monitoring.alarms.wording import condition
from apps.monitoring.charts.pages import note_looked
from apps.monitoring.models import AlarmChange, AlarmScope, CloudWatchAlarm
from apps.search.explorestate import ExploreState
from apps.search.pickers import pairs, scope_picker, time_picker
from apps.search.timerange import TimeError, TimeRange, parse_range

State = CloudWatchAlarm.State
_A_PAGE = 100
_CHANGES = 200
_DEFAULT_SINCE = "now-24h"


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm in a list."""

    row: CloudWatchAlarm
    condition: str
    blind: tuple[Blind, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the timeline, in thousandths of its width."""

    stretch: Stretch
    x: int
    width: int


def alarms(request: HttpRequest) -> HttpResponse:
    """Every alarm one may see, those in alarm first."""
    shown = chosen(request)
    counts = dict(shown.values_list("state").annotate(Count("pk")).order_by())
    state = request.GET.get("state", "")
    if state in State.values:
        shown = shown.filter(state=state)
    now = timezone.now()
    page = Paginator(shown, _A_PAGE).get_page(request.GET.get("page"))
    visible = visible_to(person(request))
    parameters = dict(request.GET.lists())
    context = {
        "alarms": [_shown(row, now) for row in page],
        "page": page,
        "q": request.GET.get("q", ""),
        "state": state,
        "states": [
            (value, label, counts.get(value, 0)) for value, label in State.choices
        ],
        "all": sum(counts.values()),
        "scope": scope_picker(parameters),
        "query_hidden": pairs(parameters, without=("q", "page")),
        "other_state": urlencode(pairs(parameters, without=("state", "page"))),
        "other_page": urlencode(pairs(parameters, without=("page",))),
        "problems": AlarmScope.objects.filter(account__in=visible).exclude(problem=""),
        "has_connected": visible.filter(is_connected=True).exists(),
        "has_read": AlarmScope.objects.filter(account__in=visible)
        .exclude(succeeded_at=None)
        .exists(),
    }
    return render(request, "monitoring/alarms.html", context)


def chosen(request: HttpRequest) -> QuerySet[CloudWatchAlarm]:
    """The alarms that the account, region and text of a URL leave, worst first."""
    state = ExploreState.read(dict(request.GET.lists()))
    shown = CloudWatchAlarm.objects.visible_to(person(request)).filter(gone_at=None)
    if state.accounts:
        shown = shown.filter(account__in=state.accounts)
    if state.regions:
        shown = shown.filter(region__in=state.regions)
    if state.q:
        shown = shown.filter(
            Q(name__icontains=state.q) | Q(settings__icontains=state.q)
        )
    worst = Case(
        *(When(state=value, then=Value(at)) for at, value in enumerate(State.values)),
        default=Value(len(State.values)),
        output_field=IntegerField(),
    )
    return shown.order_by(worst, "-since", "name")


def in_alarm(viewer: Viewer) -> int:
    """How many alarms that a person may see are in alarm now."""
    seen = CloudWatchAlarm.objects.visible_to(viewer)
    return seen.filter(gone_at=None, state=State.ALARM).count()


def _shown(row: CloudWatchAlarm, now: datetime) -> Shown:
    return Shown(row, condition(row.kind, row.settings), blind_spots(row.record, now))


def alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """One alarm: since when, why, what it is blind to, and what happened to it."""
    seen = CloudWatchAlarm.objects.visible_to(person(request))
    row = get_object_or_404(seen, pk=alarm_id)
    now = timezone.now()
    parameters = dict(request.GET.lists())
    context: dict[str, Any] = {
        "alarm": _shown(row, now),
        "now": now,
        "actions": actions_of(row),
        "problem": None,
    }
    range_ = None
    try:
        range_ = parse_range(
            request.GET.get("since") or _DEFAULT_SINCE,
            request.GET.get("until") or "now",
            now,
        )
        context |= _happened(row, range_)
        context |= _judged(request, row, range_, now)
    except TimeError as error:
        context["problem"] = str(error)
    context["time"] = time_picker(parameters, range_)
    return render(request, "monitoring/alarm.html", context)


def _judged(
    request: HttpRequest, row: CloudWatchAlarm, range_: TimeRange, now: datetime
) -> dict[str, Any]:
    """The chart of what it watches, and what it makes of the newest points; or why
    either is not to be had."""
    viewer = person(request)
    try:
        panel = evaluating.drawn(row, range_, viewer, now)
    except NotShown as reason:
        return {"not_shown": str(reason)}
    note_looked(panel.computed, f"user:{viewer.get_username()}", now)
    try:
        return {"panel": panel, "evaluated": evaluating.evaluate(row, viewer, now)}
    except NotShown as reason:
        return {"panel": panel, "not_shown": str(reason)}


def history_of(row: CloudWatchAlarm) -> QuerySet[AlarmChange]:
    """What is known to have happened to an alarm, newest first."""
    return AlarmChange.objects.filter(
        account=row.account, region=row.region, name=row.name
    )


def actions_of(row: CloudWatchAlarm) -> list[tuple[str, list[str]]]:
    """What an alarm calls, by the state that makes it."""
    named = (
        ("In alarm", "AlarmActions"),
        ("OK", "OKActions"),
        ("Insufficient data", "InsufficientDataActions"),
    )
    return [(label, row.settings.get(name) or []) for label, name in named]


def _happened(row: CloudWatchAlarm, range_: TimeRange) -> dict[str, Any]:
    history = history_of(row)
    within = history.filter(at__gte=range_.since, at__lt=range_.until)
    return {
        "changes": within[:_CHANGES],
        "count": within.count(),
        "bars": _bars(_stretches(row, range_), range_),
        "range": range_,
    }


def _stretches(row: CloudWatchAlarm, range_: TimeRange) -> tuple[Stretch, ...]:
    """The changes within the range, and the one before it."""
    states = history_of(row).filter(type="StateUpdate").exclude(became="")
    before = states.filter(at__lt=range_.since)[:1]
    within = states.filter(at__gte=range_.since, at__lt=range_.until)
    changes = [
        StateChange(one.at, one.was, one.became)
        for one in (*before, *within.order_by("at", "id"))
    ]
    return stretches(changes, row.state, row.since, range_)


def _bars(found: tuple[Stretch, ...], range_: TimeRange) -> list[Bar]:
    def place(moment: datetime) -> int:
        return round(1_000 * ((moment - range_.since) / range_.length))

    return [
        Bar(one, place(one.since), max(1, place(one.until) - place(one.since)))
        for one in found
    ]
