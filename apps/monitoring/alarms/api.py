"""REST: CloudWatch alarms, and what happened to them."""

from datetime import datetime
from math import isnan
from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.accounts import Viewer
from apps.discovery.permissions import person
from apps.monitoring.alarms.blindness import blind_spots
from apps.monitoring.alarms.evaluating import evaluate
from apps.monitoring.alarms.views import chosen, history_of
from apps.monitoring.alarms.watched import NotShown
from apps.monitoring.alarms.wording import condition
from apps.monitoring.models import AlarmChange, CloudWatchAlarm
from apps.search.parameters import is_count
from apps.search.timerange import parse_range, rfc3339

_A_PAGE = 200
_PARAMETERS = [
    OpenApiParameter("q", str, description="Part of a name, metric or action."),
    OpenApiParameter("state", str, description="ALARM, INSUFFICIENT_DATA or OK."),
    OpenApiParameter("account", str, description="Account numbers, by commas."),
    OpenApiParameter("region", str, description="Regions, by commas."),
    OpenApiParameter("after", str, description="The `next` of the page before."),
]


class AlarmsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=_PARAMETERS,
        summary="CloudWatch alarms, those in alarm first",
    )
    def get(self, request: Request) -> Response:
        shown = chosen(request)
        state = request.query_params.get("state", "")
        if state:
            shown = shown.filter(state=state)
        after = request.query_params.get("after", "1")
        number = int(after) if is_count(after) else 1
        page = Paginator(shown, _A_PAGE).get_page(number)
        follows = str(page.next_page_number()) if page.has_next() else None
        return Response({"items": [_item(row) for row in page], "next": follows})


class AlarmView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="One CloudWatch alarm")
    def get(self, request: Request, alarm_id: int) -> Response:
        seen = CloudWatchAlarm.objects.visible_to(person(request))
        row = get_object_or_404(seen, pk=alarm_id)
        decision = _decision(row, person(request), timezone.now())
        return Response(_item(row) | {"settings": row.settings, "decision": decision})


class AlarmHistoryView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("since", str, description="Default now-24h."),
            OpenApiParameter("until", str, description="Default now."),
        ],
        summary="What happened to an alarm, newest first, 1,000 entries at most",
    )
    def get(self, request: Request, alarm_id: int) -> Response:
        seen = CloudWatchAlarm.objects.visible_to(person(request))
        row = get_object_or_404(seen, pk=alarm_id)
        asked = request.query_params
        range_ = parse_range(
            asked.get("since", "now-24h"), asked.get("until", "now"), timezone.now()
        )
        within = history_of(row).filter(at__gte=range_.since, at__lt=range_.until)
        return Response({"items": [_change(one) for one in within[:1_000]]})


def _item(row: CloudWatchAlarm) -> dict[str, Any]:
    return {
        "id": row.pk,
        "arn": row.arn,
        "name": row.name,
        "kind": row.kind,
        "account": row.account,
        "region": row.region,
        "state": row.state,
        "since": rfc3339(row.since),
        "reason": row.reason,
        "condition": condition(row.kind, row.settings),
        "evaluation_state": row.evaluation_state or None,
        "actions_enabled": row.are_actions_enabled,
        "blind": [one.text for one in blind_spots(row.record, timezone.now())],
        "read_at": rfc3339(row.told_at),
        "gone_at": rfc3339(row.gone_at) if row.gone_at else None,
    }


def _decision(row: CloudWatchAlarm, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """What it makes of the newest points that are stored, newest first."""
    try:
        found = evaluate(row, viewer, now).decision
    except NotShown as reason:
        return {"problem": str(reason)}
    return {
        "state": found.state,
        "why": found.why,
        "points": [
            {
                "at": rfc3339(one.at),
                "value": None if isnan(one.value) else one.value,
                "breaching": one.breach,
                "counts": one.counts,
            }
            for one in found.points
        ],
        "if_missing": {one.treatment: one.state for one in found.outcomes},
    }


def _change(one: AlarmChange) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        "type": one.type,
        "summary": one.summary,
        "was": one.was or None,
        "became": one.became or None,
        "data": one.data,
    }
