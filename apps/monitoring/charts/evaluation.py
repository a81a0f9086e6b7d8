"""Lines as read and lines computed from them, on one grid. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from apps.monitoring.charts.expressions import Expression, ExpressionError, Lines
from apps.monitoring.charts.functions import Column
from apps.monitoring.charts.grids import (
    Flags,
    Grid,
    covered_periods,
    filled,
    placed,
)
from apps.monitoring.charts.specs import ChartSpec, ExpressionLine, MetricLine, SpecLine
from apps.monitoring.metrics.lines import Interval, Line


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A line on a grid. `is_read`: the periods that its metrics were read in."""

    values: Column
    is_read: Flags
    covered: tuple[Interval, ...] = ()
    provisional_since: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """All lines of a chart by id."""

    grid: Grid
    lines: Mapping[str, Found]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """`read`: by id of the line. `missing`: why nothing can be read, by id."""

    spec: ChartSpec
    grid: Grid
    read: Mapping[str, Line]
    missing: Mapping[str, str]
    _done: dict[str, Found] = field(default_factory=dict)

    def run(self) -> Evaluated:
        for line in self.spec.lines:
            self._line(line, ())
        return Evaluated(self.grid, self._done)

    def _line(self, line: SpecLine, asked_by: tuple[str, ...]) -> Found:
        if line.id not in self._done:
            if isinstance(line, MetricLine):
                found = self._metric(line)
            else:
                found = self._computed(line, (*asked_by, line.id))
            values = filled(found.values, line.fill, found.is_read)
            self._done[line.id] = replace(found, values=values)
        return self._done[line.id]

    def _metric(self, line: MetricLine) -> Found:
        read = self.read.get(line.id)
        if read is None:
            return self._nothing(self.missing.get(line.id, ""))
        return Found(
            placed(read, self.grid),
            covered_periods(read.covered, self.grid),
            read.covered,
            read.provisional_since,
        )

    def _nothing(self, problem: str) -> Found:
        count = self.grid.count
        return Found(
            np.full(count, np.nan), np.zeros(count, np.bool_), (), None, problem
        )

    def _computed(self, line: ExpressionLine, chain: tuple[str, ...]) -> Found:
        try:
            expression = Expression.parse(line.expression)
            operands = self._operands(expression, chain)
            values = expression.column(self._named(operands))
        except ExpressionError as error:
            return self._nothing(str(error))
        problem = next((one.problem for one in operands.values() if one.problem), "")
        return Found(values, *_provenance(operands, self.grid), problem)

    def _operands(
        self, expression: Expression, chain: tuple[str, ...]
    ) -> dict[str, Found]:
        """Raises ExpressionError where a line is made of itself."""
        by_id = {line.id: line for line in self.spec.lines}
        names = set(expression.names())
        if expression.needs_metrics():
            names.update(
                one.id for one in self.spec.lines if isinstance(one, MetricLine)
            )
        circular = next((name for name in sorted(names) if name in chain), None)
        if circular is not None:
            at = max(0, expression.text.find(circular))
            raise ExpressionError(f"{circular} is computed from itself", at)
        return {
            name: self._line(by_id[name], chain)
            for name in sorted(names)
            if name in by_id
        }

    def _named(self, operands: Mapping[str, Found]) -> Lines:
        metrics = tuple(
            line.id
            for line in self.spec.lines
            if isinstance(line, MetricLine) and line.id in operands
        )
        return Lines(
            values={name: one.values for name, one in operands.items()},
            metrics=metrics,
            times=self.grid.times.astype(np.float64),
            period_seconds=self.grid.period_seconds,
        )


def _provenance(
    operands: Mapping[str, Found], grid: Grid
) -> tuple[Flags, tuple[Interval, ...], int | None]:
    """Read where all operands were, provisional where one is."""
    is_read = np.ones(grid.count, np.bool_)
    for one in operands.values():
        is_read &= one.is_read
    settling = [one.provisional_since for one in operands.values()]
    since = min((one for one in settling if one is not None), default=None)
    return is_read, _intersected(operands), since


def _intersected(operands: Mapping[str, Found]) -> tuple[Interval, ...]:
    """What was read of all of them."""
    parts: list[tuple[Interval, ...]] = [one.covered for one in operands.values()]
    if not parts:
        return (Interval(0, 2**40),)
    common = parts[0]
    for other in parts[1:]:
        common = tuple(
            Interval(max(one.since, two.since), min(one.until, two.until))
            for one in common
            for two in other
            if max(one.since, two.since) < min(one.until, two.until)
        )
    return common
