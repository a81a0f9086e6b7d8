"""The overview: how the accounts comply, and how that changes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.audit.compliance import figures, listing
from apps.audit.compliance.figures import Day
from apps.audit.compliance.listing import Choice
from apps.audit.compliance.verdicts import Outcome
from apps.audit.models import ComplianceRule, Evaluation, Sweep
from apps.discovery.models import ConfigGap, Resource
from apps.discovery.permissions import person
from apps.search.pickers import scope_picker

_DAYS = 30
_TOP = 8
_NEWEST = 8


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the trend, in units of a drawing that is 1,000 wide and 120 high."""

    day: Day
    x: float
    width: float
    y: float
    height: float


def overview(request: HttpRequest) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    parameters = dict(request.GET.lists())
    every = listing.narrowed(Choice.read(parameters), viewer)
    still = listing.in_state(every, listing.OPEN, now)
    visible = viewer.visible_accounts()
    said = Evaluation.objects.filter(rule__is_enabled=True)
    gaps = ConfigGap.objects.filter(until=None)
    resources = Resource.objects.filter(deleted_at=None)
    if visible is not None:
        said = said.filter(resource__account__in=visible)
        gaps = gaps.filter(account__in=visible)
        resources = resources.filter(account__in=visible)
    counts = dict(said.values_list("outcome").annotate(Count("pk")).order_by())
    days = figures.trend(every, now, _DAYS)
    context = {
        "scope": scope_picker(parameters),
        "open": still.count(),
        "exempt": listing.in_state(every, listing.EXEMPT, now).count(),
        "severities": figures.by_severity(still),
        "accounts": figures.by_account(still)[:_TOP],
        "services": figures.by_service(still)[:_TOP],
        "packs": figures.by_pack(still)[:_TOP],
        "owners": figures.by_owner(still)[:_TOP],
        "rules": figures.by_rule(still)[:_TOP],
        "newest": still.select_related("rule", "resource").order_by("-opened_at")[
            :_NEWEST
        ],
        "days": days,
        "columns": _columns(days),
        "most": max((one.open for one in days), default=0),
        "fixed": figures.time_to_fix(every, now, _DAYS),
        "passing": counts.get(Outcome.PASS, 0),
        "failing": counts.get(Outcome.FAIL, 0),
        "unknown": counts.get(Outcome.UNKNOWN, 0),
        "resources": resources.count(),
        "rules_on": ComplianceRule.objects.visible_to(viewer)
        .filter(is_enabled=True)
        .count(),
        "gaps": gaps[:20],
        "sweep": Sweep.objects.filter(pk=1).first(),
    }
    return render(request, "audit/compliance/overview.html", context)


def _columns(days: list[Day]) -> list[Column]:
    most = max((one.open for one in days), default=0) or 1
    step = 1_000 / len(days)
    return [
        Column(one, at * step + 1, step - 2, 120 - 116 * one.open / most - 1,
               116 * one.open / most + 1)
        for at, one in enumerate(days)
    ]  # fmt: skip
