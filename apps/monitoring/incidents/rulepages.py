"""Pages about alert rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.alerthooks import Described
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.incidents import forms, rules
from apps.monitoring.incidents.asking import conditions, said, unit_of
from apps.monitoring.incidents.lists import rules_of
from apps.monitoring.incidents.previewing import preview
from apps.monitoring.incidents.starters import STARTERS, starter_named
from apps.monitoring.incidents.wording import condition_said
from apps.monitoring.models import AlertRule

_INCIDENTS, _STATES, _VERSIONS = 20, 100, 20


def alert_rules(request: HttpRequest) -> HttpResponse:
    """Every rule one may see."""
    viewer = person(request)
    context = {
        "rules": [
            (row, said(row.kind, row.parameters), _condition(row))
            for row in rules_of(viewer)
        ],
        "may_add": _may_somewhere(request),
    }
    return render(request, "monitoring/alert_rules.html", context)


def _condition(row: AlertRule) -> str:
    return condition_said(row.policy, unit_of(row.kind, row.parameters))


def _may_somewhere(request: HttpRequest) -> bool:
    accounts = person(request).rights.accounts(Role.OPERATOR)
    return accounts is None or bool(accounts)


def new_alert_rule(request: HttpRequest) -> HttpResponse:
    """What can be watched, and rules to begin with."""
    if not _may_somewhere(request):
        raise PermissionDenied("This needs the role operator in some account.")
    context = {
        "kinds": [
            (one.kind, one.title, one.about if isinstance(one, Described) else "")
            for one in conditions().values()
        ],
        "starters": [one for one in STARTERS if one.kind in conditions()],
    }
    return render(request, "monitoring/alert_rule_choose.html", context)


@require_http_methods(["GET", "POST"])
def new_alert_rule_of(request: HttpRequest, rule_kind: str) -> HttpResponse:
    if rule_kind not in conditions():
        raise Http404(f"There are rules of the kinds {', '.join(conditions())}.")
    if not _may_somewhere(request):
        raise PermissionDenied("This needs the role operator in some account.")
    viewer = person(request)
    if request.method == "POST":
        form = forms.RuleForm(rule_kind, viewer, request.POST)
        if form.is_valid():
            is_enabled = "enable" in request.POST
            now = timezone.now()
            made = rules.create(form.spec, viewer, now, is_enabled=is_enabled)
            messages.success(request, _made(made))
            return redirect("alert-rule", made.pk)
    else:
        starter = starter_named(request.GET.get("starter", ""))
        begun = forms.as_form(rule_kind, starter.spec) if starter else None
        form = forms.RuleForm(rule_kind, viewer, initial=begun)
    return _editor(request, form, None)


def _made(made: AlertRule) -> str:
    how = "It watches from now on." if made.is_enabled else "It is switched off yet."
    return f"{made} is saved. {how}"


def _editor(
    request: HttpRequest, form: forms.RuleForm, rule: AlertRule | None
) -> HttpResponse:
    condition = form.condition
    context = {
        "form": form,
        "rule": rule,
        "kind": condition,
        "about": condition.about if isinstance(condition, Described) else "",
    }
    return render(request, "monitoring/alert_rule_edit.html", context)


@require_POST
def preview_alert_rule(request: HttpRequest, rule_kind: str) -> HttpResponse:
    """What the form as it stands would have made of the last hours."""
    if rule_kind not in conditions():
        raise Http404("There is no such kind of rule.")
    form = forms.RuleForm(rule_kind, person(request), request.POST)
    form.fields["name"].required = False
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context["preview"] = preview(form.spec, person(request), timezone.now())
    return render(request, "monitoring/alert_rule_preview.html", context)


def alert_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """A rule: how it stands, what it watches, what came of it, who changed it."""
    row = seen_rule(request, rule_id)
    states = row.states.all()
    context = {
        "rule": row,
        "watches": said(row.kind, row.parameters),
        "kind": conditions().get(row.kind),
        "condition": _condition(row),
        "states": states[:_STATES],
        "watched": states.count(),
        "firing": states.filter(is_firing=True).count(),
        "unit": unit_of(row.kind, row.parameters),
        "incidents": row.incidents.all()[:_INCIDENTS],
        "outages": row.outages.all()[:_INCIDENTS],
        "versions": row.versions.select_related("by")[:_VERSIONS],
        "backtests": row.backtests.all()[:5],
        "may_change": person(request).rights.may(Role.OPERATOR, row.account),
    }
    return render(request, "monitoring/alert_rule.html", context)


def seen_rule(request: HttpRequest, rule_id: int) -> AlertRule:
    return get_object_or_404(rules_of(person(request)), pk=rule_id)


def changed_rule(request: HttpRequest, rule_id: int) -> AlertRule:
    row = seen_rule(request, rule_id)
    if not person(request).rights.may(Role.OPERATOR, row.account):
        raise PermissionDenied("This needs the role operator where it watches.")
    return row


@require_http_methods(["GET", "POST"])
def edit_alert_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    row, viewer = changed_rule(request, rule_id), person(request)
    if row.kind not in conditions():
        raise Http404("Rules of its kind are not known here any more.")
    if request.method == "POST":
        form = forms.RuleForm(row.kind, viewer, request.POST)
        if form.is_valid():
            changed = rules.change(row.pk, form.spec, viewer, timezone.now())
            messages.success(request, f"Saved {changed}.")
            return redirect("alert-rule", row.pk)
    else:
        form = forms.RuleForm(row.kind, viewer, initial=forms.spec_of_rule(row))
    return _editor(request, form, row)


@require_POST
def switch_alert_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    row = changed_rule(request, rule_id)
    on = not row.is_enabled
    rules.switch(row.pk, person(request), timezone.now(), on=on)
    how = "watches from now on" if on else "is switched off: its incidents are resolved"
    messages.success(request, f"{row} {how}.")
    return redirect("alert-rule", row.pk)


@require_POST
def delete_alert_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    row = changed_rule(request, rule_id)
    if request.POST.get("confirm") != row.name:
        messages.error(request, f"Nothing is deleted: type {row.name} to confirm.")
        return redirect("alert-rule", row.pk)
    rules.delete(row.pk, person(request), timezone.now())
    messages.success(request, f"{row} is deleted. Its incidents stay, resolved.")
    return redirect("alert-rules")
