"""REST: rules tried on the past."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.monitoring.incidents import backtesting
from apps.monitoring.incidents.api import changeable_rule
from apps.monitoring.incidents.backtesting import CannotBacktest, incidents_of
from apps.monitoring.incidents.lists import backtests_of
from apps.monitoring.models import Backtest
from apps.search.timerange import from_milliseconds, parse_range, rfc3339

_ASKED = {
    "type": "object",
    "properties": {
        "since": {"type": "string", "description": "Default now-24h."},
        "until": {"type": "string", "description": "Default now."},
    },
}


class RuleBacktestsView(APIView):
    @extend_schema(
        operation_id="rules_backtest",
        request={"application/json": _ASKED},
        responses={201: OpenApiTypes.OBJECT},
        summary="Try a rule on what is stored; a worker does it",
    )
    def post(self, request: Request, rule_id: int) -> Response:
        rule, now = changeable_rule(request, rule_id), timezone.now()
        asked = request.data if isinstance(request.data, dict) else {}
        since, until = (
            str(asked.get(name) or default)
            for name, default in (("since", "now-24h"), ("until", "now"))
        )
        span = parse_range(since, until, now)
        try:
            made = backtesting.request(
                rule, (span.since, span.until), person(request), now
            )
        except CannotBacktest as error:
            raise ValidationError({"since": str(error)}) from error
        return Response(_item(made), status=201)


class BacktestView(APIView):
    @extend_schema(
        operation_id="backtests_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="When a rule would have fired, as far as it was tried",
    )
    def get(self, request: Request, backtest_id: int) -> Response:
        return Response(_item(_seen(request, backtest_id)))

    @extend_schema(
        operation_id="backtests_cancel",
        responses={204: None},
        summary="Stop trying; what was found so far stays",
    )
    def delete(self, request: Request, backtest_id: int) -> Response:
        backtesting.cancel(_seen(request, backtest_id), timezone.now())
        return Response(status=204)


def _seen(request: Request, backtest_id: int) -> Backtest:
    return get_object_or_404(backtests_of(person(request)), pk=backtest_id)


def _item(row: Backtest) -> dict[str, Any]:
    until = int(row.until.timestamp())
    things = [
        {
            "key": key,
            "text": one["text"],
            "fired": [_times(some) for some in one["fired"]],
        }
        for key, one in row.result.items()
    ]
    return {
        "id": row.pk,
        "rule": row.rule_id,
        "state": row.state,
        "since": rfc3339(row.since),
        "until": rfc3339(row.until),
        "reached": rfc3339(row.reached) if row.reached else None,
        "problem": row.problem or None,
        "incidents": incidents_of(row.result.values(), until),
        "watched": things,
    }


def _times(some: list[int | None]) -> dict[str, str | None]:
    since, until = (
        None if one is None else rfc3339(from_milliseconds(one * 1_000)) for one in some
    )
    return {"since": since, "until": until}
