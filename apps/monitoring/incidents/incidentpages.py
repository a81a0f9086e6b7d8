"""Pages about incidents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.incidents import history, opening
from apps.monitoring.incidents.asking import said, unit_of
from apps.monitoring.incidents.drawing import Line, Stretch, figure
from apps.monitoring.incidents.lists import Filters, chosen, counts, rules_of
from apps.monitoring.incidents.opening import ActionRefused
from apps.monitoring.incidents.previewing import value_of
from apps.monitoring.incidents.storyline import links_of, story
from apps.monitoring.incidents.tellings import quiet
from apps.monitoring.incidents.wording import condition_said
from apps.monitoring.models import Incident
from apps.monitoring.models.incidents import SEVERITIES
from apps.search.pickers import pairs
from apps.search.timerange import TimeRange

_A_PAGE = 100
_AROUND = timedelta(minutes=45)
_LONGEST = timedelta(hours=24)
_EARLIER = 10
_STATES = (
    ("open", "Open"),
    ("acknowledged", "Acknowledged"),
    ("mine", "Mine"),
    ("resolved", "Resolved"),
    ("all", "All"),
)


def incidents(request: HttpRequest) -> HttpResponse:
    """Every incident one may see: what is open, the gravest first."""
    viewer = person(request)
    filters = Filters.of(request.GET)
    found = counts(viewer, filters)
    page = Paginator(chosen(viewer, filters), _A_PAGE).get_page(request.GET.get("page"))
    parameters = dict(request.GET.lists())
    context = {
        "page": page,
        "filters": filters,
        "states": [(name, label, found[name]) for name, label in _STATES],
        "severities": SEVERITIES,
        "rules": rules_of(viewer),
        "accounts": sorted(
            set(Incident.objects.visible_to(viewer).values_list("account", flat=True))
            - {""}
        ),
        "other_state": urlencode(pairs(parameters, without=("state", "page"))),
        "other_page": urlencode(pairs(parameters, without=("page",))),
        "has_any": bool(found["all"]),
        "has_rules": rules_of(viewer).filter(is_enabled=True).exists(),
        "now": timezone.now(),
    }
    return render(request, "monitoring/incidents.html", context)


def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: what it is, its value against the threshold, what happened."""
    return _page(request, _seen(request, incident_id))


def _seen(request: HttpRequest, incident_id: int) -> Incident:
    rows = Incident.objects.visible_to(person(request))
    return get_object_or_404(
        rows.select_related("rule", "acknowledged_by"), pk=incident_id
    )


def _page(request: HttpRequest, row: Incident, problem: str = "") -> HttpResponse:
    now = timezone.now()
    rule = row.rule
    earlier = Incident.objects.filter(account=row.account, key=row.key)
    context = {
        "incident": row,
        "problem": problem,
        "rule": rule,
        "watches": said(rule.kind, rule.parameters),
        "condition": condition_said(rule.policy, unit_of(rule.kind, rule.parameters)),
        "sees_rule": rule.deleted_at is None and _sees_rule(request, row),
        "members": row.members.filter(is_firing=True)[:50],
        "events": story(row, person(request)),
        "links": links_of(row, span_of(row, now)),
        "earlier": earlier.exclude(pk=row.pk).order_by("-opened_at")[:_EARLIER],
        "quiet": quiet(row, person(request), now),
        "may_act": person(request).rights.may(Role.OPERATOR, row.account),
        "now": now,
        **_drawn(row, now),
    }
    return render(request, "monitoring/incident.html", context)


def _sees_rule(request: HttpRequest, row: Incident) -> bool:
    return rules_of(person(request)).filter(pk=row.rule_id).exists()


def span_of(row: Incident, now: datetime) -> TimeRange:
    """The time around an incident that charts and links look at: of a long one, how
    it began."""
    since = row.opened_at - _AROUND
    until = min(now, (row.resolved_at or now) + _AROUND)
    return TimeRange(since, min(max(until, since + _AROUND), since + _LONGEST))


def _drawn(row: Incident, now: datetime) -> dict[str, Any]:
    """What opened it against the threshold, and what was decided of it."""
    span = span_of(row, now)
    found = history.evaluations(row.rule, span, row.reading_key)
    told = found.get(row.reading_key, [])
    policies = history.Policies(row.rule)
    explained = [policies.explained(row.reading_key, one) for one in told]
    rule, seen = row.rule, _seen_since(row, span, now)
    lines = [seen] if seen else []
    if told and not lines:
        lines = [history.line_of(row.title, told, rule.period_seconds)]
    until = row.resolved_at or now
    fired = Stretch(int(row.opened_at.timestamp()), int(until.timestamp()))
    unit = unit_of(rule.kind, rule.parameters)
    drawn = figure(lines, rule.threshold, unit, [fired]) if lines else None
    return {"figure": drawn, "explained": explained[::-1][:100]}


def _seen_since(row: Incident, span: TimeRange, now: datetime) -> Line | None:
    """Its value as the store has it now; None where it cannot be had."""
    rule = row.rule
    if rule.deleted_at is not None or rule.revision < row.rule_revision:
        return None
    return value_of(rule, row.reading_key, (span.since, span.until), now)


@require_POST
def acknowledge_incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    row = _acted_on(request, incident_id)
    note = request.POST.get("note", "").strip()[:2_000]
    try:
        opening.acknowledge(row.pk, person(request), note, timezone.now())
    except ActionRefused as refusal:
        return _page(request, _seen(request, incident_id), str(refusal))
    return redirect("incident", row.pk)


@require_POST
def close_incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    row = _acted_on(request, incident_id)
    reason = request.POST.get("reason", "")[:2_000]
    try:
        opening.close(row.pk, person(request), reason, timezone.now())
    except ActionRefused as refusal:
        return _page(request, _seen(request, incident_id), str(refusal))
    return redirect("incident", row.pk)


@require_POST
def comment_on_incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    row = _acted_on(request, incident_id)
    try:
        text = request.POST.get("text", "")
        opening.comment(row.pk, person(request), text, timezone.now())
    except ActionRefused as refusal:
        return _page(request, _seen(request, incident_id), str(refusal))
    return redirect(f"{reverse('incident', args=[row.pk])}#happened")


@require_POST
def acknowledge_incidents(request: HttpRequest) -> HttpResponse:
    """Those that were ticked, as far as one may."""
    viewer = person(request)
    asked = [int(one) for one in request.POST.getlist("incident") if one.isdecimal()]
    rows = Incident.objects.visible_to(viewer).filter(pk__in=asked[:500])
    done = 0
    for row in rows:
        if not viewer.rights.may(Role.OPERATOR, row.account):
            continue
        try:
            note = request.POST.get("note", "").strip()[:2_000]
            opening.acknowledge(row.pk, viewer, note, timezone.now())
        except ActionRefused:
            continue
        done += 1
    left = len(asked) - done
    plural = "" if done == 1 else "s"
    text = f"You look after {done} incident{plural} now."
    if left:
        text += f" {left} could not be taken: resolved, taken already, or not yours."
    messages.success(request, text)
    return redirect(f"{reverse('incidents')}?{request.POST.get('back', '')[:1_000]}")


def _acted_on(request: HttpRequest, incident_id: int) -> Incident:
    row = _seen(request, incident_id)
    if not person(request).rights.may(Role.OPERATOR, row.account):
        raise PermissionDenied("This needs the role operator in its account.")
    return row
