"""REST: actions, plans with their runs, the switch, and the ledger."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.ledger import pages as ledger_pages
from apps.audit.models import Plan, Run, Violation
from apps.audit.remediation import access, approving, planning, switch
from apps.audit.remediation.actions import registry
from apps.audit.remediation.actions.base import Action, HandOver
from apps.audit.remediation.planpages import PlanForm
from apps.audit.remediation.runpages import why_no_rollback
from apps.discovery.models import Resource
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.search.parameters import is_count
from apps.search.timerange import rfc3339

_A_PAGE = 100
_ID = {"type": "integer"}
_WANTED = {
    "type": "object",
    "properties": {
        "violation": {**_ID, "description": "Or a resource."},
        "resource": _ID,
        "action": {"type": "string"},
        "parameters": {"type": "object"},
        "hold_seconds": {"type": "integer", "nullable": True},
        "reason": {"type": "string"},
    },
    "required": ["action"],
}
_WORD = {
    "type": "object",
    "properties": {
        "plan_hash": {"type": "string", "description": "Of the plan looked at."},
        "password": {"type": "string", "description": "One's own, right now."},
    },
}
_SWITCH = {
    "type": "object",
    "properties": {
        "allowed": {"type": "boolean"},
        "reason": {"type": "string"},
        "password": {"type": "string", "description": "Needed to allow repairs."},
    },
    "required": ["allowed"],
}
_AFTER = OpenApiParameter("after", str, description="`next` of the page before.")


class ActionsView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="What can be repaired")
    def get(self, request: Request) -> Response:
        items = [_action(one) for one in registry.actions()]
        return Response({"items": items, "next": None})


def _action(action: Action) -> dict[str, Any]:
    return {
        "id": action.identifier,
        "version": action.version,
        "title": action.title,
        "says": action.says,
        "family": action.family,
        "resource_types": action.resource_types,
        "repairs": action.repairs,
        "reversibility": action.reversibility.value,
        "irreversible_because": action.irreversible_because or None,
        "hand_over": isinstance(action, HandOver),
        "permissions": {
            "read": action.permissions.read,
            "write": action.permissions.write,
        },
        "parameters": [
            {
                "name": one.name,
                "title": one.title,
                "help": one.help,
                "kind": one.kind,
                "default": one.default,
                "choices": one.choices,
                "least": one.least,
                "most": one.most,
            }
            for one in action.parameters
        ],
    }


class RemediationsView(APIView):
    @extend_schema(
        operation_id="remediations_list",
        parameters=[
            _AFTER,
            OpenApiParameter("state", str, description="Of the plan or of its run."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Plans and what became of them, newest first",
    )
    def get(self, request: Request) -> Response:
        rows = access.plans(person(request)).order_by("-pk")
        after, state = (request.GET.get(name, "") for name in ("after", "state"))
        if after:
            rows = rows.filter(pk__lt=_number(after, "after"))
        if state in Run.State.values and state != Run.State.APPROVED:
            rows = rows.filter(run__state=state)
        elif state:
            rows = rows.filter(state=state)
        found = list(rows[: _A_PAGE + 1])
        more = str(found[_A_PAGE - 1].pk) if len(found) > _A_PAGE else None
        return Response(
            {"items": [_plan(one) for one in found[:_A_PAGE]], "next": more}
        )

    @extend_schema(
        operation_id="remediations_create",
        request={"application/json": _WANTED},
        responses={201: OpenApiTypes.OBJECT},
        summary="Have a repair planned; nothing is changed by that",
    )
    def post(self, request: Request) -> Response:
        viewer, asked = person(request), _object(request)
        resource, violation = _about(request, asked)
        if not viewer.rights.may(Role.OPERATOR, resource.account):
            raise PermissionDenied("This needs the role operator in the account.")
        form = _form(asked, resource)
        plan = planning.request(
            planning.Asked(
                resource,
                str(asked["action"]),
                form.parameters(),
                violation,
                form.cleaned_data["hold_seconds"],
                form.cleaned_data["reason"],
            ),
            viewer,
            timezone.now(),
        )
        return Response(_plan(plan), status=201)


class RemediationView(APIView):
    @extend_schema(
        operation_id="remediations_retrieve",
        responses=OpenApiTypes.OBJECT,
        summary="A plan with its document, and its run with every step",
    )
    def get(self, request: Request, plan_id: int) -> Response:
        plan = access.seen(access.plans(person(request)), plan_id)
        return Response(_whole(plan))


class ApproveView(APIView):
    @extend_schema(
        operation_id="remediations_approve",
        request={"application/json": _WORD},
        responses=OpenApiTypes.OBJECT,
        summary="Approve exactly this plan, and have it carried out",
    )
    def post(self, request: Request, plan_id: int) -> Response:
        viewer, asked, now = person(request), _object(request), timezone.now()
        plan = access.seen(access.plans(viewer), plan_id)
        password = str(asked.get("password") or "")
        method = approving.freshness(request._request, viewer, password, now)  # noqa: SLF001 - what signs in wants Django's request
        try:
            approving.approve(
                plan.pk, str(asked.get("plan_hash", "")), viewer, method, now
            )
        except approving.NotApproved as error:
            raise PermissionDenied(str(error)) from error
        return Response(_whole(access.seen(access.plans(viewer), plan_id)))


class WithdrawView(APIView):
    @extend_schema(
        operation_id="remediations_withdraw",
        request=None,
        responses=OpenApiTypes.OBJECT,
        summary="Have a plan not done",
    )
    def post(self, request: Request, plan_id: int) -> Response:
        viewer = person(request)
        plan = access.seen(access.plans(viewer), plan_id)
        if not viewer.rights.may(Role.OPERATOR, plan.account):
            raise PermissionDenied("This needs the role operator in the account.")
        if not approving.withdraw(plan, viewer, timezone.now()):
            raise ValidationError({"state": "It is too late to withdraw this plan."})
        return Response(_plan(access.seen(access.plans(viewer), plan_id)))


class RollBackView(APIView):
    @extend_schema(
        operation_id="remediations_roll_back",
        request={"application/json": _WORD},
        responses={201: OpenApiTypes.OBJECT},
        summary="Undo what was done, if the resource is still as it was left",
    )
    def post(self, request: Request, plan_id: int) -> Response:
        viewer, asked, now = person(request), _object(request), timezone.now()
        plan = access.seen(access.plans(viewer), plan_id)
        run = getattr(plan, "run", None)
        if run is None:
            raise ValidationError({"state": "It was not carried out."})
        if problem := why_no_rollback(run, viewer):
            raise PermissionDenied(problem)
        password = str(asked.get("password") or "")
        method = approving.freshness(request._request, viewer, password, now)  # noqa: SLF001 - as above
        if not method:
            raise PermissionDenied("Send your password.")
        made = planning.request_rollback(run, viewer, method, now)
        return Response(_plan(made), status=201)


class SwitchView(APIView):
    @extend_schema(
        operation_id="remediations_switch",
        responses=OpenApiTypes.OBJECT,
        summary="Whether anything is repaired",
    )
    def get(self, request: Request) -> Response:
        return Response(_switch())

    @extend_schema(
        operation_id="remediations_set_switch",
        request={"application/json": _SWITCH},
        responses=OpenApiTypes.OBJECT,
        summary="Stop repairs, or let them go on",
    )
    def put(self, request: Request) -> Response:
        viewer, asked, now = person(request), _object(request), timezone.now()
        allow = asked.get("allowed")
        if not isinstance(allow, bool):
            raise ValidationError({"allowed": "true or false"})
        needed = Role.ADMIN if allow else Role.OPERATOR
        if not viewer.rights.may_everywhere(needed):
            raise PermissionDenied(
                f"This needs the role {needed.title.lower()} in all accounts."
            )
        password = str(asked.get("password") or "")
        if allow and not approving.freshness(request._request, viewer, password, now):  # noqa: SLF001 - as above
            raise PermissionDenied("Send your password.")
        reason = str(asked.get("reason") or "")[:300]
        switch.turn(allow, viewer.get_username(), reason, now)
        return Response(_switch())


class LedgerView(APIView):
    @extend_schema(
        parameters=[
            _AFTER,
            OpenApiParameter("kind", str, description="plan, run, step, switch, …"),
            OpenApiParameter("q", str, description="Text in a row."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="The ledger, newest first, and whether it is whole",
    )
    def get(self, request: Request) -> Response:
        viewer = person(request)
        rows = ledger_pages.filtered(
            ledger_pages.visible(viewer),
            request._request,  # noqa: SLF001 - pages and API read one address
        )
        if after := request.GET.get("after", ""):
            rows = rows.filter(sequence__lt=_number(after, "after"))
        found = list(rows[: _A_PAGE + 1])
        more = str(found[_A_PAGE - 1].sequence) if len(found) > _A_PAGE else None
        items = [ledger_pages.as_json(one) for one in found[:_A_PAGE]]
        said: dict[str, Any] = {"items": items, "next": more}
        if viewer.visible_accounts() is None:
            said["check"] = ledger_pages.check_as_json()
        return Response(said)


def _switch() -> dict[str, Any]:
    problem, row = switch.why_stopped(), switch.read()
    return {
        "allowed": not problem,
        "problem": problem or None,
        "changed_by": row.changed_by or None,
        "changed_at": row.changed_at and rfc3339(row.changed_at),
        "reason": row.reason or None,
    }


def _object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("Send an object.")
    return dict(request.data)


def _number(text: str, name: str) -> int:
    if not is_count(text):
        raise ValidationError({name: "A whole number."})
    return int(text)


def _about(
    request: Request, asked: dict[str, Any]
) -> tuple[Resource, Violation | None]:
    viewer = person(request)
    for name, rows in (
        ("violation", access.within(Violation.objects.all(), viewer)),
        ("resource", access.within(Resource.objects.all(), viewer)),
    ):
        named: object = asked.get(name)
        if isinstance(named, int) and not isinstance(named, bool):
            found = rows.filter(pk=named).first()
            if found is None:
                raise NotFound(f"There is no such {name}.")
            if isinstance(found, Violation):
                return found.resource, found
            return found, None
    raise ValidationError({"violation": "Name a violation or a resource by its id."})


def _form(asked: dict[str, Any], resource: Resource) -> PlanForm:
    """What a person would have filled in. Raises ValidationError."""
    try:
        action = registry.by_identifier(str(asked.get("action", "")))
    except KeyError as error:
        raise ValidationError({"action": str(error)}) from error
    if action.resource_types and resource.type not in action.resource_types:
        raise ValidationError({"action": f"It does not repair {resource.type}."})
    parameters = asked.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise ValidationError({"parameters": "An object."})
    known = {one.name for one in action.parameters}
    if unknown := sorted(set(parameters) - known):
        raise ValidationError({"parameters": f"There is no {unknown[0]}."})
    filled = {f"p_{name}": value for name, value in parameters.items()}
    filled |= {name: asked.get(name) for name in ("hold_seconds", "reason")}
    form = PlanForm(action, filled)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        name = field.removeprefix("p_")
        raise ValidationError({name: [str(one) for one in errors]})
    return form


def _plan(plan: Plan) -> dict[str, Any]:
    run = getattr(plan, "run", None)
    who = plan.requested_by.get_username() if plan.requested_by else None
    return {
        "id": plan.pk,
        "state": plan.state,
        "action": plan.action,
        "account": plan.account,
        "region": plan.region,
        "resource": {
            "type": plan.resource_type,
            "id": plan.resource_id,
            "arn": plan.arn or None,
            "name": plan.name or None,
        },
        "rule": plan.rule.slug if plan.rule else None,
        "violation": plan.violation_id,
        "origin": plan.origin,
        "requested_by": who,
        "rolls_back": plan.rolls_back_id,
        "plan_hash": plan.plan_hash or None,
        "problem": plan.problem or None,
        "created_at": rfc3339(plan.created_at),
        "expires_at": plan.expires_at and rfc3339(plan.expires_at),
        "run": run and _run(run),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "state": run.state,
        "label": run.label,
        "problem": run.problem or None,
        "verification": run.verification or None,
        "health": run.health or None,
        "reference": run.reference or None,
        "started_at": run.started_at and rfc3339(run.started_at),
        "finished_at": run.finished_at and rfc3339(run.finished_at),
    }


def _whole(plan: Plan) -> dict[str, Any]:
    run = getattr(plan, "run", None)
    said = _plan(plan) | {"document": plan.document, "radius": plan.radius}
    if run is not None:
        steps = [
            {
                "phase": one.phase,
                "number": one.number,
                "title": one.title,
                "call": f"{one.service}.{one.operation}",
                "parameters": one.parameters,
                "state": one.state,
                "request_id": one.request_id or None,
                "problem": one.problem or None,
            }
            for one in run.steps.order_by("phase", "number")
        ]
        said["run"] = {**_run(run), "steps": steps, "progress": run.progress or None}
    return said
