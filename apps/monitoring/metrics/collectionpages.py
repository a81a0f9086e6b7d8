"""Pages about collecting metrics: how far it is, and what it costs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.discovery.models import Account
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.metrics.forms import PlanForm
from apps.monitoring.metrics.overview import collected
from apps.monitoring.models import MetricPlan, MetricScope


def collection(request: HttpRequest) -> HttpResponse:
    """Each account: what was listed and read, what it costs, what went wrong."""
    viewer = person(request)
    context = {
        "collected": collected(viewer, timezone.now()),
        "is_admin": viewer.rights.may_everywhere(Role.ADMIN),
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "has_accounts": Account.objects.filter(is_connected=True).exists(),
    }
    part = "monitoring/collected.html"
    whole = "monitoring/collection.html"
    return render(request, part if "part" in request.GET else whole, context)


@everywhere(Role.OPERATOR)
@require_POST
def switch_collection(request: HttpRequest, number: str) -> HttpResponse:
    """Pause an account, or go on."""
    plan = get_object_or_404(MetricPlan, pk=number)
    plan.is_paused = not plan.is_paused
    plan.save(update_fields=["is_paused"])
    how = "paused" if plan.is_paused else "read again"
    messages.success(request, f"Metrics of {plan.account} are {how}.")
    return redirect("collection")


@everywhere(Role.OPERATOR)
@require_POST
def list_now(request: HttpRequest, number: str) -> HttpResponse:
    """Have the worker list the metrics of an account now."""
    plan = get_object_or_404(MetricPlan, pk=number)
    MetricScope.objects.filter(account=plan.account_id).update(listing_ran_at=None)
    messages.success(request, "They are listed as soon as the worker is free.")
    return redirect("collection")


@everywhere(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def metric_plan(request: HttpRequest, number: str) -> HttpResponse:
    plan = get_object_or_404(MetricPlan, pk=number)
    form = PlanForm(request.POST or None, instance=plan)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"Saved what is collected of {plan.account}.")
        return redirect("collection")
    context = {"form": form, "plan": plan}
    return render(request, "monitoring/plan.html", context)
