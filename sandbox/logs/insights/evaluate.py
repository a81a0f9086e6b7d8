"""Runs a query over records."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from sandbox.logs.insights.aggregates import AGGREGATES, Aggregate, aggregate
from sandbox.logs.insights.computing import Row, evaluate, is_true
from sandbox.logs.insights.keeping import Kept, letters_of
from sandbox.logs.insights.records import Record
from sandbox.logs.insights.syntax import (
    Binary,
    Call,
    Column,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    Limit,
    Literal,
    Parse,
    Query,
    Sort,
    Stats,
)
from sandbox.logs.insights.values import SECONDS_PER_MATCH, Value, order, text

DEFAULT_ROWS = 1_000
MOST_SORTED = 200_000


@dataclass(slots=True)
class Made:
    """A row of `stats`: it has what was computed and nothing else."""

    made: dict[str, Value]
    timestamp: int = 0

    def get(self, name: str) -> Value:
        return self.made.get(name)


@dataclass(slots=True)
class Outcome:
    """Rows of (field, text), and how many events fitted the filters."""

    rows: list[list[tuple[str, str]]] = field(default_factory=list)
    matched: int = 0


def run(query: Query, records: Iterable[Record], most: int | None = None) -> Outcome:
    """Records come newest first, which is the order of what is not sorted.

    Raises TimeoutError where a regular expression takes too long, and TooLarge where
    too much would have to be kept.
    """
    outcome = Outcome()
    kept = Kept()
    rows: Iterator[Row] = iter(records)
    counted_after = _last_filter(query)
    for at, command in enumerate(query):
        if at == counted_after:
            rows = _counted(rows, outcome)
        if isinstance(command, Sort):
            wanted = _wanted_after(query, at, most) or MOST_SORTED
            rows = _sorted(rows, command, wanted, kept)
        else:
            rows = _STAGES[type(command)](rows, command, kept)
    if counted_after == len(query):
        rows = _counted(rows, outcome)
    if not any(isinstance(command, Limit) for command in query):
        rows = _limited(rows, most or DEFAULT_ROWS)
    shown = _shown(query)
    for row in rows:
        outcome.rows.append(_printed(row, shown))
        kept.add(letters_of(value for _, value in outcome.rows[-1]))
    return outcome


def _last_filter(query: Query) -> int:
    """The place behind the last filter of single events."""
    singles = list(
        itertools.takewhile(
            lambda one: isinstance(one, Filter | Fields | Parse | Display), query
        )
    )
    filters = [at for at, one in enumerate(singles) if isinstance(one, Filter)]
    return filters[-1] + 1 if filters else 0


def _counted(rows: Iterator[Row], outcome: Outcome) -> Iterator[Row]:
    for row in rows:
        outcome.matched += 1
        yield row


def _wanted_after(query: Query, at: int, most: int | None) -> int | None:
    """How many rows a sort has to keep: what a limit takes where none goes between."""
    for command in query[at + 1 :]:
        if isinstance(command, Limit):
            return command.most
        if isinstance(command, Filter | Stats | Dedup | Sort):
            return None
    return most or DEFAULT_ROWS


def _filtered(rows: Iterator[Row], command: Filter, kept: Kept) -> Iterator[Row]:
    return (row for row in rows if is_true(evaluate(command.condition, row)))


def _extended(
    rows: Iterator[Row], command: Fields | Display, kept: Kept
) -> Iterator[Row]:
    computed = [one for one in command.columns if one.expression != Field(one.name)]
    for row in rows:
        for column in computed:
            row.made[column.name] = evaluate(column.expression, row)
        yield row


def _parsed(rows: Iterator[Row], command: Parse, kept: Kept) -> Iterator[Row]:
    for row in rows:
        whole = text(evaluate(command.field, row))
        match = None
        if whole is not None:
            match = command.pattern.search(whole, timeout=SECONDS_PER_MATCH)
        if match is not None:
            row.made.update(zip(command.names, match.groups(), strict=True))
        yield row


def _limited(rows: Iterator[Row], most: int) -> Iterator[Row]:
    yield from itertools.islice(rows, most)
    for _ in rows:  # AWS counts all that match, whatever it shows
        pass


def _sorted(
    rows: Iterator[Row], command: Sort, wanted: int, kept: Kept
) -> Iterator[Row]:
    """The first ones wanted, in a heap that has the last of them on top."""

    def compare(one: Sequence[Value], other: Sequence[Value]) -> int:
        for left, right, key in zip(one, other, command.keys, strict=True):
            found = order(left, right)
            if found:
                return found if key.is_descending else -found
        return 0

    by = cmp_to_key(compare)
    heap: list[tuple[Any, int, int, Row]] = []
    for at, row in enumerate(rows):
        values = [evaluate(key.expression, row) for key in command.keys]
        letters = _held(row) + letters_of(values)
        kept.add(letters)
        entry = (by(values), -at, letters, row)
        if len(heap) < wanted:
            heapq.heappush(heap, entry)
        else:
            kept.add(-heapq.heappushpop(heap, entry)[2])
    heap.sort()
    while heap:
        _, _, letters, row = heap.pop()
        kept.add(-letters)
        yield row


def _held(row: Row) -> int:
    whole = len(row.message) if isinstance(row, Record) else 0
    return whole + letters_of(row.made.values())


def _distinct(rows: Iterator[Row], command: Dedup, kept: Kept) -> Iterator[Row]:
    seen = set()
    for row in rows:
        key = tuple(text(evaluate(one.expression, row)) for one in command.columns)
        if key not in seen:
            seen.add(key)
            kept.add(letters_of(key))
            yield row


def _grouped(rows: Iterator[Row], command: Stats, kept: Kept) -> Iterator[Row]:
    calls = list(_aggregates([column.expression for column in command.columns]))
    groups: dict[tuple[str | None, ...], tuple[list[Value], list[Aggregate]]] = {}
    for row in rows:
        values = [evaluate(column.expression, row) for column in command.by]
        key = tuple(map(text, values))
        if key not in groups:
            groups[key] = (values, [_started(call) for call in calls])
            kept.add(letters_of((*key, *(_argument(call, row) for call in calls))))
        for call, running in zip(calls, groups[key][1], strict=True):
            running.add(_argument(call, row), row.timestamp)
    if not groups and not command.by:
        groups[()] = ([], [_started(call) for call in calls])
    for values, finished in groups.values():
        yield _group_row(command, values, dict(zip(calls, finished, strict=True)))


def _argument(call: Call, row: Row) -> Value:
    return evaluate(call.arguments[0], row) if call.arguments else row


def _started(call: Call) -> Aggregate:
    percent = call.arguments[1] if len(call.arguments) > 1 else None
    return aggregate(call.name, percent.value if isinstance(percent, Literal) else None)


def _group_row(
    command: Stats, values: list[Value], finished: Mapping[Call, Aggregate]
) -> Made:
    names = [column.name for column in command.by]
    row = Made(dict(zip(names, values, strict=True)))
    results = {call.text: running.result() for call, running in finished.items()}
    inside = Made({**row.made, **results})
    for column in command.columns:
        value = _finished(column.expression, inside)
        row.made[column.name] = value
        # "provisonedMemoryMB - maxMemoryUsedMB": later columns see earlier ones.
        inside.made[column.name] = value
    return row


def _finished(expression: Expression, row: Made) -> Value:
    """With results in the place of aggregations."""
    return evaluate(_replaced(expression), row)


def _replaced(expression: Expression) -> Expression:
    if isinstance(expression, Call):
        if expression.name in AGGREGATES:
            return Field(expression.text)
        inside = tuple(map(_replaced, expression.arguments))
        return Call(expression.name, inside, expression.text)
    if isinstance(expression, Binary):
        left, right = _replaced(expression.left), _replaced(expression.right)
        return Binary(expression.operator, left, right)
    return expression


def _aggregates(expressions: Iterable[Expression]) -> Iterator[Call]:
    found: dict[Call, None] = {}
    waiting = list(expressions)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Call) and one.name in AGGREGATES:
            found[one] = None
        elif isinstance(one, Call):
            waiting.extend(one.arguments)
        elif isinstance(one, Binary):
            waiting.extend((one.left, one.right))
    return iter(found)


_STAGES: Mapping[type, Callable[..., Iterator[Row]]] = {
    Filter: _filtered,
    Fields: _extended,
    Display: _extended,
    Parse: _parsed,
    Stats: _grouped,
    Dedup: _distinct,
    Limit: lambda rows, command, kept: _limited(rows, command.most),
}


def _shown(query: Query) -> list[str]:
    """Names of the columns: the last `display`, else `stats`, else all `fields`."""
    names: dict[str, None] = {}
    for command in query:
        if isinstance(command, Stats):
            names = dict.fromkeys(_names((*command.by, *command.columns)))
        elif isinstance(command, Fields):
            names.update(dict.fromkeys(_names(command.columns)))
    displays = [command for command in query if isinstance(command, Display)]
    if displays:
        names = dict.fromkeys(_names(displays[-1].columns))
    return list(names) or ["@timestamp", "@message"]


def _names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def _printed(row: Row, shown: Sequence[str]) -> list[tuple[str, str]]:
    names = [*shown, "@ptr"] if isinstance(row, Record) else shown
    values = ((name, text(row.get(name))) for name in dict.fromkeys(names))
    return [(name, value) for name, value in values if value is not None]
