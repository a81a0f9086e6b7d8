"""Any field of a kind over time: as a page, as CSV, over REST."""

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.search import charts, store
from apps.search.api import QUESTION, KindView
from apps.search.engines.base import SearchRequest
from apps.search.explorestate import ExploreState
from apps.search.exporting import safe_text
from apps.search.fieldnames import known_paths
from apps.search.intervals import SECOND_MS, check_interval, fitting_interval
from apps.search.kinds import FieldType, Kind
from apps.search.measures import Asked, Measure, Measured, measure
from apps.search.pickers import pairs, time_picker
from apps.search.results import PROBLEMS, Problem, kind_of, problem_of, question_of
from apps.search.timerange import from_milliseconds, rfc3339
from apps.search.viewers import viewer_of
from apps.search.views import frame

_LONGEST_FIELD = 300
_TITLES = {
    Measure.COUNT: "Count of documents",
    Measure.AVERAGE: "Average",
    Measure.MINIMUM: "Minimum",
    Measure.MAXIMUM: "Maximum",
    Measure.SUM: "Sum",
    Measure.P50: "Median (p50)",
    Measure.P90: "p90",
    Measure.P95: "p95",
    Measure.P99: "p99",
}
_NO_FIELD = Problem(
    "Of which field?", "Choose the field whose values are to be measured, or a count."
)


def chart(request: HttpRequest, kind_name: str) -> HttpResponse:
    kind = kind_of(kind_name)
    parameters = dict(request.GET.lists())
    state = ExploreState.read(parameters)
    asked = _asked(request.GET.get("measure", ""), request.GET.get("field", ""), state)
    context = frame(request, kind, state) | {
        "here": "explore-chart",
        "asked": asked,
        "measures": [(one.value, title) for one, title in _TITLES.items()],
        "fields": _fields(request, kind),
        "chart_hidden": pairs(parameters, without=("measure", "field", "by", "row")),
        "by_choices": list(dict.fromkeys([*kind.facets, *kind.columns, state.by])),
    }
    span = None
    try:
        question = question_of(request, kind_name)
        span = question.request.range
        context |= {"range": span} | _drawn(kind, question.request, asked)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    context["time"] = time_picker(parameters, span)
    return render(request, "search/chart.html", context)


def _asked(name: str, field: str, state: ExploreState) -> Asked:
    known = Measure(name) if name in set(Measure) else Measure.COUNT
    by = None if state.by in ("", "none") else state.by
    return Asked(known, field.strip()[:_LONGEST_FIELD], by)


def _fields(request: HttpRequest, kind: Kind) -> list[str]:
    """Fields to choose from: numbers first, then whatever else there is."""
    scope = ExploreState().scope(viewer_of(request).visible_accounts())
    within = SearchRequest(kind, timezone.now(), scope=scope, seconds=2.0)
    try:
        seen = known_paths(store.reader(), within)
    except PROBLEMS:
        seen = frozenset()
    numbers = [one.path for one in kind.fields if one.type is FieldType.NUMBER]
    return [*numbers, *sorted(seen - set(numbers))][:400]


def _measured(request: SearchRequest, asked: Asked) -> Measured:
    interval_ms = fitting_interval(request.range.until_ms - request.range.since_ms)
    return measure(store.reader(), request, asked, interval_ms)


def _drawn(kind: Kind, request: SearchRequest, asked: Asked) -> dict[str, Any]:
    if asked.measure is not Measure.COUNT and not asked.field:
        return {"problem": _NO_FIELD}
    found = _measured(request, asked)
    without = f"No {kind.field(asked.by).label.lower()}" if asked.by else "All"
    return {
        "measured": found,
        "partial": found.partial,
        "figure": charts.measured_figure(found, without, kind.colours),
        "series": charts.names_of(found.series, without),
        "chart_rows": [
            {"start": from_milliseconds(start), "values": values}
            for start, *values in zip(
                found.starts_ms, *found.series.values(), strict=True
            )
            if any(value is not None for value in values)
        ],
    }


def chart_csv(request: HttpRequest, kind_name: str) -> HttpResponse:
    """The numbers of the chart, a row for each bucket."""
    kind = kind_of(kind_name)
    state = ExploreState.read(dict(request.GET.lists()))
    asked = _asked(request.GET.get("measure", ""), request.GET.get("field", ""), state)
    if asked.measure is not Measure.COUNT and not asked.field:
        return HttpResponseBadRequest(_NO_FIELD.text, content_type="text/plain")
    try:
        found = _measured(question_of(request, kind_name).request, asked)
    except PROBLEMS as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    names = charts.names_of(found.series, "none").values()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["time", *map(safe_text, names)])
    for start, *values in zip(found.starts_ms, *found.series.values(), strict=True):
        writer.writerow([rfc3339(from_milliseconds(start)), *values])
    answer = HttpResponse(
        text.getvalue().encode("utf-8", "backslashreplace"),
        content_type="text/csv; charset=utf-8",
    )
    name = f"trailmap-{kind.name}-chart.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class SeriesView(KindView):
    @extend_schema(
        parameters=[
            *QUESTION,
            OpenApiParameter("measure", str, enum=list(Measure)),
            OpenApiParameter("field", str, description="The field that is measured."),
            OpenApiParameter("by", str, description="A field to split by."),
            OpenApiParameter("interval", int, description="Seconds of a bucket."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="A count, or a measure of a numeric field, over time",
    )
    def get(self, request: Request, kind_name: str) -> Response:
        given = request.query_params
        name = given.get("measure", Measure.COUNT)
        if name not in set(Measure):
            raise ValidationError({"measure": f"One of {', '.join(Measure)}."})
        asked = _asked(name, given.get("field", ""), self.state())
        if asked.measure is not Measure.COUNT and not asked.field:
            raise ValidationError({"field": "The field whose values are measured."})
        question = self.question()
        length_ms = question.range.until_ms - question.range.since_ms
        interval_ms = fitting_interval(length_ms)
        if "interval" in given:
            interval_ms = self.number("interval", 1, 10**9) * SECOND_MS
        check_interval(length_ms, interval_ms)
        found = measure(store.reader(), question, asked, interval_ms)
        names = charts.names_of(found.series, "without")
        return Response(
            {
                "interval_seconds": interval_ms // SECOND_MS,
                "starts": [rfc3339(from_milliseconds(ms)) for ms in found.starts_ms],
                "series": {
                    names[name]: list(values) for name, values in found.series.items()
                },
                "documents": {"total": found.extent.total, "read": found.extent.read},
                **({"partial": found.partial} if found.partial else {}),
            }
        )
