"""Finding metrics: by words over namespace, name and dimensions, by place."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from apps.discovery.accounts import Viewer
from apps.monitoring.models import MetricSeries

MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Sought:
    """What a browser of metrics asks for. Empty parts ask for everything.

    `words`: each must stand in namespace, name or a dimension, in any case.
    """

    words: tuple[str, ...] = ()
    namespace: str = ""
    name: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def is_anything(self) -> bool:
        return not (self.words or self.namespace or self.name)


def words_of(text: str) -> tuple[str, ...]:
    return tuple(text.lower().split()[:MAX_WORDS])


def series(sought: Sought, viewer: Viewer) -> QuerySet[MetricSeries]:
    """The series that fit and may be seen, in no order."""
    rows = MetricSeries.objects.visible_to(viewer).order_by()
    if sought.accounts:
        rows = rows.filter(account__in=sought.accounts)
    if sought.regions:
        rows = rows.filter(region__in=sought.regions)
    if sought.namespace:
        rows = rows.filter(namespace=sought.namespace)
    if sought.name:
        rows = rows.filter(name=sought.name)
    for word in sought.words:
        rows = rows.filter(_holds(word))
    return rows


def _holds(word: str) -> Q:
    # Dimensions are JSON: what is not ASCII stands there as JSON writes it.
    escaped = word.encode("ascii", "backslashreplace").decode()
    return (
        Q(name__icontains=word)
        | Q(namespace__icontains=word)
        | Q(dimensions__icontains=escaped)
    )


def ranked(sought: Sought, viewer: Viewer) -> QuerySet[MetricSeries]:
    """Best first: named so, beginning so, holding it; each in the order of names."""
    rows = series(sought, viewer)
    if sought.words:
        first = sought.words[0]
        return rows.annotate(
            rank=Case(
                When(name__iexact=first, then=Value(0)),
                When(name__istartswith=first, then=Value(1)),
                When(name__icontains=first, then=Value(2)),
                default=Value(3),
                output_field=IntegerField(),
            )
        ).order_by("rank", "namespace", "name", "dimensions", "pk")
    return rows.order_by("namespace", "name", "dimensions", "pk")


def namespaces(sought: Sought, viewer: Viewer) -> list[tuple[str, int]]:
    """Namespaces of what fits, each with how many series."""
    rows = series(sought, viewer).values_list("namespace")
    return list(rows.annotate(many=Count("pk")).order_by("namespace"))


def names(sought: Sought, viewer: Viewer) -> list[tuple[str, int]]:
    """Names of metrics of a namespace, each with how many series."""
    rows = series(sought, viewer).values_list("name")
    return list(rows.annotate(many=Count("pk")).order_by("name"))


def is_empty(viewer: Viewer) -> bool:
    return not MetricSeries.objects.visible_to(viewer).order_by().exists()
