"""Pages of exemptions: made with a reason and an end, reviewed by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.compliance import exemptions
from apps.audit.models import ComplianceRule, Exemption
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role

_MOST_DAYS = 365
_SHOWN = 200


class ExemptionForm(forms.Form):
    """What is borne, why, and for how long."""

    rule = forms.CharField(
        max_length=140,
        required=False,
        help_text="The short name of a rule, as its page's address has it; empty for "
        "any.",
    )
    account = forms.CharField(
        max_length=64, required=False, help_text="Its number; empty for any."
    )
    pattern = forms.CharField(
        max_length=300,
        required=False,
        label="Resource",
        help_text="Its id, name or ARN; * stands for any letters. Empty for any.",
    )
    reason = forms.CharField(max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))
    days = forms.IntegerField(
        min_value=1,
        max_value=_MOST_DAYS,
        initial=30,
        label="For so many days",
        help_text="Then its violations are open again.",
    )

    def clean_rule(self) -> ComplianceRule | None:
        slug = self.cleaned_data["rule"].strip()
        if not slug:
            return None
        found = ComplianceRule.objects.filter(slug=slug).first()
        if found is None:
            raise forms.ValidationError("There is no rule of this name.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (
            cleaned.get("rule") or cleaned["account"] or cleaned["pattern"].strip("*")
        ):
            raise forms.ValidationError(
                "Name a rule, an account or a resource: everything cannot be exempt."
            )
        return cleaned


def list_exemptions(request: HttpRequest) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    rows = Exemption.objects.visible_to(viewer).select_related(
        "rule", "made_by", "reviewed_by"
    )
    held = rows.in_force(now).annotate(bears=Count("violations"))
    context = {
        "held": held[:_SHOWN],
        "over": rows.exclude(pk__in=held.values("pk")).order_by("-expires_at")[:50],
        "now": now,
        "soon": now + timedelta(days=7),
        "may_change": viewer.rights.may_everywhere(Role.OPERATOR),
        "may_review": viewer.rights.may_everywhere(Role.APPROVER),
        "me": viewer.pk,
    }
    return render(request, "audit/compliance/exemptions.html", context)


@everywhere(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def new_exemption(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "") for name in ("rule", "account", "pattern")}
    form = ExemptionForm(request.POST or None, initial={**asked, "days": 30})
    if request.method == "POST" and form.is_valid():
        now, given = timezone.now(), form.cleaned_data
        Exemption.objects.create(
            rule=given["rule"],
            account=given["account"],
            pattern=given["pattern"],
            reason=given["reason"],
            made_by=person(request),
            made_at=now,
            expires_at=now + timedelta(days=given["days"]),
        )
        count = exemptions.apply(now)
        messages.success(request, f"Saved. It bears {count} violations now.")
        return redirect("exemptions")
    return render(request, "audit/compliance/new_exemption.html", {"form": form})


@everywhere(Role.OPERATOR)
@require_POST
def end_exemption(request: HttpRequest, exemption_id: int) -> HttpResponse:
    """What it bore is open again."""
    row = get_object_or_404(Exemption, pk=exemption_id, ended_at=None)
    now = timezone.now()
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    count = exemptions.apply(now)
    messages.success(request, f"It is over. {count} violations are open again.")
    return redirect("exemptions")


@everywhere(Role.APPROVER)
@require_POST
def review_exemption(request: HttpRequest, exemption_id: int) -> HttpResponse:
    """Somebody else than who made it agrees."""
    row = get_object_or_404(Exemption, pk=exemption_id)
    reviewer = person(request)
    if row.made_by_id == reviewer.pk:
        messages.error(request, "Somebody else than who made it must review it.")
    else:
        row.reviewed_by, row.reviewed_at = reviewer, timezone.now()
        row.save(update_fields=["reviewed_by", "reviewed_at"])
        messages.success(request, "Reviewed.")
    return redirect("exemptions")
