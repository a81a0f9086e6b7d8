"""REST: silences."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.monitoring.models.notifications import Matter
from apps.monitoring.models.silences import Silence
from apps.monitoring.notifications import inventory
from apps.monitoring.notifications.api import (
    as_filled_in,
    refuse,
    refuse_unknown,
    sent_object,
)
from apps.monitoring.notifications.silenceforms import LONGEST, SilenceForm
from apps.monitoring.notifications.silencepages import editable, end
from apps.search.timerange import parse_range, rfc3339

_MOST = 500
_NEW = {
    "type": "object",
    "properties": {
        "account": {"type": "string", "description": "Empty: all accounts."},
        "conditions": {"type": "string", "example": 'severity="high"'},
        "reason": {"type": "string"},
        "starts_at": {"type": "string", "description": "Default: now."},
        "ends_at": {"type": "string"},
        "lasts": {"type": "integer", "description": "Minutes, instead of ends_at."},
        "days": {"type": "array", "items": {"type": "integer"}},
        "window_from": {"type": "string", "example": "22:00"},
        "window_minutes": {"type": "integer"},
        "zone": {"type": "string", "example": "Europe/Berlin"},
    },
    "required": ["reason"],
}


class SilencesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("over", bool, description="Those that have ended too.")
        ],
        summary="Silences, what they hold back, and which matched nothing",
    )
    def get(self, request: Request) -> Response:
        viewer, now = person(request), timezone.now()
        rows = Silence.objects.visible_to(viewer)
        if request.query_params.get("over") != "true":
            rows = rows.filter(ends_at__gt=now)
        found = inventory.standings(rows[:_MOST], viewer, now)
        return Response({"items": [_item(one) for one in found], "next": None})

    @extend_schema(
        operation_id="silences_create",
        request={"application/json": _NEW},
        responses={201: OpenApiTypes.OBJECT},
        summary="Silence what matches; ?preview=true only tells what would",
    )
    def post(self, request: Request) -> Response:
        viewer, asked = person(request), sent_object(request)
        form = _form(request, asked)
        made = form.made()
        if request.query_params.get("preview") == "true":
            matches = inventory.matching_now(made, viewer)
            return Response({"matches": [_matter(one) for one in matches]})
        made.save()
        return Response(_one(request, made), status=201)


class SilenceView(APIView):
    @extend_schema(
        operation_id="silences_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A silence",
    )
    def get(self, request: Request, silence_id: int) -> Response:
        seen = Silence.objects.visible_to(person(request))
        return Response(_one(request, get_object_or_404(seen, pk=silence_id)))

    @extend_schema(
        operation_id="silences_update",
        request={"application/json": {"type": "object"}},
        responses=OpenApiTypes.OBJECT,
        summary="Change when a silence ends (ends_at), or its reason",
    )
    def patch(self, request: Request, silence_id: int) -> Response:
        found, asked = editable(person(request), silence_id), sent_object(request)
        if unknown := sorted(asked.keys() - {"ends_at", "reason"}):
            raise ValidationError({unknown[0]: "There are ends_at, reason."})
        now = timezone.now()
        if "ends_at" in asked:
            ends = parse_range(rfc3339(found.starts_at), str(asked["ends_at"]), now)
            if ends.until - found.starts_at > LONGEST:
                raise ValidationError({"ends_at": "A silence lasts a year at most."})
            found.ends_at = ends.until
        if "reason" in asked:
            found.reason = str(asked["reason"]).strip()[:500]
        if not found.reason:
            raise ValidationError({"reason": "A silence has a reason."})
        found.save(update_fields=["ends_at", "reason"])
        return Response(_one(request, found))

    @extend_schema(
        operation_id="silences_end",
        responses=OpenApiTypes.OBJECT,
        summary="End a silence now; it stays in the list of those that are over",
    )
    def delete(self, request: Request, silence_id: int) -> Response:
        viewer = person(request)
        end(editable(viewer, silence_id), viewer)
        return Response(_one(request, Silence.objects.get(pk=silence_id)))


def _form(request: Request, asked: dict[str, Any]) -> SilenceForm:
    """Raises ValidationError that names the field."""
    initial: dict[str, Any] = {"zone": "UTC"}
    form = SilenceForm(person(request), timezone.now(), as_filled_in(initial, asked))
    refuse_unknown(asked, form)
    if asked.get("lasts") and not asked.get("ends_at"):
        lasts = str(asked["lasts"])
        known = [value for value, _ in form.fields["lasts"].choices]  # type: ignore[attr-defined]
        form.fields["lasts"].choices = [*((one, one) for one in known), (lasts, lasts)]  # type: ignore[attr-defined]
        if not lasts.isdigit() or len(lasts) > 6:  # noqa: PLR2004 - a year in minutes
            raise ValidationError({"lasts": "Minutes."})
    refuse(form)
    return form


def _one(request: Request, silence: Silence) -> dict[str, Any]:
    rows = Silence.objects.filter(pk=silence.pk)
    return _item(inventory.standings(rows, person(request), timezone.now())[0])


def _item(one: inventory.Standing) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.pk,
        "account": row.account or None,
        "conditions": row.conditions_text,
        "matchers": [
            {"label": each.label, "operator": each.operator, "value": each.value}
            for each in row.conditions
        ],
        "reason": row.reason,
        "by": row.made_by.get_username() if row.made_by else None,
        "made_at": rfc3339(row.made_at),
        "starts_at": rfc3339(row.starts_at),
        "ends_at": rfc3339(row.ends_at),
        "ended_by": row.ended_by.get_username() if row.ended_by else None,
        "weekly": row.weekly,
        "state": one.state,
        "held_back": one.held_back,
        "last_held_back_at": one.last_at and rfc3339(one.last_at),
        "matches": [_matter(each) for each in one.matches],
        "ends_soon": one.ends_soon,
        "matched_nothing": one.matched_nothing,
    }


def _matter(one: Matter) -> dict[str, Any]:
    return {
        "key": one.key,
        "state": one.state,
        "title": one.notice["title"],
        "url": one.notice["url"],
        "account": one.account or None,
        "since": rfc3339(one.since),
    }
