"""The page that shows and makes one chart, and its numbers as a file."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.charts import panels
from apps.monitoring.charts.computing import Computed, compute, unmerged
from apps.monitoring.charts.figures import colour_of
from apps.monitoring.charts.grids import RAW_POINTS
from apps.monitoring.charts.loglinks import log_query
from apps.monitoring.charts.panels import Panel, chart_url, compact
from apps.monitoring.charts.specs import (
    AXES,
    COMPARISONS,
    FILLS,
    KINDS,
    PERIODS,
    STATISTICS,
    ChartSpec,
    MetricLine,
    SpecError,
)
from apps.monitoring.charts.states import changed_chart, kept, spec_of, with_times
from apps.monitoring.metrics import interest
from apps.monitoring.models import Dashboard
from apps.search.pickers import pairs, time_picker
from apps.search.timerange import (
    TimeError,
    TimeRange,
    from_milliseconds,
    parse_range,
    rfc3339,
)

_COMPARED = {"": "nothing", "1d": "a day before", "1w": "a week before"}
_COMPARED |= {"4w": "4 weeks before"}
_PERIOD_NAMES = {0: "automatic", 60: "1 minute", 300: "5 minutes", 900: "15 minutes"}
_PERIOD_NAMES |= {3600: "1 hour", 21600: "6 hours", 86400: "1 day"}
_FILL_NAMES = {"gap": "leave a gap", "zero": "as zero", "previous": "repeat the last"}
_FILL_NAMES |= {"number": "as a number"}
# A spreadsheet runs a text that begins so as a formula; a quote makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CSV_ROWS = 1_000
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,80}")


def chart(request: HttpRequest) -> HttpResponse:
    """A chart, and the form that changes it; all of it is in the URL."""
    parameters, now = with_times(request), timezone.now()
    context: dict[str, Any] = {"time": time_picker(parameters, None)}
    status = 200
    try:
        spec = spec_of(request.GET.get("chart", ""))
        span = parse_range(parameters["since"][0], parameters["until"][0], now)
        context["time"] = time_picker(parameters, span)
        drawn = panels.panel(spec, span, person(request), now)
        note_looked(drawn.computed, f"user:{person(request).get_username()}", now)
        context |= _about(request, drawn, span)
    except (SpecError, TimeError) as error:
        context["problem"] = str(error)
        status = 400
    context["hidden"] = pairs(request.GET, without=("chart",))
    return render(request, "monitoring/charts/chart.html", context, status=status)


def _about(request: HttpRequest, drawn: Panel, span: TimeRange) -> dict[str, Any]:
    spec = drawn.spec
    return {
        "panel": drawn,
        "spec": spec,
        "chart_json": compact(spec),
        "lines": [_form_line(at, line) for at, line in enumerate(spec.lines)],
        "kinds": KINDS,
        "periods": [(one, _PERIOD_NAMES[one]) for one in PERIODS],
        "compared": [(one, _COMPARED[one]) for one in COMPARISONS],
        "statistics": STATISTICS,
        "fills": _FILL_NAMES.items(),
        "axes": AXES,
        "curl": _curl(request, spec),
        "logs_url": _logs_url(spec, span),
        "add_url": _add_url(request, spec),
        "origin": _origin(request),
        "kept": kept(request.GET),
    }


def _form_line(at: int, line: Any) -> dict[str, Any]:
    is_number = line.fill not in FILLS
    statistic = line.statistic if isinstance(line, MetricLine) else ""
    return {
        "at": at,
        "prefix": f"lines-{at}-",
        "line": line,
        "is_metric": isinstance(line, MetricLine),
        "colour": colour_of(at),
        "statistics": dict.fromkeys((statistic, *STATISTICS)),
        "fill": "number" if is_number else line.fill,
        "number": line.fill if is_number else "",
    }


def change_chart(request: HttpRequest) -> HttpResponse:
    """What the form says, as the URL of the changed chart."""
    form = request.GET
    handed_on = kept(form)
    try:
        spec = ChartSpec.parse(changed_chart(form.get("chart", ""), form))
    except SpecError as error:
        context = {
            "problem": str(error),
            "back": form.get("chart", ""),
            "kept": handed_on,
            "time": time_picker(with_times(request), None),
        }
        return render(request, "monitoring/charts/chart.html", context, status=400)
    query = urlencode([("chart", compact(spec)), *handed_on])
    return redirect(f"{reverse('metrics-chart')}?{query}")


def note_looked(computed: Computed, by: str, now: datetime) -> None:
    """Whoever sees these lines has them collected more often for a while."""
    interest.note_looked(list(computed.series.values()), now, by)
    period = computed.grid.period_seconds
    for key, statistic in unmerged(computed.spec):
        if key in computed.series:
            interest.want_statistic(computed.series[key], statistic, period, now)


def _curl(request: HttpRequest, spec: ChartSpec) -> str:
    """The same question as an API call for a shell; the token is the reader's."""
    times = [
        (name, request.GET[name])
        for name in ("since", "until")
        if request.GET.get(name)
    ]
    query = urlencode([("chart", compact(spec)), *times])
    url = request.build_absolute_uri(f"{reverse('api-metric-data')}?{query}")
    return f'curl -H "Authorization: Bearer $TRAILMAP_TOKEN" {shlex.quote(url)}'


def _logs_url(spec: ChartSpec, span: TimeRange) -> str:
    """The lines of the same resources in the time of the chart."""
    query = {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    found = log_query(spec.keys())
    said = urlencode({"q": found, **query} if found else query)
    return f"{reverse('explore', args=['logs'])}?{said}"


def _add_url(request: HttpRequest, spec: ChartSpec) -> str:
    """Where the chart is put on a dashboard; "" for who may not change any."""
    if not person(request).rights.may_everywhere(Role.OPERATOR):
        return ""
    return chart_url("add-chart", spec, more=_from_panel(request))


def _from_panel(request: HttpRequest) -> dict[str, str]:
    """The panel of a dashboard that the chart was opened from."""
    named = {name: request.GET.get(name, "") for name in ("dashboard", "panel")}
    return named if all(named.values()) else {}


def _origin(request: HttpRequest) -> Dashboard | None:
    """The dashboard it was opened from, to go back to and to save to."""
    slug = _from_panel(request).get("dashboard", "")
    boards = Dashboard.objects.visible_to(person(request).pk)
    return boards.filter(slug=slug).first() if _SLUG.fullmatch(slug) else None


def chart_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The numbers of a chart, a row for every period."""
    parameters, now = with_times(request), timezone.now()
    try:
        spec = spec_of(request.GET.get("chart", ""))
        span = parse_range(parameters["since"][0], parameters["until"][0], now)
    except (SpecError, TimeError) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    computed = compute(spec, span, person(request), now, RAW_POINTS)
    answer = StreamingHttpResponse(_streamed(computed), content_type="text/csv")
    answer["Content-Disposition"] = 'attachment; filename="chart.csv"'
    return answer


async def _streamed(computed: Computed) -> AsyncIterator[bytes]:
    """Servers of ours gather what is not asynchronous before they send it."""
    for piece in csv_pieces(computed):
        yield piece


def csv_pieces(computed: Computed) -> Iterator[bytes]:
    """UTC times and values; a missing value is an empty cell."""
    heads = [
        _safe(one.label + (f" [{one.unit}]" if one.unit else ""))
        for one in computed.lines
    ]
    yield _lines([["time", *heads]])
    times = computed.grid.times
    for begin in range(0, times.size, _CSV_ROWS):
        some = slice(begin, begin + _CSV_ROWS)
        columns = [one.values[some].tolist() for one in computed.lines]
        stamps = [
            rfc3339(from_milliseconds(one * 1000)) for one in times[some].tolist()
        ]
        rows = zip(stamps, *columns, strict=True) if columns else ()
        yield _lines([[_cell(value) for value in row] for row in rows])


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and np.isnan(value) else value


def _safe(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def _lines(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
