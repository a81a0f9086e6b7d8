"""The page of what traces come from: X-Ray by account and region, and its switches."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.discovery.accounts import visible_to
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.tracing.collecting.scopes import read_now, switch_off, switch_on
from apps.tracing.collecting.standing import standings
from apps.tracing.models import TraceScope

PASTS = (
    (1, "1 hour"),
    (6, "6 hours"),
    (24, "24 hours"),
    (168, "7 days"),
    (720, "30 days"),
)
"""How much of the past may be chosen, in hours."""


def scopes(request: HttpRequest) -> HttpResponse:
    """Every account and region where X-Ray is or may be read."""
    viewer = person(request)
    found = standings(viewer, timezone.now())
    operated = viewer.rights.accounts(Role.OPERATOR)
    context = {
        "on": [one for one in found if one.state != "off"],
        "off": [one for one in found if one.state == "off"],
        "operated": operated,
        "may_all": operated is None,
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "pasts": PASTS,
        "has_connected": visible_to(viewer).filter(is_connected=True).exists(),
    }
    part, whole = "tracing/scopes_part.html", "tracing/scopes.html"
    return render(request, part if "part" in request.GET else whole, context)


@require_POST
def switch(request: HttpRequest, scope_id: int) -> HttpResponse:
    """Read X-Ray of an account and region from now on, or no more."""
    scope = _operated(request, scope_id)
    if scope.is_enabled:
        switch_off(scope)
        messages.success(request, f"{scope} is read no more. What is stored stays.")
    else:
        switch_on(scope, timezone.now(), _hours(request))
        messages.success(request, f"{scope} is read from now on.")
    return redirect("trace-scopes")


@require_POST
def again(request: HttpRequest, scope_id: int) -> HttpResponse:
    """Look now, whatever is waited for."""
    scope = _operated(request, scope_id)
    read_now(scope)
    messages.success(request, "It is read as soon as the worker is free.")
    return redirect("trace-scopes")


def _operated(request: HttpRequest, scope_id: int) -> TraceScope:
    """A scope one may see. Raises PermissionDenied for who only looks."""
    viewer = person(request)
    seen = TraceScope.objects.visible_to(viewer).select_related("account")
    scope = get_object_or_404(seen, pk=scope_id)
    if not viewer.rights.may(Role.OPERATOR, scope.account_id):
        raise PermissionDenied("This needs the role operator in the account.")
    return scope


def _hours(request: HttpRequest) -> float | None:
    """The past that was chosen; None leaves it to the settings."""
    offered = {str(hours): float(hours) for hours, _ in PASTS}
    return offered.get(request.POST.get("hours", ""))
