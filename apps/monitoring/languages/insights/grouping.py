"""`stats`: aggregations for each group of rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from apps.monitoring.languages.insights import aggregates
from apps.monitoring.languages.insights.computing import column_of
from apps.monitoring.languages.insights.frames import Frame
from apps.monitoring.languages.insights.syntax import (
    Binary,
    Call,
    Expression,
    Literal,
    Named,
)
from apps.search.engines.columns import (
    Column,
    Ints,
    Numbers,
    Value,
    coded,
    constant,
    number,
    together,
)

MOST_GROUPS = 1_000_000


class Grouping:
    """`stats`: aggregations for each combination of what stands behind `by`."""

    def __init__(self, columns: Sequence[Named], by: Sequence[Named]) -> None:
        self._columns, self._by = columns, by
        self._numbers: dict[tuple[Value, ...], int] = {}
        self._calls = list(
            dict.fromkeys(chain(*(_calls(c.expression) for c in columns)))
        )
        self._made = [_aggregate(call) for call in self._calls]
        self._times = [False] * len(by)
        self._now_ms = 0
        self.cut = ""

    def take(self, frame: Frame) -> Frame | None:
        self._now_ms = frame.now_ms
        groups = self._groups(frame)
        times = frame.get("@timestamp").numbers()
        if (groups < 0).any():
            self.cut = f"Only the first {MOST_GROUPS:,} groups are counted."
            rows = np.flatnonzero(groups >= 0)
            frame, groups, times = frame.take(rows), groups[rows], times[rows]
        for call, made in zip(self._calls, self._made, strict=True):
            made.add(groups, _argument(call, frame), times)
        return None

    def _groups(self, frame: Frame) -> Ints:
        if not self._by:
            self._numbers.setdefault((), 0)
            return np.zeros(frame.rows, dtype=np.int64)
        columns = [column_of(one.expression, frame) for one in self._by]
        self._times = [isinstance(c, Numbers) and c.is_time for c in columns]
        codes, combinations = together(columns)
        known = self._numbers
        table = [
            known.setdefault(one, len(known))
            if len(known) < MOST_GROUPS or one in known
            else -1
            for one in combinations
        ]
        return np.array(table, dtype=np.int64)[codes]

    def finish(self) -> Frame | None:
        if not self._by:
            self._numbers.setdefault((), 0)
        groups = len(self._numbers)
        frame = Frame(groups, self._now_ms, self._group_columns())
        made = {
            call.text: aggregate.result(groups)
            for call, aggregate in zip(self._calls, self._made, strict=True)
        }
        frame = frame.with_columns(made)
        named: dict[str, Column] = {}
        for one in self._columns:
            column = column_of(one.expression, frame)
            named[one.name] = column
            frame = frame.with_columns({one.name: column})
        return Frame(groups, self._now_ms, {**self._group_columns(), **named})

    def _group_columns(self) -> dict[str, Column]:
        columns: dict[str, Column] = {}
        for at, one in enumerate(self._by):
            column: Column = coded(key[at] for key in self._numbers)
            if self._times[at]:
                column = Numbers(column.numbers(), is_time=True)
            columns[one.name] = column
        return columns


def _calls(expression: Expression) -> list[Call]:
    if isinstance(expression, Call):
        if expression.name in _AGGREGATES:
            return [expression]
        return list(chain(*map(_calls, expression.arguments)))
    if isinstance(expression, Binary):
        return [*_calls(expression.left), *_calls(expression.right)]
    return []


_AGGREGATES = {*aggregates.AGGREGATES, "pct", "percentile"}


def _aggregate(call: Call) -> aggregates.Aggregate:
    if call.name in {"pct", "percentile"}:
        percent = call.arguments[1]
        share = number(percent.value) if isinstance(percent, Literal) else np.nan
        return aggregates.Percentile(0.0 if np.isnan(share) else share)
    return aggregates.AGGREGATES[call.name]()


def _argument(call: Call, frame: Frame) -> Column:
    if not call.arguments:
        return constant(1, frame.rows)
    return column_of(call.arguments[0], frame)
