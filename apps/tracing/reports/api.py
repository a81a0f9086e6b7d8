"""The reports on talkative services and on caches over REST."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.search.timerange import TimeError
from apps.search.viewers import viewer_of
from apps.tracing.reports import reportjson
from apps.tracing.reports.caching import candidates
from apps.tracing.reports.chattiness import Habit, chattiness
from apps.tracing.reports.pages import cache_sources
from apps.tracing.reports.questions import ReportQuestion
from apps.tracing.reports.sampling import sample

_WINDOW = [
    OpenApiParameter("since", str, description="RFC 3339 or relative; now-1h."),
    OpenApiParameter("until", str, description="RFC 3339 or relative; now."),
    OpenApiParameter("account", str, many=True),
    OpenApiParameter("source", str, description="The name of who calls."),
    OpenApiParameter("target", str, description="The name of who is called."),
]


def _question(request: Request) -> ReportQuestion:
    given = {name: list(map(str, many)) for name, many in request.query_params.lists()}
    habit = given.get("habit", [""])[-1]
    if habit and habit not in set(Habit):
        raise ValidationError({"habit": f"One of {', '.join(Habit)}."})
    try:
        return ReportQuestion.read(
            given, viewer_of(request).visible_accounts(), timezone.now()
        )
    except TimeError as error:
        raise ValidationError({"since": str(error)}) from error


class ChattinessView(APIView):
    @extend_schema(
        parameters=[*_WINDOW, OpenApiParameter("habit", str, enum=list(Habit))],
        responses=OpenApiTypes.OBJECT,
        summary="Calls a request, and what time fewer of them would save",
    )
    def get(self, request: Request) -> Response:
        question = _question(request)
        found = sample(question.span, question.accounts)
        report = chattiness(found.traces())
        return Response(
            {
                "traces": {"total": found.total, "read": report.traces},
                "requests": report.requests,
                "findings": [
                    reportjson.finding_json(one)
                    for one in report.findings
                    if question.wants_finding(one)
                ],
                "edges": [
                    reportjson.edge_json(one)
                    for one in report.edges
                    if question.wants(one.source, one.target)
                ],
            }
        )


class CachesView(APIView):
    @extend_schema(
        parameters=_WINDOW,
        responses=OpenApiTypes.OBJECT,
        summary="Reads that a cache could answer, and how well caches do",
    )
    def get(self, request: Request) -> Response:
        question = _question(request)
        found = sample(question.span, question.accounts)
        viewer = viewer_of(request)
        rates = [one for read in cache_sources() for one in read(question.span, viewer)]
        return Response(
            {
                "candidates": [
                    reportjson.candidate_json(one)
                    for one in candidates(found.traces())
                    if question.wants(one.source, one.target)
                ],
                "caches": [reportjson.rate_json(one) for one in rates],
            }
        )
