"""Pages about plans: asking for one, looking at it, approving it."""

from __future__ import annotations

from typing import Any

import orjson
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit.models import Plan, Violation
from apps.audit.remediation import access, approving, planning
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import Action, Parameter
from apps.audit.remediation.earlier import suggestions
from apps.audit.remediation.pages import frame, title_of
from apps.discovery.models import Resource
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.search.jsontree import visible
from apps.search.parameters import is_count

_LEDGER_ROWS = 50


class PlanForm(forms.Form):
    """What an action has to be told, and how long callers are watched afterwards."""

    def __init__(self, action: Action, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in action.parameters:
            self.fields[f"p_{parameter.name}"] = field_of(parameter)
        self.fields["hold_seconds"] = forms.IntegerField(
            label="Watch callers for so many seconds",
            required=False,
            min_value=0,
            max_value=3_600,
            help_text="Empty: two minutes where anything calls it, else not at all.",
        )
        self.fields["reason"] = forms.CharField(
            label="Why", required=False, max_length=500
        )

    def parameters(self) -> dict[str, Any]:
        """What was filled in; what was left empty is the action's own business."""
        return {
            name.removeprefix("p_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("p_") and value not in (None, "")
        }


def field_of(parameter: Parameter) -> forms.Field:
    about: dict[str, Any] = {
        "label": parameter.title,
        "help_text": parameter.help,
        "initial": parameter.default,
        "required": False,
    }
    if parameter.kind == "integer":
        return forms.IntegerField(
            min_value=parameter.least, max_value=parameter.most, **about
        )
    if parameter.kind == "boolean":
        return forms.BooleanField(**about)
    if parameter.kind == "choice":
        return forms.ChoiceField(
            choices=[("", ""), *((one, one) for one in parameter.choices)], **about
        )
    if parameter.kind == "json":
        return forms.JSONField(**about)
    return forms.CharField(max_length=2_000, **about)


@require_http_methods(["GET", "POST"])
def new_repair(request: HttpRequest) -> HttpResponse:
    """Choose an action for a violation or a resource, and have it planned."""
    viewer = person(request)
    resource, violation = _about(request)
    access.need(viewer, Role.OPERATOR, resource.account)
    offered = _offered(resource, violation)
    chosen = next(
        (one for one in offered if one.identifier == request.GET.get("action")), None
    )
    if chosen is None and len(offered) == 1:
        chosen = offered[0]
    form = _form(chosen, violation, request) if chosen else None
    if form and chosen and request.method == "POST" and form.is_valid():
        asked = planning.Asked(
            resource,
            chosen.identifier,
            form.parameters(),
            violation,
            form.cleaned_data["hold_seconds"],
            form.cleaned_data["reason"],
        )
        made = planning.request(asked, viewer, timezone.now())
        return redirect("repair-plan", made.pk)
    context = {
        **frame("repairs"),
        "resource": resource,
        "violation": violation,
        "offered": offered,
        "chosen": chosen,
        "form": form,
        "query": request.GET.copy(),
    }
    return render(request, "audit/repairs/new.html", context)


def _form(
    action: Action, violation: Violation | None, request: HttpRequest
) -> PlanForm:
    """Filled in with what the rule, and a time when it passed, suggest."""
    found = suggestions(action, violation) if violation else {}
    initial = {f"p_{name}": value for name, value in found.items()}
    return PlanForm(action, request.POST or None, initial=initial)


def _about(request: HttpRequest) -> tuple[Resource, Violation | None]:
    """What the address names, of what the person sees. Raises Http404."""
    viewer = person(request)
    named, violation_named = (
        request.GET.get(name, "") for name in ("resource", "violation")
    )
    if is_count(violation_named):
        rows = access.within(Violation.objects.select_related("resource"), viewer)
        violation = access.seen(rows, int(violation_named))
        return violation.resource, violation
    if not is_count(named):
        raise Http404("The address names no resource and no violation.")
    return access.seen(access.within(Resource.objects.all(), viewer), int(named)), None


def _offered(resource: Resource, violation: Violation | None) -> tuple[Action, ...]:
    if violation is None:
        return registry.for_type(resource.type)
    if not violation.is_open:
        return ()
    return registry.for_violation(violation.rule.identifier, resource.type)


def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """What would be done, to what, and what depends on that."""
    viewer = person(request)
    found = access.seen(access.plans(viewer), plan_id)
    if hasattr(found, "run"):
        return redirect("repair-run", found.run.pk)
    now = timezone.now()
    if found.state == Plan.State.READY and found.expires_at and found.expires_at <= now:
        planning.expire(now)
        found.state = Plan.State.EXPIRED
    context = {
        **frame("repairs"),
        **told(found),
        "why_not": approving.why_not(found, viewer, now),
        "is_fresh": bool(approving.freshness(request, viewer, "", now)),
        "may_withdraw": viewer.rights.may(Role.OPERATOR, found.account)
        and found.state in (Plan.State.REQUESTED, Plan.State.READY),
    }
    return render(request, "audit/repairs/plan.html", context)


def told(found: Plan) -> dict[str, Any]:
    """A plan as the pages about it show it."""
    document = found.document
    steps = [
        {**one, "text": json_text(one["parameters"])}
        for one in document.get("steps", ())
    ]
    undo = [
        {**one, "text": json_text(one["parameters"])}
        for one in document.get("undo", ())
    ]
    changes = [
        (one["path"], _value(one["before"]), _value(one["after"]))
        for one in document.get("changes", ())
    ]
    callers = found.radius.get("callers", ())
    return {
        "plan": found,
        "title": title_of(found.action),
        "document": document,
        "steps": steps,
        "undo": undo,
        "changes": changes,
        "before": json_text(document.get("before", {})),
        "callers": callers,
        "direct": [one for one in callers if one["hop"] == 1],
        "calls": sum(one["calls"] for one in callers if one["hop"] == 1),
    }


def json_text(value: Any) -> str:
    """Indented, and what hides or reorders in it written out."""
    told = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(visible(line) for line in told.split("\n"))


def _value(value: Any) -> str:
    if value is None:
        return "absent"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@require_POST
def approve_plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    viewer, now = person(request), timezone.now()
    found = access.seen(access.plans(viewer), plan_id)
    access.need(viewer, Role.APPROVER, found.account)
    method = approving.freshness(request, viewer, request.POST.get("password", ""), now)
    try:
        run = approving.approve(
            found.pk, request.POST.get("plan_hash", ""), viewer, method, now
        )
    except approving.NotApproved as error:
        messages.error(request, str(error))
        return redirect("repair-plan", plan_id)
    return redirect("repair-run", run.pk)


@require_POST
def withdraw_plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    viewer = person(request)
    found = access.seen(access.plans(viewer), plan_id)
    access.need(viewer, Role.OPERATOR, found.account)
    if approving.withdraw(found, viewer, timezone.now()):
        messages.success(request, "The plan is withdrawn: nothing is done.")
    else:
        messages.error(request, "It is too late to withdraw this plan.")
    return redirect("repair-plan", plan_id)
