"""REST: violations, and how resources comply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.compliance import figures, listing
from apps.audit.compliance.listing import Choice, chosen
from apps.audit.compliance.violationtexts import told
from apps.audit.models import ComplianceRule, Violation
from apps.discovery.permissions import person
from apps.search.parameters import is_count
from apps.search.timerange import rfc3339

_A_PAGE = 200
_DAYS = 30
NARROWING = [
    OpenApiParameter("state", str, description="open, exempt, resolved or all."),
    OpenApiParameter("q", str, description="Part of a name, rule, reason or actor."),
    OpenApiParameter("rule", str, description="Slugs of rules, by commas."),
    OpenApiParameter("severity", str, description="critical, high, medium, low."),
    OpenApiParameter("account", str, description="Account numbers, by commas."),
    OpenApiParameter("region", str, description="Regions, by commas."),
    OpenApiParameter("owner", str, description="Who answers for the resource."),
    OpenApiParameter("service", str, description="Such as S3, of AWS::S3::Bucket."),
    OpenApiParameter("type", str, description="Such as AWS::S3::Bucket."),
    OpenApiParameter("pack", str, description="Slug of a pack."),
    OpenApiParameter("resource", str, description="Id or ARN of a resource."),
]


class ViolationsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            *NARROWING,
            OpenApiParameter("after", str, description="`next` of the page before."),
        ],
        summary="Violations, the worst first",
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        choice = Choice.read(dict(request.query_params.lists()))
        shown = chosen(choice, person(request), now)
        after = request.query_params.get("after", "1")
        number = int(after) if is_count(after) else 1
        rows = shown.select_related("rule", "resource", "exemption")
        page = Paginator(rows, _A_PAGE).get_page(number)
        follows = str(page.next_page_number()) if page.has_next() else None
        return Response({"items": [told(row, now) for row in page], "next": follows})


class ViolationView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="One violation")
    def get(self, request: Request, violation_id: int) -> Response:
        seen = Violation.objects.visible_to(person(request))
        rows = seen.select_related("rule", "resource", "exemption")
        return Response(told(get_object_or_404(rows, pk=violation_id), timezone.now()))


class ComplianceView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=NARROWING,
        summary="Open violations counted, by day of the last 30, and time to fix",
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        choice = Choice.read(dict(request.query_params.lists()))
        every = listing.narrowed(choice, person(request))
        return Response(summary(every, now))


def summary(every: Any, now: datetime) -> dict[str, Any]:
    """The figures of these violations, whatever their state."""
    still = listing.in_state(every, listing.OPEN, now)
    counted = {
        "severity": figures.by_severity(still),
        "account": figures.by_account(still),
        "service": figures.by_service(still),
        "pack": figures.by_pack(still),
        "owner": figures.by_owner(still),
        "rule": figures.by_rule(still),
    }
    fixed = figures.time_to_fix(every, now, _DAYS)
    return {
        "at": rfc3339(now),
        "open": still.count(),
        "exempt": listing.in_state(every, listing.EXEMPT, now).count(),
        "by": {
            name: [{"key": one.key, "open": one.count} for one in shares]
            for name, shares in counted.items()
        },
        "days": [
            {
                "day": one.day.isoformat(),
                "opened": one.opened,
                "resolved": one.resolved,
                "open": one.open,
            }
            for one in figures.trend(every, now, _DAYS)
        ],
        "seconds_to_fix": {
            name: [
                {
                    "key": one.key,
                    "count": one.count,
                    "median": one.median.total_seconds(),
                    "p90": one.p90.total_seconds(),
                }
                for one in some
            ]
            for name, some in fixed.items()
        },
    }


class ComplianceRulesView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Rules, and where they are")
    def get(self, request: Request) -> Response:
        rules = ComplianceRule.objects.visible_to(person(request))
        return Response({"items": [told_rule(one) for one in rules], "next": None})


def told_rule(rule: ComplianceRule) -> dict[str, Any]:
    return {
        "slug": rule.slug,
        "title": rule.title,
        "kind": rule.kind,
        "identifier": rule.identifier or None,
        "severity": rule.severity,
        "enabled": rule.is_enabled,
        "parameters": rule.parameters,
        "conditions": rule.conditions or None,
        "resource_types": rule.resource_types,
        "account": rule.account or None,
        "region": rule.region or None,
    }
