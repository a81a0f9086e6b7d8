"""Pages of violations: all of them, and one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.audit.compliance import figures, listing
from apps.audit.compliance.excerpts import excerpt
from apps.audit.compliance.listing import Choice, chosen
from apps.audit.compliance.repairs import links_of
from apps.audit.compliance.standing import gaps
from apps.audit.models import Evaluation, Finding, Violation
from apps.discovery.models import Resource
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.search.pickers import pairs, scope_picker

_A_PAGE = 100
_OTHERS = 50
_STATES = (
    (listing.OPEN, "Open"),
    (listing.EXEMPT, "Exempt"),
    (listing.RESOLVED, "Resolved"),
)


def violations(request: HttpRequest) -> HttpResponse:
    """Violations that one may see, the worst first."""
    parameters, now = dict(request.GET.lists()), timezone.now()
    choice, viewer = Choice.read(parameters), person(request)
    shown = chosen(choice, viewer, now).select_related("rule", "resource", "exemption")
    page = Paginator(shown, _A_PAGE).get_page(request.GET.get("page"))
    every = listing.narrowed(choice, viewer)
    counts = {
        state: listing.in_state(every, state, now).count() for state, _ in _STATES
    }
    context = {
        "page": page,
        "choice": choice,
        "states": [(state, label, counts[state]) for state, label in _STATES],
        "severities": figures.by_severity(listing.in_state(every, choice.state, now)),
        "scope": scope_picker(parameters),
        "query_hidden": pairs(parameters, without=("q", "page")),
        "other_state": urlencode(pairs(parameters, without=("state", "page"))),
        "other_severity": urlencode(pairs(parameters, without=("severity", "page"))),
        "other_page": urlencode(pairs(parameters, without=("page",))),
        "narrowed": _narrowed(parameters),
        "same": urlencode(pairs(parameters, without=("page",))),
    }
    return render(request, "audit/compliance/violations.html", context)


def _narrowed(parameters: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """What narrows the list beside state, text and scope, and the URL without it."""
    found: list[tuple[str, str, str]] = []
    for name in ("rule", "owner", "service", "type", "pack", "resource"):
        if name in parameters:
            rest = urlencode(pairs(parameters, without=(name, "page")))
            found.append((name, ", ".join(parameters[name])[:120] or "none", rest))
    return found


def violation(request: HttpRequest, violation_id: int) -> HttpResponse:
    """One violation: what is wrong, where, since when, and what can be done."""
    viewer, now = person(request), timezone.now()
    seen = Violation.objects.visible_to(viewer)
    row = get_object_or_404(
        seen.select_related("rule", "resource", "exemption"), pk=violation_id
    )
    context: dict[str, Any] = {
        "violation": row,
        "now": now,
        "is_exempt": bool(row.exemption and row.exemption.expires_at > now),
        "excerpt": excerpt(row.resource, row.path),
        "gap": gaps().of(row.resource),
        "evaluation": _evaluation(row),
        "others": _others(row.resource, row),
        "before": seen.filter(rule=row.rule, resource=row.resource)
        .exclude(pk=row.pk)
        .order_by("-opened_at")[:_OTHERS],
        "repairs": links_of(row, viewer),
        "findings": _findings(row),
        "may_exempt": viewer.rights.may_everywhere(Role.OPERATOR),
    }
    return render(request, "audit/compliance/violation.html", context)


def _evaluation(row: Violation) -> Evaluation | None:
    return Evaluation.objects.filter(rule=row.rule, resource=row.resource).first()


def _others(resource: Resource, row: Violation) -> list[Violation]:
    """What else is wrong with the resource."""
    rows = Violation.objects.filter(resource=resource, resolved_at=None)
    return list(rows.exclude(pk=row.pk).select_related("rule")[:_OTHERS])


def _findings(row: Violation) -> list[Finding]:
    """What Security Hub says of the resource."""
    resource = row.resource
    names = [one for one in (resource.arn, resource.resource_id) if one]
    rows = Finding.objects.filter(account=row.account, resource__in=names)
    return list(rows[:_OTHERS])
