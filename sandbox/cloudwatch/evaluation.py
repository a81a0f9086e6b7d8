"""Queries over a range of time, from the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

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
    MOST_COMPUTED,
    MetricStat,
    Series,
    SeriesList,
    Value,
    operate,
    unsupported,
)
from sandbox.cloudwatch.paging import Part
from sandbox.cloudwatch.queries import (
    Queries,
    Query,
    in_expression,
    needed,
    period_of,
)
from sandbox.cloudwatch.statistics import Indexes
from sandbox.cloudwatch.store import MetricStore, Place

_MOST_FOUND = 500
_TWO_WEEKS = 14 * 86_400
# The sandbox's own bounds of what expressions may take of its memory.
MOST_PERIODS = 100_800
_MOST_SERIES = 1_000
_NOTHING = (statistics.NO_POINTS.times, statistics.NO_POINTS.values)


@dataclass(frozen=True, slots=True)
class Range:
    """From a start, inclusive, to an end, exclusive; `now` decides what is kept.

    Periods begin at an exact start as it is: where an alarm looks.
    """

    start: float
    end: float
    now: float
    is_exact: bool = False

    def first_period(self, period: int) -> int:
        if self.is_exact:
            return int(self.start)
        return periods.rounded_start(self.start, period, self.now)

    def whole(self, period: int) -> Part:
        """From the start of the first period to the end of the last."""
        start = self.first_period(period)
        return Part(start, start + -int((start - self.end) // period) * period)


def series_of(
    store: MetricStore,
    place: Place,
    stat: MetricStat,
    when: Range,
    part: Part | None = None,
) -> Series:
    """The points of a metric in a range, or in a part of it."""
    start, end = part or when.whole(stat.period)
    points = statistics.NO_POINTS
    statistic = statistics.parse(stat.stat)
    if statistic is not None and periods.has_points(when.start, stat.period, when.now):
        oldest = max(start, when.now - periods.KEPT_SECONDS)
        samples = store.samples(place, stat.key, stat.unit).between(oldest, end)
        points = statistics.compute(statistic, samples, start, stat.period)
    return Series(points.times, points.values, stat.period, stat.key.name, stat)


class Evaluation:
    """Answers queries by id, each computed once."""

    def __init__(
        self,
        store: MetricStore,
        place: Place,
        queries: Queries,
        when: Range,
        parts: Mapping[str, Part] = MappingProxyType({}),
    ) -> None:
        """`parts` are of the range, for queries that a page holds a part of."""
        self._store, self._place = store, place
        self._queries, self._when, self._parts = queries, when, parts
        self._known: dict[str, Value] = {}
        self._computed_points = 0

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
            found = self._points(query.stat, self._when, self._parts.get(query.id))
            return replace(found, label=query.label or found.label)
        if query.expression is None:
            raise MathError("nothing to compute")
        around = _Around(self, query, period_of(query, self._queries))
        return self._value(query.expression, around)

    def _value(self, root: Node, around: _Around) -> Value:
        found: list[Value] = []
        for node in mathsyntax.in_order(root):
            at = len(found) - len(mathsyntax.parts(node))
            found[at:] = [self._value_of(node, found[at:], around)]
            if not isinstance(node, Name):
                self._count(found[-1])
        return found[0]

    def _count(self, value: Value) -> None:
        """Raise where a request would compute more than memory is meant to hold."""
        series = value if isinstance(value, list) else [value]
        points = sum(len(one.times) + 1 for one in series if isinstance(one, Series))
        self._computed_points += points
        if len(series) > _MOST_SERIES or self._computed_points > MOST_COMPUTED:
            raise MathError("The expression computes too many datapoints")

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
                self._count(value)
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

    def _points(
        self, stat: MetricStat, when: Range, part: Part | None = None
    ) -> Series:
        if stat.account != self._place[0]:
            # No account is linked to another here: nothing of it is to be seen.
            return Series(*_NOTHING, stat.period, stat.key.name, stat)
        return series_of(self._store, self._place, stat, when, part)

    def times(self, period: int) -> Indexes:
        """Every period of the range."""
        start = self._when.first_period(period)
        if (self._when.end - start) / period > MOST_PERIODS:
            raise MathError(f"The range has more than {MOST_PERIODS} periods")
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
