"""The editor of rules of conditions, with a trial on real resources."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.compliance.conditions.compiling import ConditionInvalid
from apps.audit.compliance.conditions.definitions import Definition, Outlier, read
from apps.audit.compliance.estates import StoredEstate, item_of
from apps.audit.compliance.verdicts import Verdict
from apps.audit.compliance.violations import SWITCHED_OFF, resolve
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.models import Resource
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role

_TRIED = 200
_TOLD = 20
_CUSTOM = ComplianceRule.Kind.CUSTOM
BEGINNING = """\
title: Security groups have a description of their own
severity: low
resource_types: [AWS::EC2::SecurityGroup]
fails_when:
  path: configuration.description
  op: regex
  value: "^launch-wizard"
message: The group was made by the launch wizard.
examples:
  - says: fail
    resource: {configuration: {description: launch-wizard-1 created 2026-07-01}}
  - says: pass
    resource: {configuration: {description: Web servers}}
"""


@dataclass
class Trial:
    """What a text comes to: what is wrong with it, or what it says of resources."""

    place: str = ""
    problem: str = ""
    outliers: list[Outlier] = field(default_factory=list)
    examples: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    told: list[tuple[Resource, Verdict]] = field(default_factory=list)


def tried(text: str, resources: QuerySet[Resource], wanted: str) -> Trial:
    """Hold a text against stored resources: those whose id, name or ARN is `wanted`,
    or else the newest of its types."""
    try:
        rule = read(text)
    except ConditionInvalid as error:
        return Trial(place=error.place, problem=str(error))
    if rule.resource_types:
        resources = resources.filter(type__in=rule.resource_types)
    if wanted:
        resources = resources.filter(
            Q(resource_id=wanted) | Q(name=wanted) | Q(arn=wanted)
        )
    estate = StoredEstate(timezone.now())
    rows = resources.filter(deleted_at=None).order_by("-captured_at")[:_TRIED]
    told = [(row, rule.judge(item_of(row), estate)) for row in rows]
    counts = Counter(verdict.outcome.value for _, verdict in told)
    order = {"fail": 0, "unknown": 1, "pass": 2}
    told.sort(key=lambda one: order.get(one[1].outcome.value, 3))
    return Trial(
        outliers=rule.outliers(),
        examples=len(rule.examples),
        counts=dict(counts),
        told=told[:_TOLD],
    )


def _visible(request: HttpRequest) -> QuerySet[Resource]:
    visible = person(request).visible_accounts()
    rows = Resource.objects.all()
    return rows if visible is None else rows.filter(account__in=visible)


@everywhere(Role.ADMIN)
@require_POST
def try_rule(request: HttpRequest) -> HttpResponse:
    """A piece of the editor: what the text says, as it stands."""
    text, wanted = request.POST.get("text", ""), request.POST.get("resource", "")
    trial = tried(text, _visible(request), wanted.strip()[:2_048])
    context = {"trial": trial, "wanted": wanted}
    return render(request, "audit/compliance/trial.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    return _edited(request, None)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def edit_rule(request: HttpRequest, rule_slug: str) -> HttpResponse:
    row = get_object_or_404(ComplianceRule, slug=rule_slug, kind=_CUSTOM)
    return _edited(request, row)


def _edited(request: HttpRequest, row: ComplianceRule | None) -> HttpResponse:
    text = request.POST.get("text") or (row.source if row else BEGINNING)
    wants_on = "is_enabled" in request.POST if request.POST else True
    context: dict[str, Any] = {"rule": row, "text": text, "is_on": wants_on}
    if request.method == "POST":
        try:
            saved = save(text, row, is_enabled=wants_on)
        except ConditionInvalid as error:
            context["problem"] = str(error)
        else:
            messages.success(request, _said(saved))
            return redirect("compliance-rule", saved.slug)
    return render(request, "audit/compliance/edit_rule.html", context)


def _said(rule: ComplianceRule) -> str:
    if rule.is_enabled:
        return "Saved. Every resource is judged by it in a moment."
    return "Saved. It is off."


def save(text: str, row: ComplianceRule | None, *, is_enabled: bool) -> ComplianceRule:
    """Keep a rule of conditions. Raises ConditionInvalid, also where it is to be on
    and an example does not come out as it says."""
    rule = read(text)
    outliers = rule.outliers()
    if is_enabled and outliers:
        first = outliers[0]
        raise ConditionInvalid(
            f"examples[{first.number - 1}]",
            f"says {first.expected.value}, but the rule says "
            f"{first.verdict.outcome.value}: {first.verdict.reason} It can be kept "
            "switched off.",
        )
    row = row or ComplianceRule(slug=_free_slug(rule.title), kind=_CUSTOM)
    now = timezone.now()
    _filled(row, rule, text)
    row.is_enabled, row.requested_at = is_enabled, now
    row.save()
    if not is_enabled:
        resolve(Violation.objects.filter(rule=row), SWITCHED_OFF, now)
        row.evaluations.all().delete()
    return row


def _filled(row: ComplianceRule, rule: Definition, text: str) -> None:
    row.title, row.description = rule.title, rule.description
    row.severity = rule.severity
    row.resource_types = list(rule.resource_types)
    row.conditions = dict(rule.written)
    row.examples = list(rule.written.get("examples", []))
    row.source = text


def _free_slug(title: str) -> str:
    base = slugify(title)[:100] or "rule"
    if base in ("new", "try"):
        base = f"{base}-rule"
    slug, number = base, 2
    while ComplianceRule.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug
