"""The browser of metrics: namespaces, names, dimensions, and what they did lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from apps.discovery.accounts import visible_to
from apps.discovery.models import Account
from apps.discovery.permissions import person
from apps.monitoring.charts import catalogue, units
from apps.monitoring.charts.catalogue import Sought
from apps.monitoring.charts.grids import Grid, placed
from apps.monitoring.charts.panels import compact
from apps.monitoring.charts.places import SpecError
from apps.monitoring.charts.sparks import Spark, spark
from apps.monitoring.charts.specs import MAX_LINES, ChartSpec, MetricLine
from apps.monitoring.charts.states import free_id, kept, spec_of
from apps.monitoring.metrics import samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Wanted
from apps.monitoring.models import MetricSeries
from apps.search.parameters import is_count
from apps.search.pickers import pairs, scope_picker
from apps.search.viewers import Viewer

ROWS = 50
_MOST_PAGES = 10_000
_LATELY = timedelta(hours=3)
_SPARK_PERIOD = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A series in the table."""

    series: MetricSeries
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    spark: Spark
    last: str
    draw_url: str


def metrics(request: HttpRequest) -> HttpResponse:
    """What there is, narrowed by words, namespace, name and scope."""
    sought, now, viewer = _sought(request), timezone.now(), person(request)
    at = _page(request)
    places = _places(request, sought, viewer)
    found = catalogue.ranked(sought, viewer)
    some = list(found[at * ROWS : at * ROWS + ROWS + 1])
    context: dict[str, Any] = {
        "sought": sought,
        "q": request.GET.get("q", ""),
        "rows": _rows(request, some[:ROWS], now),
        "total": _total(places),
        "next": _url(request, page=str(at + 1)) if len(some) > ROWS else "",
        "previous": _url(request, page=str(at - 1)) if at else "",
        "scope": scope_picker(dict(request.GET.lists())),
        "hidden": pairs(request.GET, without=("q", "page")),
        "namespaces": places,
        "chart": request.GET.get("chart", ""),
        "kept": kept(request.GET),
        "most_lines": MAX_LINES,
    }
    if not some and catalogue.is_empty(viewer):
        context["empty"] = _why_empty(viewer)
    return render(request, "monitoring/charts/metrics.html", context)


def _sought(request: HttpRequest) -> Sought:
    scope = scope_picker(dict(request.GET.lists()))
    return Sought(
        words=catalogue.words_of(request.GET.get("q", "")[:200].replace("\0", "")),
        namespace=request.GET.get("namespace", "")[:255].replace("\0", ""),
        name=request.GET.get("name", "")[:255].replace("\0", ""),
        accounts=tuple(scope.accounts),
        regions=tuple(scope.regions),
    )


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "0")
    return int(text) if is_count(text) and int(text) < _MOST_PAGES else 0


def _url(request: HttpRequest, **changes: str) -> str:
    kept = pairs(request.GET, without=[*changes, "page"])
    return "?" + urlencode(
        [*kept, *((name, one) for name, one in changes.items() if one)]
    )


def _places(
    request: HttpRequest, sought: Sought, viewer: Viewer
) -> list[dict[str, Any]]:
    """Namespaces with counts; the chosen one with its metrics below it."""
    wide = Sought(sought.words, "", "", sought.accounts, sought.regions)
    found = []
    for namespace, many in catalogue.namespaces(wide, viewer):
        is_chosen = namespace == sought.namespace
        url = _url(request, namespace="" if is_chosen else namespace, name="")
        place = {"label": namespace, "many": many, "url": url, "is_chosen": is_chosen}
        found.append(
            {**place, "names": _names(request, sought, viewer) if is_chosen else ()}
        )
    return found


def _total(places: list[dict[str, Any]]) -> int:
    """How many are to be seen: what stands beside the chosen places adds up to it."""
    for chosen in (place for place in places if place["is_chosen"]):
        names = [one for one in chosen["names"] if one["is_chosen"]]
        return int(names[0]["many"] if names else chosen["many"])
    return sum(int(place["many"]) for place in places)


def _names(
    request: HttpRequest, sought: Sought, viewer: Viewer
) -> list[dict[str, Any]]:
    inside = Sought(sought.words, sought.namespace, "", sought.accounts, sought.regions)
    return [
        {
            "label": name,
            "many": many,
            "url": _url(request, name="" if name == sought.name else name),
            "is_chosen": name == sought.name,
        }
        for name, many in catalogue.names(inside, viewer)
    ]


def _rows(request: HttpRequest, some: list[MetricSeries], now: datetime) -> list[Row]:
    keys = {one.pk: one.key for one in some}
    wanted = {one.pk: Wanted(one.pk, statistic_for(keys[one.pk])) for one in some}
    seconds = int(now.timestamp())
    # A period that is not over would look like a fall.
    until = seconds // _SPARK_PERIOD * _SPARK_PERIOD
    grid = Grid.over(until - int(_LATELY.total_seconds()), until, _SPARK_PERIOD)
    lines = samples.read(
        list(wanted.values()), grid.start, grid.until, grid.period_seconds, seconds
    )
    rows = []
    for one in some:
        asked, key = wanted[one.pk], keys[one.pk]
        drawn = spark(placed(lines[asked], grid))
        unit = units.unit_of(key, asked.statistic)
        last = "" if drawn.last is None else units.shown(drawn.last, unit)
        url = f"{reverse('draw-metrics')}{_url(request, series=str(one.pk))}"
        rows.append(Row(one, key.dimensions, asked.statistic, drawn, last, url))
    return rows


def statistic_for(key: MetricKey) -> str:
    """The statistic that says most of a metric, to begin with."""
    return "Sum" if units.is_summed(key) else "Average"


def draw_chosen(request: HttpRequest) -> HttpResponse:
    """The chart of the chosen series, beside the lines it had already."""
    chosen = [int(one) for one in request.GET.getlist("series") if is_count(one)]
    try:
        before = spec_of(request.GET.get("chart", ""))
        rows = MetricSeries.objects.visible_to(person(request)).in_bulk(
            chosen[:MAX_LINES]
        )
        spec = _with_lines(before, [rows[pk] for pk in chosen if pk in rows])
    except SpecError as error:
        messages.error(request, f"The lines could not be added: {error}")
        return redirect("metrics")
    carried = [one for one in kept(request.GET) if one[0] not in ("account", "region")]
    query = urlencode([("chart", compact(spec)), *carried])
    return redirect(f"{reverse('metrics-chart')}?{query}")


def _with_lines(before: ChartSpec, rows: list[MetricSeries]) -> ChartSpec:
    """Raises SpecError where there would be too many."""
    lines = [line.as_json() for line in before.lines]
    for row in rows:
        name = free_id([line["id"] for line in lines], "m")
        lines.append(MetricLine(name, row.key, statistic_for(row.key)).as_json())
    return ChartSpec.parse({**before.as_json(), "lines": lines})


def _why_empty(viewer: Viewer) -> str:
    """What is missing before there can be metrics: accounts, or a first look."""
    connected = visible_to(viewer).filter(is_connected=True)
    if not Account.objects.exists() or not connected.exists():
        return "accounts"
    return "discovery"
