"""What holds repairs back: the switch, automatic rules, limits, breakers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit.ledger.writing import append
from apps.audit.models import (
    ActionLimit,
    ComplianceRule,
    Optin,
)
from apps.audit.remediation import access, approving, limits, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import Reversibility
from apps.audit.remediation.pages import frame, title_of
from apps.discovery.accounts import visible_to
from apps.discovery.models import User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role


class OptinForm(forms.Form):
    """Which violations are repaired without anybody being asked."""

    rule = forms.ModelChoiceField(ComplianceRule.objects.none())
    account = forms.ChoiceField()
    action = forms.ChoiceField()
    per_hour = forms.IntegerField(
        label="At most an hour", min_value=1, max_value=1_000, initial=10
    )
    most_touched = forms.IntegerField(
        label="Resources one run may touch", min_value=1, max_value=100, initial=1
    )
    hold_seconds = forms.IntegerField(
        label="Watch callers for so many seconds",
        required=False,
        min_value=0,
        max_value=3_600,
        help_text="Empty: two minutes where anything calls it, else not at all.",
    )

    def __init__(self, viewer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = ComplianceRule.objects.visible_to(viewer).filter(is_enabled=True)
        self.fields["rule"] = forms.ModelChoiceField(rules)
        mine = [
            (one.number, str(one))
            for one in visible_to(viewer)
            if viewer.rights.may(Role.ADMIN, one.number)
        ]
        able = [
            (one.identifier, one.title)
            for one in registry.actions()
            if one.repairs and one.reversibility != Reversibility.NONE
        ]
        self.fields["account"] = forms.ChoiceField(choices=mine)
        self.fields["action"] = forms.ChoiceField(
            choices=able, help_text="Only what can be rolled back is offered."
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        rule, named = found.get("rule"), found.get("action")
        if rule and named:
            action = registry.by_identifier(named)
            if rule.identifier not in action.repairs:
                self.add_error("action", "It does not repair what this rule finds.")
        return found


class LimitForm(forms.Form):
    action = forms.ChoiceField()
    per_hour = forms.IntegerField(label="Runs an hour", min_value=0, max_value=1_000)
    most_touched = forms.IntegerField(
        label="Resources one run may touch", min_value=1, max_value=1_000
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"] = forms.ChoiceField(
            choices=[(one.identifier, one.title) for one in registry.actions()]
        )


def controls(request: HttpRequest) -> HttpResponse:
    return _page(request, None, None)


def _page(
    request: HttpRequest, optin: OptinForm | None, limit: LimitForm | None
) -> HttpResponse:
    viewer = person(request)
    rights = viewer.rights
    optins = access.within(Optin.objects.select_related("rule", "created_by"), viewer)
    rows = {one.action: one for one in ActionLimit.objects.all()}
    context = {
        **frame("controls"),
        "switch": switch.read(),
        "is_admin": rights.may_everywhere(Role.ADMIN),
        "may_stop": _may_stop(viewer),
        "is_fresh": bool(approving.freshness(request, viewer, "", timezone.now())),
        "optins": [
            (one, title_of(one.action), rights.may(Role.ADMIN, one.account))
            for one in optins
        ],
        "optin_form": optin or OptinForm(viewer),
        "may_opt_in": rights.accounts(Role.ADMIN) != frozenset(),
        "limits": [
            (one, rows.get(one.identifier) or ActionLimit(action=one.identifier))
            for one in registry.actions()
        ],
        "limit_form": limit or LimitForm(),
        "breakers": [
            (one, rights.may(Role.APPROVER, one.account))
            for one in access.breakers(viewer)
        ],
    }
    return render(request, "audit/repairs/controls.html", context)


def _may_stop(viewer: User) -> bool:
    return viewer.rights.may_everywhere(Role.OPERATOR)


@require_POST
def switch_repairs(request: HttpRequest) -> HttpResponse:
    """Any operator stops; only an admin whose sign-in is fresh lets it go on."""
    viewer, now = person(request), timezone.now()
    allow = request.POST.get("allow") == "yes"
    if allow and not viewer.rights.may_everywhere(Role.ADMIN):
        raise PermissionDenied("This needs the role admin in all accounts.")
    if not allow and not _may_stop(viewer):
        raise PermissionDenied("This needs the role operator in all accounts.")
    password = request.POST.get("password", "")
    if allow and not approving.freshness(request, viewer, password, now):
        messages.error(
            request, "Enter your password: your sign-in is older than 5 minutes."
        )
        return redirect("repair-controls")
    reason = request.POST.get("reason", "").strip()[:300]
    switch.turn(allow, viewer.get_username(), reason, now)
    said = "Repairs are allowed." if allow else "Nothing more is written from now on."
    messages.success(request, said)
    return redirect("repair-controls")


@require_POST
def new_optin(request: HttpRequest) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    if viewer.rights.accounts(Role.ADMIN) == frozenset():
        raise PermissionDenied("This needs the role admin in an account.")
    form = OptinForm(viewer, request.POST)
    if not form.is_valid():
        return _page(request, form, None)
    wanted = form.cleaned_data
    opt_in(viewer, wanted, now)
    messages.success(request, f"{wanted['rule']} is repaired automatically now.")
    return redirect("repair-controls")


@transaction.atomic
def opt_in(viewer: User, wanted: dict[str, Any], now: Any) -> Optin:
    """Have violations of a rule in an account repaired from now on."""
    made, _ = Optin.objects.update_or_create(
        rule=wanted["rule"],
        account=wanted["account"],
        defaults={
            "action": wanted["action"],
            "per_hour": wanted["per_hour"],
            "most_touched": wanted["most_touched"],
            "hold_seconds": wanted["hold_seconds"],
            "is_enabled": True,
            "created_by": viewer,
            "created_at": now,
        },
    )
    _note_optin("optin.on", made, viewer, now)
    return made


def _note_optin(kind: str, optin: Optin, viewer: User, now: Any) -> None:
    told = {
        "account": optin.account,
        "rule": optin.rule.slug,
        "action": optin.action,
        "per_hour": optin.per_hour,
        "most_touched": optin.most_touched,
    }
    append(kind, viewer.get_username(), told, now, f"optin:{optin.pk}")


@require_POST
def switch_optin(request: HttpRequest, optin_id: int) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    rows = access.within(Optin.objects.select_related("rule"), viewer)
    optin = access.seen(rows, optin_id)
    access.need(viewer, Role.ADMIN, optin.account)
    with transaction.atomic():
        optin.is_enabled = not optin.is_enabled
        optin.save(update_fields=["is_enabled"])
        kind = "optin.on" if optin.is_enabled else "optin.off"
        _note_optin(kind, optin, viewer, now)
    return redirect("repair-controls")


@everywhere(Role.ADMIN)
@require_POST
def limit_action(request: HttpRequest) -> HttpResponse:
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _page(request, None, form)
    wanted, now = form.cleaned_data, timezone.now()
    with transaction.atomic():
        ActionLimit.objects.update_or_create(
            action=wanted["action"],
            defaults={
                "per_hour": wanted["per_hour"],
                "most_touched": wanted["most_touched"],
            },
        )
        append("limit.changed", person(request).get_username(), wanted, now, "limits")
    messages.success(request, "The limit holds from now on.")
    return redirect("repair-controls")


@require_POST
def close_breaker(request: HttpRequest, breaker_id: int) -> HttpResponse:
    viewer = person(request)
    breaker = access.seen(access.breakers(viewer), breaker_id)
    access.need(viewer, Role.APPROVER, breaker.account)
    limits.close(breaker, viewer.get_username(), timezone.now())
    messages.success(request, "Closed: runs may go on.")
    return redirect("repair-controls")
