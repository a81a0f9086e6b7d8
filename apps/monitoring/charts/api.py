"""REST: which metrics there are, and their numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.monitoring.charts import catalogue
from apps.monitoring.charts.catalogue import Sought
from apps.monitoring.charts.computing import Computed, Drawn, compute
from apps.monitoring.charts.grids import RAW_POINTS
from apps.monitoring.charts.pages import note_looked
from apps.monitoring.charts.places import SpecError
from apps.monitoring.charts.specs import ChartSpec
from apps.monitoring.charts.states import DEFAULT_SINCE, DEFAULT_UNTIL, spec_of
from apps.monitoring.models import MetricSeries
from apps.search.parameters import is_count
from apps.search.timerange import from_milliseconds, parse_range, rfc3339

MAX_SIZE = 1_000
_DIMENSION = "dimension."


def _parameter(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=text)


class MetricsView(APIView):
    @extend_schema(
        parameters=[
            _parameter("q", "Words; each stands in namespace, name or a dimension."),
            _parameter("namespace", "Exactly this namespace."),
            _parameter("name", "Exactly this metric."),
            _parameter("account", "Account numbers, separated by commas."),
            _parameter("region", "Regions, separated by commas."),
            _parameter("size", f"1 to {MAX_SIZE:,} metrics. Default 100."),
            _parameter("after", "`next` of the page before."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Metrics that are known, in the order they were found",
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        size, after = _count(asked.get("size", "100"), "size"), asked.get("after", "0")
        if not 1 <= size <= MAX_SIZE:
            raise ValidationError({"size": f"A whole number from 1 to {MAX_SIZE:,}."})
        sought = Sought(
            words=catalogue.words_of(asked.get("q", "")[:200]),
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
            accounts=_listed(asked.get("account", "")),
            regions=_listed(asked.get("region", "")),
        )
        rows = catalogue.series(sought, person(request)).order_by("pk")
        some = list(rows.filter(pk__gt=_count(after, "after"))[: size + 1])
        has_more = len(some) > size
        return Response(
            {
                "items": [_item(row) for row in some[:size]],
                "next": str(some[size - 1].pk) if has_more else None,
            }
        )


def _count(text: str, name: str) -> int:
    if not is_count(text):
        raise ValidationError({name: "A whole number."})
    return int(text)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _item(row: MetricSeries) -> dict[str, Any]:
    return {
        "account": row.account,
        "region": row.region,
        "namespace": row.namespace,
        "name": row.name,
        "dimensions": dict(row.key.dimensions),
        "found_at": rfc3339(row.found_at),
        "listed_at": rfc3339(row.listed_at),
    }


_RANGE = [
    _parameter("since", f"RFC 3339 or relative. Default {DEFAULT_SINCE}."),
    _parameter("until", "The end, excluded. Default now."),
]


class MetricDataView(APIView):
    """Numbers of a chart, or of one metric."""

    @extend_schema(
        parameters=[
            _parameter("chart", "A chart as JSON; or the metric by the following."),
            _parameter("account", "The account's number."),
            _parameter("region", "The region."),
            _parameter("namespace", "The namespace."),
            _parameter("name", "The metric."),
            _parameter("dimension.NAME", "The value of a dimension; repeatable."),
            _parameter("statistic", "Average, Sum, p99 ... Default Average."),
            _parameter("period", "Seconds; without it the range decides."),
            *_RANGE,
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Values of metrics over time, with what was read of them",
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        try:
            if "chart" in asked:
                spec = spec_of(asked["chart"])
            else:
                spec = ChartSpec.parse(_simple(request))
        except SpecError as error:
            raise _refused(error) from error
        return _answer(request, spec, timezone.now())

    @extend_schema(
        parameters=_RANGE,
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        summary="The same for a chart that is too long for a URL",
    )
    def post(self, request: Request) -> Response:
        try:
            spec = ChartSpec.parse(request.data)
        except SpecError as error:
            raise _refused(error) from error
        return _answer(request, spec, timezone.now())


def _refused(error: SpecError) -> ValidationError:
    return ValidationError({error.place or "chart": str(error)})


def _simple(request: Request) -> dict[str, Any]:
    """One metric's parameters as a chart."""
    asked = request.query_params
    names = ("account", "region", "namespace", "name", "statistic")
    line: dict[str, Any] = {name: asked[name] for name in names if name in asked}
    line["dimensions"] = {
        name.removeprefix(_DIMENSION): asked[name]
        for name in asked
        if name.startswith(_DIMENSION)
    }
    period = _count(asked.get("period", "0"), "period")
    return {"period": period, "lines": [{"id": "a", **line}]}


def _answer(request: Request, spec: ChartSpec, now: datetime) -> Response:
    asked = request.query_params
    since, until = asked.get("since", DEFAULT_SINCE), asked.get("until", DEFAULT_UNTIL)
    span = parse_range(since or DEFAULT_SINCE, until or DEFAULT_UNTIL, now)
    most = RAW_POINTS if spec.period else 800
    computed = compute(spec, span, person(request), now, most)
    note_looked(computed, f"user:{person(request).get_username()}", now)
    return Response(_data(computed))


def _data(computed: Computed) -> dict[str, Any]:
    times = computed.grid.times
    return {
        "since": rfc3339(computed.span.since),
        "until": rfc3339(computed.span.until),
        "period_seconds": computed.grid.period_seconds,
        "lines": [_line(one, times) for one in computed.lines],
        "not_collected": [
            {"since": _time(gap.since), "until": _time(gap.until)}
            for gap in computed.gaps
        ],
        **({"usual": _usual(computed)} if computed.band is not None else {}),
    }


def _line(drawn: Drawn, times: Any) -> dict[str, Any]:
    known = ~np.isnan(drawn.values)
    since = drawn.provisional_since
    answer = {
        "id": drawn.line.id,
        "label": drawn.label,
        "unit": drawn.unit or None,
        "times": [_time(one) for one in times[known].tolist()],
        "values": drawn.values[known].tolist(),
        "covered": [
            {"since": _time(one.since), "until": _time(one.until)}
            for one in drawn.covered
        ],
        "provisional_since": None if since is None else _time(since),
        "problem": drawn.problem or None,
    }
    if drawn.before is not None:
        answer["before"] = _numbers(drawn.before[known])
    return answer


def _usual(computed: Computed) -> dict[str, Any]:
    assert computed.band is not None  # noqa: S101 - asked by the caller
    band, times = computed.band, computed.grid.times
    return {
        "method": band.method,
        "times": [_time(one) for one in times.tolist()],
        "low": _numbers(band.low),
        "high": _numbers(band.high),
    }


def _numbers(values: Any) -> list[float | None]:
    return [None if np.isnan(one) else one for one in values.tolist()]


def _time(seconds: int) -> str:
    return rfc3339(from_milliseconds(min(seconds, 7_258_118_400) * 1000))
