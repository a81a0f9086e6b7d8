"""Pages about rules and the past: trying one on it, and why it did what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.permissions import person
from apps.monitoring.incidents import history
from apps.monitoring.incidents.asking import said, unit_of
from apps.monitoring.incidents.backtesting import (
    CannotBacktest,
    cancel,
    incidents_of,
    stride_of,
)
from apps.monitoring.incidents.backtesting import (
    request as request_backtest,
)
from apps.monitoring.incidents.drawing import MOST_LINES, Line, Stretch, figure
from apps.monitoring.incidents.lists import backtests_of
from apps.monitoring.incidents.rulepages import changed_rule, seen_rule
from apps.monitoring.incidents.wording import condition_said
from apps.monitoring.models import AlertRule, Backtest
from apps.search.pickers import pairs, time_picker
from apps.search.timerange import TimeError, TimeRange, parse_range

_ROWS, _DEFAULT_SINCE = 500, "now-3h"
_SPANS = (("now-24h", "the last 24 hours"), ("now-7d", "the last 7 days"))
State = Backtest.State


def alert_rule_why(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Every evaluation in a time, with what was seen and why it came out so."""
    rule = seen_rule(request, rule_id)
    parameters = dict(request.GET.lists())
    key = request.GET.get("key") or None
    context: dict[str, Any] = {"rule": rule, "key": key or "", "problem": ""}
    span = None
    try:
        span = parse_range(
            request.GET.get("since") or _DEFAULT_SINCE,
            request.GET.get("until") or "now",
            timezone.now(),
        )
        context |= _explained(rule, span, key)
    except TimeError as error:
        context["problem"] = str(error)
    states = rule.states.values_list("key", "text")[:500]
    context["keys"] = [(one, text or one) for one, text in states if one]
    context["hidden"] = pairs(parameters, without=("key",))
    shown = {"since": [_DEFAULT_SINCE]} | parameters
    context["time"] = time_picker(shown, span)
    return render(request, "monitoring/alert_rule_why.html", context)


def _explained(rule: AlertRule, span: TimeRange, key: str | None) -> dict[str, Any]:
    found = history.evaluations(rule, span, key)
    policies = history.Policies(rule)
    rows = [
        policies.explained(name, one) for name, told in found.items() for one in told
    ]
    rows.sort(key=lambda one: one.at, reverse=True)
    firing = {
        name: history.firing_of(told, rule.period_seconds)
        for name, told in found.items()
    }
    order = sorted(found, key=lambda name: (-len(firing[name]), name))[:MOST_LINES]
    lines = [
        history.line_of(name or rule.name, found[name], rule.period_seconds)
        for name in order
    ]
    unit = unit_of(rule.kind, rule.parameters)
    stretches = [one for name in order for one in firing[name]]
    outages = rule.outages.filter(since__lt=span.until).exclude(until__lt=span.since)
    return {
        "rows": rows[:_ROWS],
        "count": len(rows),
        "figure": figure(lines, rule.threshold, unit, stretches) if lines else None,
        "more": len(found) if len(found) > MOST_LINES else 0,
        "shown": len(order),
        "outages": outages[:5],
    }


@require_http_methods(["GET", "POST"])
def new_backtest(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Ask for one; a worker does it."""
    rule = changed_rule(request, rule_id)
    context: dict[str, Any] = {"rule": rule, "spans": _SPANS, "problem": ""}
    if request.method == "POST":
        now = timezone.now()
        try:
            span = _asked(request, now)
            made = request_backtest(rule, span, person(request), now)
            return redirect("backtest", made.pk)
        except (TimeError, CannotBacktest) as error:
            context["problem"] = str(error)
    context |= {"since": request.POST.get("since", "now-24h")}
    context |= {"until": request.POST.get("until", "now")}
    return render(request, "monitoring/backtest_new.html", context)


def _asked(request: HttpRequest, now: datetime) -> tuple[datetime, datetime]:
    asked = parse_range(
        request.POST.get("since") or "now-24h", request.POST.get("until") or "now", now
    )
    return asked.since, asked.until


def backtest(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """How far it came, and when the rule would have fired."""
    row = _seen(request, backtest_id)
    rule = AlertRule(**row.spec)
    done = (row.reached or row.since) - row.since
    share = done / (row.until - row.since)
    unit = unit_of(rule.kind, rule.parameters)
    things = sorted(row.result.values(), key=lambda one: -len(one["fired"]))
    context = {
        "row": row,
        "rule": rule,
        "is_over": row.state not in (State.REQUESTED, State.RUNNING),
        "share": round(share * 100),
        "watches": said(rule.kind, rule.parameters),
        "condition": condition_said(rule.policy, unit),
        "fired": sum(len(one["fired"]) for one in things),
        "incidents": incidents_of(things, int(row.until.timestamp())),
        "things": [(one["text"], _times(one, row)) for one in things if one["fired"]][
            :50
        ],
        "watched": len(things),
        "figure": _figure(row, rule, things, unit) if things else None,
    }
    return render(request, "monitoring/backtest.html", context)


def _times(thing: dict[str, Any], row: Backtest) -> list[tuple[datetime, datetime]]:
    zone = row.until.tzinfo
    return [
        (
            datetime.fromtimestamp(since, zone),
            datetime.fromtimestamp(until, zone) if until else row.until,
        )
        for since, until in thing["fired"][:20]
    ]


def _figure(
    row: Backtest, rule: AlertRule, things: list[dict[str, Any]], unit: str
) -> dict[str, Any]:
    step = stride_of(row) * rule.period_seconds
    start, until = int(row.since.timestamp()), int(row.until.timestamp())
    lines = [
        Line(one["text"], start, step, tuple(one["values"]))
        for one in things[:MOST_LINES]
    ]
    firing = [
        Stretch(since, ended or until)
        for one in things[:MOST_LINES]
        for since, ended in one["fired"]
    ]
    return figure(lines, rule.threshold, unit, firing)


@require_POST
def cancel_backtest(request: HttpRequest, backtest_id: int) -> HttpResponse:
    row = _seen(request, backtest_id)
    cancel(row, timezone.now())
    return redirect("backtest", row.pk)


def _seen(request: HttpRequest, backtest_id: int) -> Backtest:
    return get_object_or_404(backtests_of(person(request)), pk=backtest_id)
