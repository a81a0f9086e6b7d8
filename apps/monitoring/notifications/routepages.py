"""Pages of routes and escalations."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.permissions import everywhere
from apps.discovery.roles import Role
from apps.monitoring.models.notifications import (
    Channel,
    EscalationPolicy,
    EscalationTurn,
    Route,
)
from apps.monitoring.notifications.forms import PolicyForm, RouteForm

_TURNS = 20


@everywhere(Role.ADMIN)
def routes(request: HttpRequest) -> HttpResponse:
    rows = Route.objects.prefetch_related("channels").select_related("escalation")
    context = {"routes": rows, "has_channels": Channel.objects.exists()}
    return render(request, "monitoring/routes.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_route(request: HttpRequest) -> HttpResponse:
    """A route; `channel` in the URL is chosen already."""
    initial = {"channels": request.GET.getlist("channel")}
    form = RouteForm(request.POST or None, initial=initial)
    return _saved(request, form, "New route")


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def route(request: HttpRequest, route_id: int) -> HttpResponse:
    found = get_object_or_404(Route, pk=route_id)
    form = RouteForm(request.POST or None, instance=found)
    return _saved(request, form, found.name)


def _saved(request: HttpRequest, form: RouteForm, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        made = form.save()
        messages.success(request, f"Saved the route {made}.")
        return redirect("routes")
    context = {"form": form, "heading": title, "route": form.instance}
    return render(request, "monitoring/route_form.html", context)


@everywhere(Role.ADMIN)
@require_POST
def delete_route(request: HttpRequest, route_id: int) -> HttpResponse:
    found = get_object_or_404(Route, pk=route_id)
    found.delete()
    messages.success(request, f"The route {found} is gone.")
    return redirect("routes")


@everywhere(Role.ADMIN)
def escalations(request: HttpRequest) -> HttpResponse:
    turns = EscalationTurn.objects.select_related(
        "matter", "step__policy", "step__channel", "step__person"
    )
    context = {
        "policies": EscalationPolicy.objects.prefetch_related(
            "steps__channel", "steps__person", "routes"
        ),
        "waiting": turns.filter(state=EscalationTurn.State.WAITING)[:_TURNS],
        "done": turns.filter(state=EscalationTurn.State.DONE).order_by("-done_at")[
            :_TURNS
        ],
    }
    return render(request, "monitoring/escalations.html", context)


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def new_escalation(request: HttpRequest) -> HttpResponse:
    return _policy_page(request, PolicyForm(request.POST or None))


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def escalation(request: HttpRequest, policy_id: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy, pk=policy_id)
    return _policy_page(request, PolicyForm(request.POST or None, instance=found))


def _policy_page(request: HttpRequest, form: PolicyForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        messages.success(request, f"Saved {form.save()}.")
        return redirect("escalations")
    context = {"form": form, "policy": form.instance}
    return render(request, "monitoring/escalation_form.html", context)


@everywhere(Role.ADMIN)
@require_POST
def delete_escalation(request: HttpRequest, policy_id: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy, pk=policy_id)
    found.delete()
    messages.success(request, f"{found} is gone. Nobody is called by it any more.")
    return redirect("escalations")
