"""REST: queries of log lines that take long; how far they are, and how to end them."""

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.monitoring.languages import keeping, results, runs
from apps.monitoring.languages.api import (
    PAGING,
    file_of,
    page_of,
    parameter,
    run_of,
    run_url,
    size_of,
)
from apps.search.parameters import is_count

_PAGE = 50


class LogQueryRunView(APIView):
    """A run of one's own. Its rows are kept for two days."""

    @extend_schema(
        parameters=PAGING,
        responses=OpenApiTypes.OBJECT,
        summary="How far a log query is, and its rows so far",
    )
    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        run = run_of(request, run_id)
        parameters = dict(request.query_params.lists())
        wanted = (parameters.get("as") or [""])[-1]
        if wanted in {"csv", "ndjson"}:
            return file_of(keeping.outcome_of(run), wanted)
        _, _, first = (parameters.get("after") or ["-0"])[-1].partition("-")
        if not is_count(first):
            raise ValidationError({"after": "This is no `next` of a page before."})
        return Response(page_of(run, int(first), size_of(parameters)))

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="Cancel a log query; what it found is kept",
    )
    def delete(self, request: Request, run_id: int) -> Response:
        run = run_of(request, run_id)
        runs.cancel(run.pk, timezone.now())
        run.refresh_from_db()
        return Response(results.run_as_json(run), status=202)


class LogQueryCancelView(APIView):
    @extend_schema(
        request=None,
        responses=OpenApiTypes.OBJECT,
        summary="Cancel a log query, for clients that cannot DELETE",
    )
    def post(self, request: Request, run_id: int) -> Response:
        return LogQueryRunView().delete(request, run_id)


class LogQueryRunsView(APIView):
    @extend_schema(
        parameters=[parameter("after", "`next` of the page before.")],
        responses=OpenApiTypes.OBJECT,
        summary="One's own log queries of the last 30 days, newest first",
    )
    def get(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not is_count(after):
            raise ValidationError({"after": "This is no `next` of a page before."})
        first, me = int(after), person(request)
        found = list(runs.runs_of(me.pk)[first : first + _PAGE + 1])
        return Response(
            {
                "items": [
                    {**results.run_as_json(run), "url": run_url(run)}
                    for run in found[:_PAGE]
                ],
                "next": str(first + _PAGE) if len(found) > _PAGE else None,
            }
        )
