"""REST: a query in one of the three languages over the stored log lines."""

import time

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.monitoring.languages import keeping, results, runs
from apps.monitoring.languages.answering import Begun
from apps.monitoring.languages.asking import Asked, inquiry_of
from apps.monitoring.languages.filterpatterns import PatternError
from apps.monitoring.languages.insights import QueryError
from apps.monitoring.languages.running import Inquiry, Outcome
from apps.monitoring.models import LogQueryRun
from apps.search import store
from apps.search.parameters import is_count

Parameters = dict[str, list[str]]

MOST_SIZE = 10_000
_SIZE = 1_000
_MOST_WAIT_SECONDS = 30
_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def parameter(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=text)


QUESTION = [
    parameter("language", "`insights` (default), `pattern` or `trailmap`."),
    parameter("query", "The query in that language."),
    parameter("groups", "Log groups, repeatable or with commas. Default all."),
    parameter("since", "RFC 3339 or relative, such as now-15m. Default now-24h."),
    parameter("until", "The end, excluded. Default now."),
    parameter("account", "Account numbers, separated by commas."),
    parameter("region", "Regions, separated by commas."),
]
PAGING = [
    parameter("size", f"1 to {MOST_SIZE:,} rows of JSON. Default {_SIZE:,}."),
    parameter("after", "`next` of the page before."),
    parameter("as", "`json` (default), or `csv` or `ndjson` with all rows."),
]


class LogQueryView(APIView):
    @extend_schema(
        parameters=[*QUESTION, *PAGING],
        responses=OpenApiTypes.OBJECT,
        summary="Log lines by filter pattern, Logs Insights or Trailmap query",
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The answer comes when it is whole, or when the time limit is reached:
        `partial` then says what is missing. `next` leads to the rows of a long
        answer, which are kept for two days."""
        parameters = dict(request.query_params.lists())
        after = _last(parameters, "after")
        if after:
            return _page_after(request, after, size_of(parameters))
        asked, wanted = Asked.read(parameters), _last(parameters, "as")
        begun = timezone.now()
        inquiry = _inquiry(request, asked)
        for _ in inquiry.steps(
            store.reader(), time.monotonic, settings.LOG_QUERY_SECONDS
        ):
            pass
        outcome = _ended(inquiry)
        if wanted in _TYPES:
            return file_of(outcome, wanted)
        size = size_of(parameters)
        if len(outcome.answer.rows) <= size:
            return Response(results.as_json(outcome))
        run = runs.new_run(asked, person(request), begun)
        runs.keep_answered(run, outcome, timezone.now())
        return Response(page_of(run, 0, size))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        summary="Start a log query",
    )
    def post(self, request: Request) -> Response:
        """A run: with its rows where they come within `wait` seconds (2, at most 30),
        else 202 and `state` `running` or `requested`; `url` tells how far it is."""
        parameters = given(request)
        asked, wait, size = (
            Asked.read(parameters),
            _wait(parameters),
            size_of(parameters),
        )
        begun = timezone.now()
        inquiry = _inquiry(request, asked)
        started = time.monotonic()
        seconds = settings.LOG_QUERY_RUN_SECONDS
        steps = inquiry.steps(store.reader(), time.monotonic, seconds)
        for _ in steps:
            if time.monotonic() - started >= wait:
                break
        if inquiry.outcome is None:
            going = Begun(inquiry, steps)
            try:
                return started_run(runs.go_on(asked, person(request), begun, going))
            except runs.TooManyRuns as error:
                raise TooMany(str(error)) from error
        run = runs.new_run(asked, person(request), begun)
        runs.keep_answered(run, inquiry.outcome, timezone.now())
        return Response(page_of(run, 0, size))


class TooMany(APIException):
    status_code = 429
    default_code = "too_many_queries"


def given(request: Request) -> Parameters:
    """The body as a URL would have it."""
    body = request.data if isinstance(request.data, dict) else {}
    return {
        str(name): list(map(str, value)) if isinstance(value, list) else [str(value)]
        for name, value in body.items()
    }


def started_run(run: LogQueryRun) -> Response:
    answer = Response(page_of(run, 0, _SIZE), status=202)
    answer["Location"] = run_url(run)
    return answer


def run_url(run: LogQueryRun) -> str:
    return f"/api/v1/logs/query/{run.pk}"


def size_of(parameters: Parameters) -> int:
    text = _last(parameters, "size") or str(_SIZE)
    if not is_count(text) or not 1 <= int(text) <= MOST_SIZE:
        raise ValidationError({"size": f"A whole number from 1 to {MOST_SIZE:,}."})
    return int(text)


def _wait(parameters: Parameters) -> float:
    text = _last(parameters, "wait")
    if not text:
        return float(settings.LOG_QUERY_QUICK_SECONDS)
    if not is_count(text) or int(text) > _MOST_WAIT_SECONDS:
        raise ValidationError({"wait": f"Whole seconds, 0 to {_MOST_WAIT_SECONDS}."})
    return int(text)


def _last(parameters: Parameters, name: str) -> str:
    return (parameters.get(name) or [""])[-1]


def _inquiry(request: Request, asked: Asked) -> Inquiry:
    visible = person(request).visible_accounts()
    try:
        return inquiry_of(asked, visible, timezone.now(), settings.LOG_QUERY_SECONDS)
    except (PatternError, QueryError) as error:
        raise ValidationError({"query": str(error)}) from error


def _ended(inquiry: Inquiry) -> Outcome:
    if inquiry.outcome is None:
        raise AssertionError("steps that end leave an outcome")
    return inquiry.outcome


def _page_after(request: Request, after: str, size: int) -> Response:
    number, _, first = after.partition("-")
    if not is_count(number) or not is_count(first):
        raise ValidationError({"after": "This is no `next` of a page before."})
    return Response(page_of(run_of(request, int(number)), int(first), size))


def run_of(request: Request, run_id: int) -> LogQueryRun:
    """One's own run, as long as one may see what it tells of. Raises NotFound."""
    me = person(request)
    run = runs.runs_of(me.pk).filter(pk=run_id).first()
    if run is None or not runs.may_read(run, me.visible_accounts()):
        raise NotFound("There is no such query of yours.")
    return run


def page_of(run: LogQueryRun, first: int, size: int) -> dict[str, object]:
    """A run with some of its rows, as REST tells it."""
    outcome = keeping.outcome_of(run, first, size)
    following = first + size
    return {
        **results.run_as_json(run),
        "url": run_url(run),
        **results.as_json(outcome),
        "next": f"{run.pk}-{following}" if following < run.rows else None,
    }


def file_of(outcome: Outcome, suffix: str) -> HttpResponse:
    """All rows as a file; `suffix` is a key of _TYPES."""
    body = {"csv": results.as_csv, "ndjson": results.as_ndjson}[suffix](outcome)
    response = HttpResponse(body, content_type=_TYPES[suffix])
    name = f"trailmap-log-query.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    if outcome.partial:
        response["X-Trailmap-Partial"] = " ".join(outcome.partial)
    return response
