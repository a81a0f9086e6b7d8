"""REST: where X-Ray is read, and how that stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.coverage import Interval
from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.search.timerange import rfc3339
from apps.tracing.collecting.pages import PASTS
from apps.tracing.collecting.scopes import switch_off, switch_on
from apps.tracing.collecting.standing import (
    Check,
    Standing,
    standing_of,
    standings,
)
from apps.tracing.models import TraceScope

_MOST_HOURS = PASTS[-1][0]
_CHANGE = {
    "type": "object",
    "properties": {
        "enabled": {"type": "boolean"},
        "hours": {
            "type": "number",
            "description": "How much of the past is read when it is switched on.",
        },
    },
    "required": ["enabled"],
}


class TraceSourcesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="X-Ray by account and region: what is read, and what is missing",
    )
    def get(self, request: Request) -> Response:
        found = standings(person(request), timezone.now())
        return Response({"items": [_item(one) for one in found], "next": None})


class TraceSourceView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="X-Ray of one account and region"
    )
    def get(self, request: Request, scope_id: int) -> Response:
        return Response(_item(standing_of(_one(request, scope_id), timezone.now())))

    @extend_schema(
        request={"application/json": _CHANGE},
        responses=OpenApiTypes.OBJECT,
        summary="Switch reading X-Ray on or off",
    )
    def patch(self, request: Request, scope_id: int) -> Response:
        scope = _one(request, scope_id)
        if not person(request).rights.may(Role.OPERATOR, scope.account_id):
            raise PermissionDenied("This needs the role operator in the account.")
        is_enabled, hours = _asked(request.data)
        if is_enabled:
            switch_on(scope, timezone.now(), hours)
        else:
            switch_off(scope)
        return self.get(request, scope_id)


def _one(request: Request, scope_id: int) -> TraceScope:
    seen = TraceScope.objects.visible_to(person(request)).select_related("account")
    return get_object_or_404(seen, pk=scope_id)


def _asked(data: Any) -> tuple[bool, float | None]:
    """Raises ValidationError that names the field."""
    if not isinstance(data, dict) or not isinstance(data.get("enabled"), bool):
        raise ValidationError({"enabled": "true or false"})
    if unknown := sorted(data.keys() - {"enabled", "hours"}):
        raise ValidationError({unknown[0]: "There are enabled and hours."})
    hours = data.get("hours")
    if hours is None:
        return data["enabled"], None
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if not is_number or not 0 <= hours <= _MOST_HOURS:
        raise ValidationError({"hours": f"A number from 0 to {_MOST_HOURS}."})
    return data["enabled"], float(hours)


def _item(one: Standing) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.pk,
        "account": row.account_id,
        "region": row.region,
        "enabled": row.is_enabled,
        "state": one.state,
        "problems": [
            {
                "problem": trouble.problem,
                "cure": trouble.cure,
                "since": trouble.since and rfc3339(trouble.since),
            }
            for trouble in one.troubles
        ],
        "wanted_since": one.asked and rfc3339(one.asked.since),
        "last_read_at": row.read_at and rfc3339(row.read_at),
        "last_success_at": row.succeeded_at and rfc3339(row.succeeded_at),
        "newest_trace_at": row.last_trace_at and rfc3339(row.last_trace_at),
        "read": _stretches(one.read),
        "not_read": _stretches(one.missing),
        "traces": row.traces,
        "traces_found_late": row.late_finds,
        "traces_to_fetch": one.waiting.to_fetch,
        "traces_in_progress": one.waiting.in_progress,
        "traces_not_handed_out": one.waiting.lost,
        "today": {
            "calls": one.calls_today,
            "traces_charged": one.charged_today,
            "dollars": round(one.dollars_today, 6),
        },
        "has_transaction_search": row.has_transaction_search,
        "sampling_rules": [
            {
                "name": rule.name,
                "priority": rule.priority,
                "rate": rule.rate,
                "reservoir": rule.reservoir,
                "matches": rule.matches,
            }
            for rule in one.rules
        ],
        "groups": [
            {"name": group.name, "expression": group.expression} for group in one.groups
        ],
        "check": one.check and _check(one.check),
    }


def _stretches(found: Iterable[Interval]) -> list[dict[str, str]]:
    return [{"since": rfc3339(one.since), "until": rfc3339(one.until)} for one in found]


def _check(one: Check) -> dict[str, Any]:
    row = one.row
    return {
        "since": rfc3339(row.since),
        "until": rfc3339(row.until),
        "checked_at": rfc3339(row.checked_at),
        "edges_equal": row.equal,
        "edges_differing": row.differing,
        "edges_kept_differing": row.kept_differing,
        "differences": row.differences,
        "problem": row.problem or None,
    }
