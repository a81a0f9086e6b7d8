"""Dashboards as JSON, and as what they are made of. Pure.

{"title", "description", "time": {"since", "until"}, "refresh_seconds",
 "variables": [{"name", "label", "kind": "dimension|account|region|list",
                "namespace", "dimension", "values", "default"}],
 "panels": [{"id", "kind": "chart|table|value|text", "x", "y", "w", "h", "title",
             "chart": {...}, "thresholds": [{"value", "label", "axis"}],
             "moments": [{"at", "label"}] | "text": "markdown"}]}

The grid has 24 columns, as CloudWatch's. `${name}` stands for the chosen value of a
variable in dimension values, accounts, regions, titles, labels and texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

from apps.monitoring.charts.specs import ChartSpec, SpecError
from apps.monitoring.dashboards.reading import (
    LayoutError,
    a_list,
    an_object,
    each,
    number,
    one_of,
    only,
    text,
    whole,
    within,
)
from apps.search.timerange import LATEST, TimeError, parse_time

__all__ = ["DashboardSpec", "LayoutError", "Panel", "Variable"]

Json: TypeAlias = Mapping[str, Any]
PanelKind = Literal["chart", "table", "value", "text"]
VariableKind = Literal["dimension", "account", "region", "list"]
PANEL_KINDS: tuple[PanelKind, ...] = get_args(PanelKind)
VARIABLE_KINDS: tuple[VariableKind, ...] = get_args(VariableKind)

COLUMNS = 24
# As CloudWatch's: a dashboard has at most 500 widgets, 1,000 rows each.
MOST_PANELS = 500
MOST_ROWS = 1_000
MOST_VARIABLES = 20
MOST_VALUES = 500
MOST_TEXT = 20_000
MOST_LEVELS = 50
DEFAULT_SINCE = "now-6h"
# What a variable's default says to choose every value; no dimension is named so.
ALL = "*"
REFRESHES = (0, 10, 30, 60, 300, 900)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Variable:
    """What a viewer may choose above the panels.

    A dimension's values are those of stored series; `values` are of a list only.
    """

    name: str
    kind: VariableKind
    label: str = ""
    namespace: str = ""
    dimension: str = ""
    values: tuple[str, ...] = ()
    default: str = ALL

    @property
    def said(self) -> str:
        """What it is called on screen."""
        return self.label or self.dimension or self.name.replace("_", " ").capitalize()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "namespace": self.namespace,
            "dimension": self.dimension,
            "values": list(self.values),
            "default": self.default,
        }


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level drawn across a chart; `axis` is left or right."""

    value: float
    label: str = ""
    axis: str = "left"

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "label": self.label, "axis": self.axis}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time drawn down a chart, as RFC 3339."""

    at: str
    label: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "label": self.label}


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle of the grid and what is in it: a chart's JSON, or markdown."""

    id: str
    kind: PanelKind
    x: int
    y: int
    w: int
    h: int
    title: str = ""
    chart: Json = field(default_factory=dict)
    text: str = ""
    thresholds: tuple[Threshold, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def named(self) -> str:
        """What it is called where only one line fits."""
        lines = [line.lstrip("#*> ") for line in self.text.splitlines() if line.strip()]
        return self.title or next(iter(lines), "") or self.id

    def as_json(self) -> dict[str, Any]:
        place = {"x": self.x, "y": self.y, "w": self.w, "h": self.h}
        said = {"id": self.id, "kind": self.kind, **place, "title": self.title}
        if self.kind == "text":
            return said | {"text": self.text}
        return said | {
            "chart": dict(self.chart),
            "thresholds": [one.as_json() for one in self.thresholds],
            "moments": [one.as_json() for one in self.moments],
        }


@dataclass(frozen=True, slots=True)
class DashboardSpec:
    """A whole dashboard. `since` and `until` are what it opens with."""

    title: str
    panels: tuple[Panel, ...] = ()
    variables: tuple[Variable, ...] = ()
    description: str = ""
    since: str = DEFAULT_SINCE
    until: str = "now"
    refresh_seconds: int = 0

    @classmethod
    def parse(cls, value: object) -> DashboardSpec:
        """From decoded JSON. Raises LayoutError, which names the place."""
        found = an_object(value, "")
        only(found, "", _FIELDS)
        title = text(found, "title", "").strip()
        if not title:
            raise LayoutError("title", "a dashboard needs a title")
        time = an_object(found.get("time", {}), "time")
        only(time, "time", ("since", "until"))
        spec = cls(
            title=title,
            description=text(found, "description", "", 2_000),
            variables=each(
                a_list(found, "variables", "", MOST_VARIABLES), "variables", _variable
            ),
            panels=each(a_list(found, "panels", "", MOST_PANELS), "panels", _panel),
            since=text(time, "since", "time", 40) or DEFAULT_SINCE,
            until=text(time, "until", "time", 40) or "now",
            refresh_seconds=_refresh(found),
        )
        _check_unique("variables", "name", [one.name for one in spec.variables])
        _check_unique("panels", "id", [one.id for one in spec.panels])
        return spec

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "description": self.description,
            "time": {"since": self.since, "until": self.until},
            "refresh_seconds": self.refresh_seconds,
            "variables": [one.as_json() for one in self.variables],
            "panels": [one.as_json() for one in self.panels],
        }

    def panel(self, panel_id: str) -> Panel | None:
        return next((one for one in self.panels if one.id == panel_id), None)


_FIELDS = ("title", "description", "time", "refresh_seconds", "variables", "panels")
_VARIABLE_FIELDS = (
    "name", "label", "kind", "namespace", "dimension", "values", "default",
)  # fmt: skip
_PANEL_FIELDS = (
    "id", "kind", "x", "y", "w", "h", "title", "chart", "text", "thresholds",
    "moments",
)  # fmt: skip


def _refresh(found: Json) -> int:
    seconds = whole({"refresh_seconds": 0, **found}, "refresh_seconds", "", (0, 900))
    if seconds not in REFRESHES:
        choices = ", ".join(str(choice) for choice in REFRESHES)
        raise LayoutError("refresh_seconds", f"one of {choices} is expected")
    return seconds


def _variable(value: object, place: str) -> Variable:
    found = an_object(value, place)
    only(found, place, _VARIABLE_FIELDS)
    name = text(found, "name", place)
    if not _NAME.fullmatch(name):
        raise LayoutError(
            within(place, "name"),
            "a name of lower-case letters, digits and _ is expected, such as function",
        )
    variable = Variable(
        name=name,
        kind=cast("VariableKind", one_of(found, "kind", place, VARIABLE_KINDS)),
        label=text(found, "label", place),
        namespace=text(found, "namespace", place, 255),
        dimension=text(found, "dimension", place, 255),
        values=_values(found, place),
        default=text(found, "default", place, 1_024) or ALL,
    )
    _check_variable(variable, place)
    return variable


def _values(found: Json, place: str) -> tuple[str, ...]:
    listed = a_list(found, "values", place, MOST_VALUES)
    for at, value in enumerate(listed):
        if not isinstance(value, str) or not value or value == ALL:
            raise LayoutError(
                f"{within(place, 'values')}[{at}]", "a text is expected that is not *"
            )
    return tuple(listed)


def _check_variable(variable: Variable, place: str) -> None:
    if variable.kind == "dimension" and not (variable.namespace and variable.dimension):
        missing = "dimension" if variable.namespace else "namespace"
        raise LayoutError(
            within(place, missing), f"a dimension's variable needs its {missing}"
        )
    if variable.kind == "list" and not variable.values:
        raise LayoutError(within(place, "values"), "a list needs at least one value")


def _panel(value: object, place: str) -> Panel:
    found = an_object(value, place)
    only(found, place, _PANEL_FIELDS)
    kind = cast("PanelKind", one_of(found, "kind", place, PANEL_KINDS))
    panel_id = text(found, "id", place)
    if not _ID.fullmatch(panel_id):
        raise LayoutError(
            within(place, "id"), "1 to 40 letters, digits, _ and - are expected"
        )
    x = whole(found, "x", place, (0, COLUMNS - 1))
    return Panel(
        id=panel_id,
        kind=kind,
        x=x,
        y=whole(found, "y", place, (0, 100_000)),
        w=whole(found, "w", place, (1, COLUMNS - x)),
        h=whole(found, "h", place, (1, MOST_ROWS)),
        title=text(found, "title", place),
        chart={} if kind == "text" else _chart(found, place),
        text=text(found, "text", place, MOST_TEXT) if kind == "text" else "",
        thresholds=each(
            a_list(found, "thresholds", place, MOST_LEVELS),
            within(place, "thresholds"),
            _threshold,
        ),
        moments=each(
            a_list(found, "moments", place, MOST_LEVELS),
            within(place, "moments"),
            _moment,
        ),
    )


def _threshold(value: object, place: str) -> Threshold:
    found = an_object(value, place)
    only(found, place, ("value", "label", "axis"))
    return Threshold(
        number(found, "value", place),
        text(found, "label", place),
        one_of({"axis": "left", **found}, "axis", place, ("left", "right")),
    )


def _moment(value: object, place: str) -> Moment:
    found = an_object(value, place)
    only(found, place, ("at", "label"))
    at = text(found, "at", place, 40)
    try:
        parse_time(at, LATEST)
    except TimeError as error:
        raise LayoutError(within(place, "at"), str(error)) from error
    return Moment(at, text(found, "label", place))


def _chart(found: Json, place: str) -> Json:
    """The chart's JSON as it is always written, once it is known to be one."""
    here = within(place, "chart")
    chart = an_object(found.get("chart"), here)
    try:
        return ChartSpec.parse(dict(chart)).as_json()
    except SpecError as error:
        inside = f"{here}.{error.place}" if error.place else here
        raise LayoutError(inside, error.problem) from error


def _check_unique(name: str, field_name: str, values: Sequence[str]) -> None:
    seen: set[str] = set()
    for at, value in enumerate(values):
        if value in seen:
            raise LayoutError(
                f"{name}[{at}].{field_name}", f"{value!r} is already taken"
            )
        seen.add(value)
