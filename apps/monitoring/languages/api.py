"""REST: a query in one of the three languages over the stored log lines."""

import time

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.monitoring.languages import results
from apps.monitoring.languages.asking import Asked, inquiry_of
from apps.monitoring.languages.filterpatterns import PatternError
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.running import Outcome
from apps.search import store
from apps.search.viewers import viewer_of

_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_PARAMETERS = [
    OpenApiParameter(name, OpenApiTypes.STR, description=text)
    for name, text in (
        ("language", "`insights` (default), `pattern` or `trailmap`."),
        ("query", "The query in that language."),
        ("groups", "Log groups, repeatable or separated by commas. Default all."),
        ("since", "RFC 3339 or relative, such as now-15m. Default now-24h."),
        ("until", "The end, excluded. Default now."),
        ("account", "Account numbers, separated by commas."),
        ("region", "Regions, separated by commas."),
        ("as", "`json` (default), `csv` or `ndjson`."),
    )
]


class LogQueryView(APIView):
    """The answer comes when it is whole, or when the time limit is reached: `partial`
    then says what is missing. Closing the connection cancels nothing here that would
    go on beyond that limit."""

    @extend_schema(
        parameters=_PARAMETERS,
        responses=OpenApiTypes.OBJECT,
        summary="Log lines by filter pattern, Logs Insights or Trailmap query",
    )
    def get(self, request: Request) -> HttpResponseBase:
        return self._answer(request, dict(request.query_params.lists()))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        summary="The same, for queries longer than a URL",
    )
    def post(self, request: Request) -> HttpResponseBase:
        given = request.data if isinstance(request.data, dict) else {}
        parameters = {
            str(name): list(map(str, value))
            if isinstance(value, list)
            else [str(value)]
            for name, value in given.items()
        }
        return self._answer(request, parameters)

    def _answer(
        self, request: Request, parameters: dict[str, list[str]]
    ) -> HttpResponseBase:
        outcome = _outcome(request, Asked.read(parameters))
        wanted = (parameters.get("as") or ["json"])[-1]
        if wanted not in _TYPES:
            return Response(results.as_json(outcome))
        body = {"csv": results.as_csv, "ndjson": results.as_ndjson}[wanted](outcome)
        response = HttpResponse(body, content_type=_TYPES[wanted])
        name = f"trailmap-log-query.{wanted}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        if outcome.partial:
            response["X-Trailmap-Partial"] = " ".join(outcome.partial)
        return response


def _outcome(request: Request, asked: Asked) -> Outcome:
    visible = viewer_of(request).visible_accounts()
    seconds = settings.LOG_QUERY_SECONDS
    try:
        inquiry = inquiry_of(asked, visible, timezone.now(), seconds)
    except (PatternError, QueryError) as error:
        raise ValidationError({"query": str(error)}) from error
    for _ in inquiry.steps(store.reader(), time.monotonic, seconds):
        pass
    if inquiry.outcome is None:
        raise AssertionError("steps that end leave an outcome")
    return inquiry.outcome
