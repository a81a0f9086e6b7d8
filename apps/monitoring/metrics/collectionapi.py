"""REST: how far metrics are collected, what that costs, and what may be changed."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.metrics.forms import PlanForm
from apps.monitoring.metrics.overview import Collected, Region, Share, collected
from apps.monitoring.models import MetricPlan
from apps.search.timerange import rfc3339

_CHANGEABLE = frozenset(("budget_dollars", "excluded", "paused", "period_seconds"))


class CollectionsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="Collection of metrics, by account"
    )
    def get(self, request: Request) -> Response:
        found = collected(person(request), timezone.now())
        return Response({"items": [_item(one) for one in found], "next": None})


class CollectionView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="Collection of metrics of an account"
    )
    def get(self, request: Request, number: str) -> Response:
        return Response(_item(_one(request, number)))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        summary="Change budget_dollars, period_seconds, excluded or paused",
    )
    def patch(self, request: Request, number: str) -> Response:
        if not person(request).rights.may_everywhere(Role.ADMIN):
            raise PermissionDenied("This needs the role admin in all accounts.")
        plan = _one(request, number).plan
        _change(plan, request.data)
        return Response(_item(_one(request, number)))


def _one(request: Request, number: str) -> Collected:
    for one in collected(person(request), timezone.now()):
        if one.account.number == number:
            return one
    raise Http404


def _change(plan: MetricPlan, asked: Any) -> None:
    """Raises ValidationError that names the field."""
    if not isinstance(asked, dict):
        raise ValidationError("Send an object.")
    if unknown := sorted(asked.keys() - _CHANGEABLE):
        known = ", ".join(sorted(_CHANGEABLE))
        raise ValidationError({unknown[0]: f"There are {known}."})
    paused = asked.get("paused", plan.is_paused)
    if not isinstance(paused, bool):
        raise ValidationError({"paused": "true or false"})
    form = PlanForm(_as_form(plan, asked), instance=plan)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        told = [str(error) for error in errors]
        raise ValidationError({field.removesuffix("_text"): told})
    plan.is_paused = paused
    form.save()


def _as_form(plan: MetricPlan, asked: dict[str, Any]) -> dict[str, Any]:
    """What a person would have filled in."""
    excluded = asked.get("excluded", [one.namespace for one in plan.exclusions.all()])
    if not isinstance(excluded, list) or not all(
        isinstance(one, str) for one in excluded
    ):
        raise ValidationError({"excluded": "A list of namespaces."})
    return {
        "budget_dollars": asked.get("budget_dollars", plan.budget_dollars),
        "period_seconds": asked.get("period_seconds", plan.period_seconds),
        "excluded_text": "\n".join(excluded),
    }


def _item(one: Collected) -> dict[str, Any]:
    today = one.today
    return {
        "account": one.account.number,
        "name": one.account.name,
        "state": one.state,
        "paused": one.plan.is_paused,
        "period_seconds": one.plan.period_seconds,
        "excluded": one.excluded,
        "background_slowed_down_times": one.stretch,
        "today": {
            "billed_metrics": today.billed,
            "calls": today.calls,
            "dollars": today.dollars,
            "budget_dollars": today.budget_dollars,
            "used_up": today.is_used_up,
            "ends_at": rfc3339(today.resumes_at),
            "by_namespace": [_share(share) for share in today.by_namespace],
            "by_who": [_share(share) for share in today.by_who],
        },
        "regions": [_region(region) for region in one.regions],
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "name": share.name,
        "billed_metrics": round(share.billed, 3),
        "dollars": share.dollars,
    }


def _region(region: Region) -> dict[str, Any]:
    scope, counts = region.scope, region.counts
    return {
        "region": scope.region,
        "enabled": scope.is_enabled,
        "series": counts.series,
        "series_asked_each_minute": counts.watched,
        "series_failing": counts.failing,
        "listed_at": scope.listed_at and rfc3339(scope.listed_at),
        "listing_problem": scope.listing_problem or None,
        "read_at": scope.read_at and rfc3339(scope.read_at),
        "reading_problem": scope.reading_problem or None,
        "newest_minute_read": counts.newest and rfc3339(counts.newest),
        "oldest_minute_read": counts.oldest and rfc3339(counts.oldest),
        "problems": list(region.problems),
        "outages": [
            {
                "since": rfc3339(outage.since),
                "until": rfc3339(outage.until),
                "problem": outage.problem,
            }
            for outage in region.outages
        ],
    }
