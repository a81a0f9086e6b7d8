"""REST: alert rules and incidents."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.incidents import forms, history, opening, rules
from apps.monitoring.incidents.asking import conditions, said, unit_of
from apps.monitoring.incidents.forms import RuleForm
from apps.monitoring.incidents.lists import STATES, Filters, chosen, rules_of
from apps.monitoring.incidents.opening import ActionRefused
from apps.monitoring.incidents.storyline import story
from apps.monitoring.incidents.wording import condition_said
from apps.monitoring.models import AlertRule, Incident
from apps.search.parameters import is_count
from apps.search.timerange import parse_range, rfc3339

_A_PAGE = 200
_MOST_EVALUATIONS = 2_000
_ACTIONS = ("acknowledge", "resolve", "comment")
_RULE = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "name": {"type": "string"},
        "enabled": {"type": "boolean"},
        "parameters": {"type": "object"},
        "account": {"type": "string"},
        "region": {"type": "string"},
        "period_seconds": {"type": "integer"},
        "comparison": {"type": "string", "enum": ["gt", "ge", "lt", "le"]},
        "threshold": {"type": "number"},
        "needed": {"type": "integer"},
        "periods": {"type": "integer"},
        "missing": {"type": "string", "enum": ["missing", "ok", "breaching", "keep"]},
        "hold_seconds": {"type": "integer"},
        "severity": {"type": "string", "enum": ["critical", "high", "medium", "low"]},
        "title_template": {"type": "string"},
        "key_template": {"type": "string"},
        "description": {"type": "string"},
    },
}


class IncidentsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("state", str, description=f"One of {', '.join(STATES)}."),
            OpenApiParameter("severity", str),
            OpenApiParameter("account", str),
            OpenApiParameter("service", str),
            OpenApiParameter("rule", str, description="The id of a rule."),
            OpenApiParameter("q", str, description="Part of a title or key."),
            OpenApiParameter(
                "after", str, description="The `next` of the page before."
            ),
        ],
        summary="Incidents: without a state those that are open, the gravest first",
    )
    def get(self, request: Request) -> Response:
        found = chosen(person(request), Filters.of(request.query_params))
        after = request.query_params.get("after", "1")
        page = Paginator(found, _A_PAGE).get_page(int(after) if is_count(after) else 1)
        follows = str(page.next_page_number()) if page.has_next() else None
        return Response(
            {"items": [incident_json(row) for row in page], "next": follows}
        )


class IncidentView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="An incident and its timeline"
    )
    def get(self, request: Request, incident_id: int) -> Response:
        return Response(_whole(request, incident_id))


class IncidentActionView(APIView):
    @extend_schema(
        request={
            "application/json": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
            }
        },
        responses=OpenApiTypes.OBJECT,
        summary="Acknowledge an incident, resolve it with a reason, or comment on it",
    )
    def post(self, request: Request, incident_id: int, action: str) -> Response:
        row = _seen_incident(request, incident_id)
        if not person(request).rights.may(Role.OPERATOR, row.account):
            raise PermissionDenied("This needs the role operator in its account.")
        if action not in _ACTIONS:
            raise ValidationError({"action": f"There are {', '.join(_ACTIONS)}."})
        text = request.data.get("text", "") if isinstance(request.data, dict) else ""
        if not isinstance(text, str):
            raise ValidationError({"text": "Send a text."})
        act = {
            "acknowledge": opening.acknowledge,
            "resolve": opening.close,
            "comment": opening.comment,
        }[action]
        try:
            act(row.pk, person(request), text[:2_000], timezone.now())
        except ActionRefused as refusal:
            raise ValidationError({"text": str(refusal)}) from refusal
        return Response(_whole(request, incident_id))


class AlertRulesView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Alert rules")
    def get(self, request: Request) -> Response:
        found = [rule_json(row) for row in rules_of(person(request))]
        return Response({"items": found, "next": None})

    @extend_schema(
        operation_id="rules_create",
        request={"application/json": _RULE},
        responses={201: OpenApiTypes.OBJECT},
        summary="Make an alert rule; it watches once it is enabled",
    )
    def post(self, request: Request) -> Response:
        asked = _object(request)
        kind = asked.pop("kind", None)
        if not isinstance(kind, str) or kind not in conditions():
            raise ValidationError({"kind": f"There are {', '.join(conditions())}."})
        enabled = _flag(asked, default=False)
        spec = _spec(kind, asked, request)
        now = timezone.now()
        made = rules.create(spec, person(request), now, is_enabled=enabled)
        return Response(rule_json(made), status=201)


class AlertRuleView(APIView):
    @extend_schema(
        operation_id="rules_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="An alert rule, and how what it watches stands",
    )
    def get(self, request: Request, rule_id: int) -> Response:
        row = _seen_rule(request, rule_id)
        states = [
            {
                "key": one.key,
                "text": one.text,
                "firing": one.is_firing,
                "known": not one.is_blind,
                "value": one.value,
                "incident": one.incident_id,
            }
            for one in row.states.all()[:1_000]
        ]
        return Response(rule_json(row) | {"watched": states})

    @extend_schema(
        operation_id="rules_update",
        request={"application/json": _RULE},
        responses=OpenApiTypes.OBJECT,
        summary="Change an alert rule, or switch it",
    )
    def patch(self, request: Request, rule_id: int) -> Response:
        row, asked = changeable_rule(request, rule_id), _object(request)
        asked.pop("kind", None)
        enabled = _flag(asked, default=row.is_enabled)
        by, now = person(request), timezone.now()
        if asked:
            before = rules.spec_of(row)
            rules.change(row.pk, _spec(row.kind, before | asked, request), by, now)
        rules.switch(row.pk, by, now, on=enabled)
        return Response(rule_json(_seen_rule(request, rule_id)))

    @extend_schema(
        operation_id="rules_delete",
        responses={204: None},
        summary="Delete an alert rule; its incidents are resolved, and stay",
    )
    def delete(self, request: Request, rule_id: int) -> Response:
        rules.delete(
            changeable_rule(request, rule_id).pk, person(request), timezone.now()
        )
        return Response(status=204)


class RuleEvaluationsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("since", str, description="Default now-1h."),
            OpenApiParameter("until", str, description="Default now."),
            OpenApiParameter("key", str, description="What was watched; all without."),
        ],
        summary="Why a rule fired, and why it did not: its evaluations, newest first",
    )
    def get(self, request: Request, rule_id: int) -> Response:
        row, asked = _seen_rule(request, rule_id), request.query_params
        span = parse_range(
            asked.get("since", "now-1h"), asked.get("until", "now"), timezone.now()
        )
        policies = history.Policies(row)
        found = [
            policies.explained(key, one)
            for key, told in history.evaluations(row, span, asked.get("key")).items()
            for one in told
        ]
        found.sort(key=lambda one: one.at, reverse=True)
        return Response(
            {"items": [_evaluation(one) for one in found[:_MOST_EVALUATIONS]]}
        )


def _evaluation(one: history.Explained) -> dict[str, Any]:
    found = one.evaluation
    window = [v if v is None or v == v else "not collected" for v in found.window]
    return {
        "key": one.key,
        "until": rfc3339(one.at),
        "decision": found.decision.value,
        "firing": found.is_firing,
        "change": found.change.value if found.change else None,
        "early": found.early,
        "values": window,
        "threshold": one.threshold,
        "why": one.why,
        "revision": one.revision,
    }


def incident_json(row: Incident) -> dict[str, Any]:
    return {
        "id": row.pk,
        "title": row.title,
        "state": row.state,
        "severity": row.severity,
        "key": row.key,
        "rule": row.rule_id,
        "rule_name": row.rule.name,
        "account": row.account or None,
        "region": row.region or None,
        "service": row.service or None,
        "resource": row.resource or None,
        "labels": row.labels,
        "value": row.value,
        "opened_at": rfc3339(row.opened_at),
        "acknowledged_at": rfc3339(row.acknowledged_at)
        if row.acknowledged_at
        else None,
        "acknowledged_by": str(row.acknowledged_by) if row.acknowledged_by else None,
        "note": row.note,
        "resolved_at": rfc3339(row.resolved_at) if row.resolved_at else None,
        "resolved_by": row.ended or None,
        "revision": row.revision,
    }


def rule_json(row: AlertRule) -> dict[str, Any]:
    unit = unit_of(row.kind, row.parameters)
    return {
        "id": row.pk,
        **rules.spec_of(row),
        "enabled": row.is_enabled,
        "watches": said(row.kind, row.parameters),
        "condition": condition_said(row.policy, unit),
        "unit": unit or None,
        "revision": row.revision,
        "evaluated_at": rfc3339(row.evaluated_at) if row.evaluated_at else None,
        "problem": row.problem or None,
        "problem_since": rfc3339(row.problem_since) if row.problem_since else None,
    }


def _whole(request: Request, incident_id: int) -> dict[str, Any]:
    row = _seen_incident(request, incident_id)
    events = [
        {
            "at": rfc3339(one.at),
            "what": one.title,
            "text": one.text,
            "by": one.who or None,
            "url": one.url or None,
        }
        for one in story(row, person(request))
    ]
    return incident_json(row) | {"text": row.text, "timeline": events}


def _seen_incident(request: Request, incident_id: int) -> Incident:
    rows = Incident.objects.visible_to(person(request))
    return get_object_or_404(
        rows.select_related("rule", "acknowledged_by"), pk=incident_id
    )


def _seen_rule(request: Request, rule_id: int) -> AlertRule:
    return get_object_or_404(rules_of(person(request)), pk=rule_id)


def changeable_rule(request: Request, rule_id: int) -> AlertRule:
    row = _seen_rule(request, rule_id)
    if not person(request).rights.may(Role.OPERATOR, row.account):
        raise PermissionDenied("This needs the role operator where it watches.")
    return row


def _object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("Send an object.")
    return dict(request.data)


def _flag(asked: dict[str, Any], *, default: bool) -> bool:
    enabled = asked.pop("enabled", default)
    if not isinstance(enabled, bool):
        raise ValidationError({"enabled": "true or false"})
    return enabled


def _spec(kind: str, asked: dict[str, Any], request: Request) -> dict[str, Any]:
    """A rule as it is kept. Raises ValidationError that names the field."""
    unknown = set(asked) - set(rules.SPEC)
    if unknown:
        raise ValidationError({min(unknown): "There is no such field."})
    parameters = asked.get("parameters", {})
    if not isinstance(parameters, dict):
        raise ValidationError({"parameters": "Send an object."})
    form = RuleForm(kind, person(request), forms.as_form(kind, asked))
    if not form.is_valid():
        raise ValidationError(
            {
                name.removeprefix("p-"): list(map(str, some))
                for name, some in form.errors.items()
            }
        )
    return form.spec
