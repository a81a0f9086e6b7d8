"""A dashboard as a page shows it: its time, its choices, the places of its panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.discovery.models import User
from apps.discovery.permissions import person
from apps.monitoring.dashboards.arranging import in_reading_order
from apps.monitoring.dashboards.found import values_of
from apps.monitoring.dashboards.layouts import (
    ALL,
    REFRESHES,
    DashboardSpec,
    Panel,
    Variable,
)
from apps.monitoring.dashboards.markdown import as_html
from apps.monitoring.dashboards.variables import (
    PREFIX,
    SEVERAL,
    Choices,
    choose,
)
from apps.search.pickers import pairs, time_picker
from apps.search.timerange import TimeError, TimeRange, is_relative, parse_range

# What the values of a variable depend on, beside who looks.
SEARCHED_BY = ("name", "kind", "namespace", "dimension")
_REFRESH_LABELS = {
    0: "Off",
    10: "10 s",
    30: "30 s",
    60: "1 min",
    300: "5 min",
    900: "15 min",
}


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at which dashboard, at what time of it, with what chosen.

    `by` is what reading is charged to. Raises TimeError when made of a URL whose
    times cannot be read.
    """

    viewer: User
    now: datetime
    span: TimeRange
    choices: Choices
    by: str

    @classmethod
    def of(cls, request: HttpRequest, spec: DashboardSpec, by: str) -> Look:
        parameters = parameters_of(request, spec)
        now = timezone.now()
        span = parse_range(parameters["since"][0], parameters["until"][0], now)
        choices = choose(spec.variables, parameters)
        return cls(person(request), now, span, choices, by)


@dataclass(frozen=True, slots=True)
class Picker:
    """A variable above the panels. `options` are value, what it is called, and
    whether it is chosen. Of more values than are listed, `total`, one is found by
    typing: `search_url` answers with what contains the text."""

    variable: Variable
    options: list[tuple[str, str, bool]]
    chosen: str = ""
    total: int = 0
    search_url: str = ""


def parameters_of(
    request: HttpRequest, spec: DashboardSpec
) -> Mapping[str, Sequence[str]]:
    """What the URL asks for, and what the dashboard opens with where it does not."""
    given = {name: values for name, values in request.GET.lists() if any(values)}
    return {"since": [spec.since], "until": [spec.until], **given}


def board_context(
    request: HttpRequest, spec: DashboardSpec, panels_url: str
) -> dict[str, Any]:
    """What `monitoring/board.html` needs. `panels_url` is where panels are asked for,
    up to their id."""
    parameters = parameters_of(request, spec)
    choices = choose(spec.variables, parameters)
    span, problem = None, ""
    try:
        span = parse_range(
            parameters["since"][0], parameters["until"][0], timezone.now()
        )
    except TimeError as error:
        problem = str(error)
    query = urlencode(_asked(parameters, choices))
    return {
        "spec": spec,
        "time": time_picker(parameters, span),
        "problem": problem,
        "pickers": _pickers(spec, choices, person(request)),
        "hidden": [
            pair for pair in pairs(parameters, ()) if not pair[0].startswith(PREFIX)
        ],
        "panels": [
            _shown(panel, choices, f"{panels_url}{panel.id}?{query}")
            for panel in in_reading_order(spec.panels)
        ],
        "query": query,
        **_refreshing(parameters, spec),
    }


def _asked(
    parameters: Mapping[str, Sequence[str]], choices: Choices
) -> list[tuple[str, str]]:
    """Time and choices, all of them said."""
    times = [(name, parameters[name][0]) for name in ("since", "until")]
    return [*times, *choices.parameters()]


def _shown(panel: Panel, choices: Choices, url: str) -> dict[str, Any]:
    text = as_html(choices.said_in(panel.text)) if panel.kind == "text" else ""
    return {
        "panel": panel,
        "title": choices.said_in(panel.title or panel.chart.get("title", "")),
        "url": url,
        "html": text,
    }


def _pickers(spec: DashboardSpec, choices: Choices, viewer: User) -> list[Picker]:
    return [_picker(one, choices.by_name[one.name], viewer) for one in spec.variables]


def _picker(variable: Variable, chosen: Sequence[str], viewer: User) -> Picker:
    found = values_of(variable, viewer)
    if found.is_whole or variable.kind == "list":
        return Picker(variable, _options(found.some, chosen))
    said = {name: getattr(variable, name) for name in SEARCHED_BY}
    return Picker(
        variable,
        [(value, value, False) for value in found.some],
        "" if list(chosen) == [ALL] else SEVERAL.join(chosen),
        found.total,
        f"{reverse('dashboard-choices')}?{urlencode(said)}",
    )


def _options(
    values: Sequence[str], chosen: Sequence[str]
) -> list[tuple[str, str, bool]]:
    """All values and what is chosen, though it may not be there any more."""
    is_all = list(chosen) in ([ALL], list(values))
    absent = [value for value in chosen if value not in values and value != ALL]
    several = [(SEVERAL.join(chosen), f"{len(chosen)} chosen", True)]
    return [
        (ALL, "All", is_all),
        *(several if len(chosen) > 1 and not is_all else []),
        *((value, f"{value} (not found)", True) for value in absent[:1]),
        *((value, value, list(chosen) == [value] and not is_all) for value in values),
    ]


def _refreshing(
    parameters: Mapping[str, Sequence[str]], spec: DashboardSpec
) -> dict[str, Any]:
    """How often panels are drawn again; never where the range has ended."""
    asked = parameters.get("refresh", [str(spec.refresh_seconds)])[0]
    seconds = int(asked) if asked in map(str, REFRESHES) else 0
    return {
        "refresh_seconds": seconds if is_relative(parameters["until"][0]) else 0,
        "refreshes": [
            (choice, _REFRESH_LABELS[choice], choice == seconds) for choice in REFRESHES
        ],
    }
