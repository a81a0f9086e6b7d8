"""Which series there are, for variables and for lines that stand for many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db.models import Count, Max

from apps.discovery.accounts import Viewer
from apps.monitoring.dashboards.automatic_boards import DimensionNames, Inventory
from apps.monitoring.dashboards.layouts import Variable
from apps.monitoring.dashboards.spreading import Pattern
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models.metrics import MetricSeries, MetricSeriesQuerySet

# Rows looked at for one line; more series than that no chart can show.
_MOST_ROWS = 5_000
# More than these nobody looks through: they are searched by typing.
MOST_CHOICES = 200
# Series of one namespace looked at for its automatic dashboard.
_MOST_READ = 200_000


def series_of(pattern: Pattern, viewer: Viewer) -> list[MetricKey]:
    """Stored series that fit, in accounts the viewer may see."""
    rows = MetricSeries.objects.visible_to(viewer).filter(
        namespace=pattern.namespace, name=pattern.name
    )
    places = {"account": pattern.account, "region": pattern.region}
    rows = rows.filter(**{name: value for name, value in places.items() if value})
    for name, value in pattern.dimensions:
        rows = rows.filter(dimensions__contains=_beginning(name, value))
    names = sorted(name for name, _ in pattern.dimensions)
    keys = (row.key for row in rows.order_by("id")[:_MOST_ROWS])
    return [key for key in keys if [name for name, _ in key.dimensions] == names]


@dataclass(frozen=True, slots=True)
class Values:
    """What a variable may be: the first of them, sorted, and how many there are."""

    some: list[str]
    total: int

    @property
    def is_whole(self) -> bool:
        return len(self.some) == self.total


def values_of(variable: Variable, viewer: Viewer, containing: str = "") -> Values:
    """What the variable may be, at most MOST_CHOICES of it; only what contains a text,
    in letters of either case."""
    values = _all_values(variable, viewer)
    if sought := containing.casefold():
        values = [value for value in values if sought in value.casefold()]
    return Values(values[:MOST_CHOICES], len(values))


def _all_values(variable: Variable, viewer: Viewer) -> list[str]:
    rows = MetricSeries.objects.visible_to(viewer)
    if variable.kind == "list":
        return list(variable.values)
    if variable.kind == "dimension":
        return _dimension_values(rows, variable)
    if variable.namespace:
        rows = rows.filter(namespace=variable.namespace)
    found = rows.order_by(variable.kind).values_list(variable.kind, flat=True)
    return list(found.distinct())


def inventory(namespace: str, viewer: Viewer, metrics: Sequence[str] = ()) -> Inventory:
    """Each metric of a namespace, or each of `metrics`, with the dimensions its series
    have, counted."""
    rows = MetricSeries.objects.visible_to(viewer).filter(namespace=namespace)
    if metrics:
        rows = rows.filter(name__in=metrics)
    found: dict[str, Counter[DimensionNames]] = {}
    for name, pairs in rows.order_by().values_list("name", "dimensions")[:_MOST_READ]:
        names = tuple(dimension for dimension, _ in orjson.loads(pairs))
        found.setdefault(name, Counter())[names] += 1
    return found


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace that has data one may see."""

    name: str
    series: int
    metrics: int
    accounts: int
    listed_at: datetime


def namespaces(viewer: Viewer) -> list[Namespace]:
    rows = MetricSeries.objects.visible_to(viewer).order_by("namespace")
    counted = rows.values("namespace").annotate(
        series=Count("pk"),
        metrics=Count("name", distinct=True),
        accounts=Count("account", distinct=True),
        listed=Max("listed_at"),
    )
    return [
        Namespace(
            one["namespace"],
            one["series"],
            one["metrics"],
            one["accounts"],
            one["listed"],
        )
        for one in counted
    ]


def ids_of(keys: Iterable[MetricKey], viewer: Viewer) -> Sequence[int]:
    rows = MetricSeries.objects.visible_to(viewer).of_keys(keys)
    return list(rows.values_list("pk", flat=True))


def _dimension_values(rows: MetricSeriesQuerySet, variable: Variable) -> list[str]:
    named = rows.filter(
        namespace=variable.namespace,
        dimensions__contains=_beginning(variable.dimension, None),
    )
    sets = named.order_by().values_list("dimensions", flat=True).distinct()
    values = {
        value
        for pairs in sets
        for name, value in orjson.loads(pairs)
        if name == variable.dimension
    }
    return sorted(values)


def _beginning(name: str, value: str | None) -> str:
    """How a dimension stands in a row: whole, or as far as its name goes."""
    if value is None:
        return json.dumps([name])[:-1] + ","
    return json.dumps([name, value])
