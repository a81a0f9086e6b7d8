"""What a chart shows, as dashboards and URLs keep it: JSON read into values. Pure.

{"title": "", "kind": "line", "period": 0, "lines": [
   {"id": "a", "account": "123456789012", "region": "eu-west-1",
    "namespace": "AWS/SQS", "name": "NumberOfMessagesSent",
    "dimensions": {"QueueName": "orders"}, "statistic": "Sum", "label": "",
    "fill": "gap", "axis": "left", "is_hidden": false},
   {"id": "e1", "expression": "a / PERIOD(a)", "label": "per second"}],
 "compare": "", "band": {"of": "a", "width": 2},
 "y": {"from": null, "to": null, "unit": ""}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from apps.monitoring.charts.places import Place, SpecError
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import MERGEABLE

__all__ = [
    "AXES",
    "COMPARISONS",
    "FILLS",
    "KINDS",
    "PERIODS",
    "STATISTICS",
    "Axis",
    "Band",
    "ChartSpec",
    "ExpressionLine",
    "Fill",
    "MetricLine",
    "SpecError",
    "SpecLine",
    "is_statistic",
]

KINDS = ("line", "area", "bar", "table", "value")
AXES = ("left", "right")
FILLS = ("gap", "zero", "previous")
# In seconds; 0 lets the range decide.
PERIODS = (0, 60, 300, 900, 3600, 21600, 86400)
COMPARISONS: Mapping[str, int] = {"": 0, "1d": 86400, "1w": 7 * 86400, "4w": 28 * 86400}
# What the forms offer; is_statistic() knows all of CloudWatch's.
STATISTICS = (*MERGEABLE, "p50", "p90", "p95", "p99", "p99.9", "tm99", "IQM")
MAX_LINES = 50
_MAX_DIMENSIONS = 30
_NAME, _LABEL, _EXPRESSION = 255, 200, 1024
_VALUE = 1024
_MAX_WIDTH = 10.0

_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,31}")
_NUMBER = r"(?:100(?:\.0+)?|\d{1,2}(?:\.\d{1,10})?)"
_BOUND = r"-?\d{0,12}(?:\.\d{1,10})?%?"
_STATISTIC = re.compile(
    rf"(?:p|tm|tc|ts|wm){_NUMBER}|IQM|(?:TM|TC|TS|WM|PR)\({_BOUND}:{_BOUND}\)"
)

# "gap", "zero", "previous", or the number itself.
Fill: TypeAlias = str | float


def is_statistic(text: str) -> bool:
    """Whether CloudWatch knows a statistic of this spelling."""
    return text in MERGEABLE or _STATISTIC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A statistic of one metric. An empty label is made of the metric's name."""

    id: str
    key: MetricKey
    statistic: str = "Average"
    label: str = ""
    fill: Fill = "gap"
    axis: str = "left"
    is_hidden: bool = False

    def as_json(self) -> dict[str, Any]:
        key = self.key
        return {
            "id": self.id,
            "account": key.account,
            "region": key.region,
            "namespace": key.namespace,
            "name": key.name,
            "dimensions": dict(key.dimensions),
            "statistic": self.statistic,
            **_drawing(self),
        }


@dataclass(frozen=True, slots=True)
class ExpressionLine:
    """Computed from other lines by metric math."""

    id: str
    expression: str
    label: str = ""
    fill: Fill = "gap"
    axis: str = "left"
    is_hidden: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "expression": self.expression, **_drawing(self)}


SpecLine: TypeAlias = MetricLine | ExpressionLine


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual for a line: its baseline, and `width` deviations around it."""

    of: str
    width: float = 2.0


@dataclass(frozen=True, slots=True)
class Axis:
    """The bounds of the left axis, None for what fits; a unit of the reader's own."""

    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart. `period` in seconds, 0 where the range decides."""

    title: str = ""
    kind: str = "line"
    period: int = 0
    lines: tuple[SpecLine, ...] = ()
    compare: str = ""
    band: Band | None = None
    y: Axis = field(default_factory=Axis)

    @classmethod
    def parse(cls, value: object) -> ChartSpec:
        """From JSON as it was decoded. Raises SpecError, which names the place."""
        place = Place.of(value)
        lines = tuple(
            _line(one, f"line{number}")
            for number, one in enumerate(place.items("lines", MAX_LINES), start=1)
        )
        spec = cls(
            title=place.text("title", _LABEL),
            kind=place.choice("kind", KINDS),
            period=_period(place),
            lines=lines,
            compare=place.choice("compare", tuple(COMPARISONS)),
            band=_band(place),
            y=_axis(place),
        )
        _check_ids(spec, place)
        return spec

    def as_json(self) -> dict[str, Any]:
        band = self.band and {"of": self.band.of, "width": self.band.width}
        return {
            "title": self.title,
            "kind": self.kind,
            "period": self.period,
            "lines": [line.as_json() for line in self.lines],
            "compare": self.compare,
            "band": band,
            "y": {"from": self.y.low, "to": self.y.high, "unit": self.y.unit},
        }

    def keys(self) -> tuple[MetricKey, ...]:
        """The metrics drawn or computed with, each once."""
        found = (line.key for line in self.lines if isinstance(line, MetricLine))
        return tuple(dict.fromkeys(found))


def _drawing(line: SpecLine) -> dict[str, Any]:
    return {
        "label": line.label,
        "fill": line.fill,
        "axis": line.axis,
        "is_hidden": line.is_hidden,
    }


def _line(place: Place, named: str) -> SpecLine:
    drawing: dict[str, Any] = {
        "label": place.text("label", _LABEL),
        "fill": _fill(place),
        "axis": place.choice("axis", AXES),
        "is_hidden": place.flag("is_hidden"),
    }
    line_id = _id(place, named)
    expression = place.text("expression", _EXPRESSION)
    if expression.strip():
        return ExpressionLine(line_id, expression.strip(), **drawing)
    return MetricLine(line_id, _key(place), _statistic(place), **drawing)


def _id(place: Place, otherwise: str) -> str:
    text = place.text("id", _NAME) or otherwise
    if _ID.fullmatch(text) is None:
        raise place.error(
            "id",
            f"{text!r} is no id; expected a small letter, then letters, digits or _",
        )
    return text


def _key(place: Place) -> MetricKey:
    where = (place.needed("account", _NAME), place.needed("region", _NAME))
    return MetricKey.of(
        where,
        place.needed("namespace", _NAME),
        place.needed("name", _NAME),
        place.texts("dimensions", _MAX_DIMENSIONS, _VALUE),
    )


def _statistic(place: Place) -> str:
    text = place.text("statistic", _NAME) or "Average"
    if not is_statistic(text):
        raise place.error(
            "statistic",
            f"{text!r} is no statistic; expected Average, Sum or p99, for example",
        )
    return text


def _fill(place: Place) -> Fill:
    value = place.get("fill")
    if value is None or value == "":
        return "gap"
    if isinstance(value, str) and value in FILLS:
        return value
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise place.error("fill", "expected gap, zero, previous or a number")
    return number


def _period(place: Place) -> int:
    period = place.number("period", 0)
    if period not in PERIODS:
        said = ", ".join(map(str, PERIODS))
        raise place.error("period", f"expected one of {said} seconds; 0 is automatic")
    return int(period)


def _band(place: Place) -> Band | None:
    inner = place.inside("band")
    if inner is None:
        return None
    width = inner.number("width", 2.0)
    if not 0 < width <= _MAX_WIDTH:
        raise inner.error("width", f"expected more than 0, at most {_MAX_WIDTH:g}")
    return Band(inner.needed("of", _NAME), width)


def _axis(place: Place) -> Axis:
    inner = place.inside("y")
    if inner is None:
        return Axis()
    low, high = inner.number_or_none("from"), inner.number_or_none("to")
    if low is not None and high is not None and low >= high:
        raise inner.error("to", "must be above the lower bound")
    return Axis(low, high, inner.text("unit", _NAME))


def _check_ids(spec: ChartSpec, place: Place) -> None:
    ids: Sequence[str] = [line.id for line in spec.lines]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise place.error("lines", f"the id {twice!r} stands on two lines")
    if spec.band is not None and spec.band.of not in ids:
        raise place.error("band", f"there is no line {spec.band.of!r}")
