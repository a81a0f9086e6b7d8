"""Queries over a range of time, from the samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sandbox.cloudwatch import mathfunctions, mathsyntax, periods, searches, statistics
from sandbox.cloudwatch.mathsyntax import (
    Array,
    MathError,
    Name,
    Negate,
    Node,
    Number,
    Operation,
    Text,
)
from sandbox.cloudwatch.mathvalues import (
    MetricStat,
    Series,
    SeriesList,
    Value,
    operate,
    unsupported,
)
from sandbox.cloudwatch.queries import Queries, Query, in_expression, needed
from sandbox.cloudwatch.statistics import Indexes
from sandbox.cloudwatch.store import MetricStore, Place

_DEFAULT_PERIOD = 300
_MOST_FOUND = 500
_TWO_WEEKS = 14 * 86_400


@dataclass(frozen=True, slots=True)
class Range:
    """From a start, inclusive, to an end, exclusive; `now` decides what is kept.

    `asked_from` is the start of the whole where this is a later page of it. Periods
    begin at an exact start as it is: where a page is cut, or where an alarm looks.
    """

    start: float
    end: float
    now: float
    is_exact: bool = False
    asked_from: float | None = None

    @property
    def oldest(self) -> float:
        return self.start if self.asked_from is None else self.asked_from

    def first_period(self, period: int) -> int:
        if self.is_exact:
            return int(self.start)
        return periods.rounded_start(self.start, period, self.now)


def series_of(
    store: MetricStore, place: Place, stat: MetricStat, when: Range
) -> Series:
    """The points of a metric in a range."""
    start = when.first_period(stat.period)
    points = statistics.NO_POINTS
    statistic = statistics.parse(stat.stat)
    if statistic is not None and periods.has_points(when.oldest, stat.period, when.now):
        last_period = start + -int(-(when.end - start) // stat.period) * stat.period
        oldest = max(start, when.now - periods.KEPT_SECONDS)
        samples = store.samples(place, stat.key, stat.unit).between(oldest, last_period)
        points = statistics.compute(statistic, samples, start, stat.period)
    return Series(points.times, points.values, stat.period, stat.key.name, stat)


class Evaluation:
    """Answers queries by id, each computed once."""

    def __init__(
        self, store: MetricStore, place: Place, queries: Queries, when: Range
    ) -> None:
        self._store, self._place = store, place
        self._queries, self._when = queries, when
        self._known: dict[str, Value] = {}

    def series(self, query: Query) -> SeriesList:
        """The series a query answers with. Raises ValidationError for a scalar."""
        try:
            value = self._of(query)
        except MathError as error:
            raise in_expression(query.id, error) from error
        if isinstance(value, Series):
            is_metric = query.stat is not None
            return [value if is_metric else replace(value, label=query.id)]
        if isinstance(value, list):
            return value
        message = "The expression must return a time series, not a scalar"
        raise in_expression(query.id, MathError(message))

    def _of(self, query: Query) -> Value:
        if query.id not in self._known:
            for each in needed(query, self._queries, self._known):
                self._known[each.id] = self._computed(each)
        return self._known[query.id]

    def _computed(self, query: Query) -> Value:
        if query.stat is not None:
            place = (query.stat.account, self._place[1])
            found = series_of(self._store, place, query.stat, self._when)
            return replace(found, label=query.label or found.label)
        if query.expression is None:
            raise MathError("nothing to compute")
        around = _Around(self, query, self._period_of(query))
        return self._value(query.expression, around)

    def _period_of(self, query: Query) -> int:
        """An expression's own period, or the longest of the metrics in the request."""
        asked = [each.stat.period for each in self._queries.values() if each.stat]
        return query.period or max(asked, default=_DEFAULT_PERIOD)

    def _value(self, root: Node, around: _Around) -> Value:
        found: list[Value] = []
        for node in mathsyntax.in_order(root):
            at = len(found) - len(mathsyntax.parts(node))
            found[at:] = [self._value_of(node, found[at:], around)]
        return found[0]

    def _value_of(self, node: Node, parts: list[Value], around: _Around) -> Value:
        """The value of one node, from the values of its parts."""
        if isinstance(node, Number | Text):
            return node.value
        if isinstance(node, Name):
            return self._known.get(node.value, node.value)
        if isinstance(node, Negate):
            return mathfunctions.negated(parts[0])
        if isinstance(node, Operation):
            return operate(node.operator, parts[0], parts[1])
        if isinstance(node, Array):
            return self._array(parts, around)
        return mathfunctions.call(node.function, around, parts)

    def _array(self, parts: list[Value], around: _Around) -> SeriesList:
        found: SeriesList = []
        for each in parts:
            value = each
            if isinstance(value, int | float):
                # A scalar among series counts at every period.
                value = mathfunctions.call("TIME_SERIES", around, [value])
            if isinstance(value, Series):
                found.append(value)
            elif isinstance(value, list):
                found += value
            else:
                raise unsupported("an array", value)
        return found

    def metrics(self, part_of_id: str) -> SeriesList:
        found: SeriesList = []
        for query in self._queries.values():
            if query.stat is not None and part_of_id in query.id:
                value = self._of(query)
                if isinstance(value, Series):
                    found.append(value)
        return found

    def search(self, expression: str, stat: str, period: int) -> SeriesList:
        wanted = searches.parse(expression)
        if statistics.parse(stat) is None:
            raise MathError(f"Unsupported statistic '{stat}' in SEARCH")
        if not periods.is_period(period):
            raise MathError(f"Unsupported period {period} in SEARCH")
        listed = self._store.listed(self._place, self._when.now - _TWO_WEEKS)
        keys = sorted(each.key for each in listed if wanted.finds(each.key))
        found = []
        for key in keys[:_MOST_FOUND]:
            asked = MetricStat(key, period, stat, None, self._place[0])
            label = " ".join([*(value for _, value in key.dimensions), key.name])
            found.append(replace(self._points(asked, self._when), label=label))
        return found

    def history(self, series: Series) -> Series:
        """Two weeks of the metric a series is of, up to the end of the range."""
        if series.origin is None:
            return series
        start = self._when.start - _TWO_WEEKS
        begin = start // series.period * series.period
        return self._points(
            series.origin, Range(begin, self._when.end, begin, is_exact=True)
        )

    def _points(self, stat: MetricStat, when: Range) -> Series:
        return series_of(self._store, (stat.account, self._place[1]), stat, when)

    def times(self, period: int) -> Indexes:
        start = self._when.first_period(period)
        times: Indexes = np.arange(
            start, math.ceil(self._when.end), period, dtype=np.int64
        )
        return times


@dataclass(frozen=True, slots=True)
class _Around:
    """What functions see of the request, from inside one expression."""

    evaluation: Evaluation
    query: Query
    period: int

    @property
    def times(self) -> Indexes:
        return self.evaluation.times(self.period)

    @property
    def metrics(self) -> Callable[[str], SeriesList]:
        return self.evaluation.metrics

    @property
    def search(self) -> Callable[[str, str, int], SeriesList]:
        return self.evaluation.search

    @property
    def history(self) -> Callable[[Series], Series]:
        return self.evaluation.history
