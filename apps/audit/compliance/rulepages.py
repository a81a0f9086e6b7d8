"""Pages of rules: all of them, one, and what may be changed about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit.compliance import parameters
from apps.audit.compliance.listing import SEVERITIES
from apps.audit.compliance.managed.base import Managed
from apps.audit.compliance.managed.catalog import BY_IDENTIFIER
from apps.audit.compliance.verdicts import Outcome
from apps.audit.compliance.violations import SWITCHED_OFF, resolve
from apps.audit.models import ComplianceRule, Evaluation, Violation
from apps.discovery.models import User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role

_A_PAGE = 100
_MOST_LETTERS = 2_000
_SHOWN = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


def rules(request: HttpRequest) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    shown = ComplianceRule.objects.visible_to(viewer)
    kind, q = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:200]
    counts = dict(shown.order_by().values_list("kind").annotate(Count("pk")))
    if kind in ComplianceRule.Kind.values:
        shown = shown.filter(kind=kind)
    if q:
        shown = shown.filter(
            Q(title__icontains=q)
            | Q(identifier__icontains=q)
            | Q(resource_types__icontains=q)
        )
    page = Paginator(shown.order_by("-is_enabled", "slug"), _A_PAGE).get_page(
        request.GET.get("page")
    )
    said = _said(viewer, [one.pk for one in page])
    still = Violation.objects.visible_to(viewer).open(now)
    standing = dict(still.order_by().values_list("rule").annotate(Count("pk")))
    context = {
        "page": page,
        "rules": [(one, said.get(one.pk, {}), standing.get(one.pk, 0)) for one in page],
        "kinds": [
            (value, label, counts.get(value, 0))
            for value, label in ComplianceRule.Kind.choices
        ],
        "kind": kind,
        "q": q,
        "all": sum(counts.values()),
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "audit/compliance/rules.html", context)


def _said(viewer: User, rules: list[int]) -> dict[int, dict[str, int]]:
    """How many resources each rule says what of."""
    rows = _seen(viewer).filter(rule__in=rules)
    counted = rows.order_by().values_list("rule", "outcome").annotate(Count("pk"))
    found: dict[int, dict[str, int]] = {}
    for rule, outcome, count in counted:
        found.setdefault(rule, {})[outcome] = count
    return found


def _seen(viewer: User) -> QuerySet[Evaluation]:
    visible = viewer.visible_accounts()
    rows = Evaluation.objects.all()
    return rows if visible is None else rows.filter(resource__account__in=visible)


def rule(request: HttpRequest, rule_slug: str) -> HttpResponse:
    """One rule: what it asks, and what it says of every resource."""
    viewer, now = person(request), timezone.now()
    seen = ComplianceRule.objects.visible_to(viewer)
    row = get_object_or_404(seen, slug=rule_slug)
    outcome = request.GET.get("outcome", "")
    said = _seen(viewer).filter(rule=row)
    counts = _said(viewer, [row.pk]).get(row.pk, {})
    if outcome in _SHOWN:
        said = said.filter(outcome=outcome)
    page = Paginator(
        said.select_related("resource").order_by("outcome", "-since", "pk"), _A_PAGE
    ).get_page(request.GET.get("page"))
    managed = BY_IDENTIFIER.get(row.identifier)
    context: dict[str, Any] = {
        "rule": row,
        "managed": managed,
        "form": _form(row, managed),
        "page": page,
        "outcome": outcome,
        "outcomes": [(one, counts.get(one, 0)) for one in _SHOWN],
        "all": sum(counts.values()),
        "open": Violation.objects.visible_to(viewer).open(now).filter(rule=row).count(),
        "packs": row.in_packs.select_related("pack"),
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "audit/compliance/rule.html", context)


class RuleForm(forms.Form):
    """What an admin may change about a managed rule. Each parameter is a field."""

    severity = forms.ChoiceField(
        choices=[(one.value, one.title()) for one in SEVERITIES]
    )
    is_enabled = forms.BooleanField(required=False, label="Evaluate this rule")

    def __init__(self, managed: Managed | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._managed = managed
        for one in managed.parameters if managed else ():
            hint = f"{one.form.value.capitalize()}."
            if one.default:
                hint += f" AWS's default: {one.default}."
            self.fields[f"p_{one.name}"] = forms.CharField(
                label=one.name,
                required=False,
                max_length=_MOST_LETTERS,
                help_text=hint,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self._managed is not None:
            try:
                parameters.check(self._managed.parameters, self.given(cleaned))
            except parameters.ParameterInvalid as wrong:
                if cleaned.get("is_enabled"):
                    self.add_error(f"p_{wrong.name}", str(wrong))
        return cleaned

    @staticmethod
    def given(cleaned: dict[str, Any]) -> dict[str, str]:
        return {
            name.removeprefix("p_"): value
            for name, value in cleaned.items()
            if name.startswith("p_") and value
        }


def _form(
    row: ComplianceRule, managed: Managed | None, data: Any = None
) -> RuleForm | None:
    if row.kind != ComplianceRule.Kind.MANAGED:
        return None
    initial = {"severity": row.severity, "is_enabled": row.is_enabled}
    initial |= {f"p_{name}": value for name, value in row.parameters.items()}
    return RuleForm(managed, data, initial=initial)


@everywhere(Role.ADMIN)
@require_POST
def change_rule(request: HttpRequest, rule_slug: str) -> HttpResponse:
    """Switch a rule on or off, and set its severity and parameters."""
    row = get_object_or_404(
        ComplianceRule, slug=rule_slug, kind=ComplianceRule.Kind.MANAGED
    )
    form = _form(row, BY_IDENTIFIER.get(row.identifier), request.POST)
    if form is None or not form.is_valid():
        problems = form.errors.as_text() if form else ""
        messages.error(request, f"Nothing was changed. {problems}")
        return redirect("compliance-rule", rule_slug)
    now = timezone.now()
    row.severity = form.cleaned_data["severity"]
    row.is_enabled = form.cleaned_data["is_enabled"]
    row.parameters = form.given(form.cleaned_data)
    row.requested_at = now
    row.save()
    if not row.is_enabled:
        resolve(Violation.objects.filter(rule=row), SWITCHED_OFF, now)
        row.evaluations.all().delete()
        messages.success(request, f"{row.title} is off; its violations are closed.")
    else:
        messages.success(request, "Saved. Every resource is judged anew in a moment.")
    return redirect("compliance-rule", rule_slug)
