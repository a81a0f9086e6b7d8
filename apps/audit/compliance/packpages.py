"""Pages of packs: all of them, one, and importing another."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.compliance import packrows
from apps.audit.compliance.packs import PackInvalid, PackRecord, read_pack
from apps.audit.compliance.yamltext import MOST_LETTERS
from apps.audit.models import Pack, Violation
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role


class PackForm(forms.Form):
    """A pack's text, pasted or from a file."""

    title = forms.CharField(max_length=200, label="Name")
    file = forms.FileField(required=False, label="Template, a YAML file")
    text = forms.CharField(
        required=False,
        max_length=MOST_LETTERS,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": False}),
    )
    record: PackRecord

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None:
            if file.size > MOST_LETTERS:
                raise forms.ValidationError("The file is too large for a pack.")
            cleaned["text"] = file.read().decode("utf-8", "replace")
        if not cleaned.get("text"):
            raise forms.ValidationError("Choose a file or paste its text.")
        try:
            self.record = read_pack(str(cleaned["text"]))
        except PackInvalid as error:
            raise forms.ValidationError(f"It cannot be read. {error}") from None
        return cleaned


def packs(request: HttpRequest) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    rows = Pack.objects.annotate(
        all=Count("rules"), covered=Count("rules", filter=Q(rules__problem=""))
    )
    still = Violation.objects.visible_to(viewer).open(now)
    counted = (
        still.order_by()
        .values_list("rule__in_packs__pack")
        .annotate(Count("pk", distinct=True))
    )
    standing = dict(counted)
    context = {
        "packs": [(row, standing.get(row.pk, 0)) for row in rows],
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "audit/compliance/packs.html", context)


def pack(request: HttpRequest, pack_slug: str) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    row = get_object_or_404(Pack, slug=pack_slug)
    rules = list(row.rules.select_related("rule"))
    still = Violation.objects.visible_to(viewer).open(now)
    standing = dict(still.order_by().values_list("rule").annotate(Count("pk")))
    covered = sum(not one.problem for one in rules)
    context = {
        "pack": row,
        "rules": [(one, standing.get(one.rule_id, 0)) for one in rules],
        "covered": covered,
        "share": 100 * covered / len(rules) if rules else 0,
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
    }
    return render(request, "audit/compliance/pack.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_pack(request: HttpRequest) -> HttpResponse:
    form = PackForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        row = packrows.import_pack(
            form.cleaned_data["title"],
            form.cleaned_data["text"],
            form.record,
            person(request),
            timezone.now(),
        )
        covered, every = form.record.covered, len(form.record.rules)
        messages.success(
            request, f"{covered} of {every} rules are evaluated here and are on now."
        )
        return redirect("pack", row.slug)
    return render(request, "audit/compliance/new_pack.html", {"form": form})


@everywhere(Role.ADMIN)
@require_POST
def delete_pack(request: HttpRequest, pack_slug: str) -> HttpResponse:
    """The pack goes; its rules stay as they are."""
    get_object_or_404(Pack, slug=pack_slug).delete()
    messages.success(request, "The pack is gone. Its rules stay as they were.")
    return redirect("packs")
