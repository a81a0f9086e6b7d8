"""Answers queries over records; properties are found inside lists too, each condition
by any element for itself, as AWS Config does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.discovery.inventory.select import addresses
from apps.discovery.inventory.select.syntax import (
    AllOf,
    AnyOf,
    Between,
    Column,
    Compare,
    Condition,
    Literal,
    Not,
    OneOf,
    Path,
    Query,
)

Record = Mapping[str, Any]
Answer = dict[str, Any]
_MISSING = object()


def answer(query: Query, records: Iterable[Record]) -> Iterator[Answer]:
    """What the query selects, in its order. Without an order or an aggregate nothing
    is held in memory."""
    kept = records
    if query.where is not None:
        where = query.where
        kept = (record for record in records if holds(where, record))
    if query.is_aggregated:
        yield from _grouped(query, kept)
        return
    if query.orders:
        kept = _in_order(query, list(kept))
    paths = [column.path for column in query.columns]
    for record in kept:
        found = _pruned(record, paths)
        yield {} if found is _MISSING else found


def values(value: Any, path: Path) -> Iterator[Any]:
    """Every value at the path, through lists on the way and at its end. A state that
    Config tells as {"value": ...} may be plain text too."""
    if isinstance(value, list):
        for element in value:
            yield from values(element, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        name, rest = _member(value, path)
        if name is not None:
            yield from values(value[name], rest)
    elif path == ("value",) and value is not None:
        yield value


def _member(value: Mapping[str, Any], path: Path) -> tuple[str | None, Path]:
    """A name may have dots of its own: the longest that is there is meant."""
    if path[0] in value:
        return path[0], path[1:]
    for length in range(len(path), 1, -1):
        name = ".".join(path[:length])
        if name in value:
            return name, path[length:]
    return None, path


def holds(condition: Condition, record: Record) -> bool:
    if isinstance(condition, Not):
        return not holds(condition.condition, record)
    if isinstance(condition, AllOf):
        return all(holds(one, record) for one in condition.conditions)
    if isinstance(condition, AnyOf):
        return any(holds(one, record) for one in condition.conditions)
    return any(_fits(condition, one) for one in values(record, condition.path))


def _fits(condition: Compare | OneOf | Between, value: Any) -> bool:
    if isinstance(condition, OneOf):
        return any(_compare(value, "=", one) for one in condition.values)
    if isinstance(condition, Between):
        return _between(value, condition.low, condition.high)
    if condition.operator == "LIKE":
        return _like(value, str(condition.value))
    return _compare(value, condition.operator, condition.value)


def _between(value: Any, low: Literal, high: Literal) -> bool:
    if isinstance(value, str) and isinstance(low, str) and isinstance(high, str):
        found = addresses.touches(value, low, high)
        if found is not None:
            return found
    return _compare(value, ">=", low) and _compare(value, "<=", high)


def _like(value: Any, pattern: str) -> bool:
    """% ends in any text; each _ in one letter."""
    stem = pattern.rstrip("%_")
    if not isinstance(value, str) or not value.startswith(stem):
        return False
    ending = pattern[len(stem) :]
    rest = len(value) - len(stem)
    fixed = ending.count("_")
    return rest >= fixed if "%" in ending else rest == fixed


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def _compare(value: Any, operator: str, wanted: Literal) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        found = addresses.compared(value, operator, wanted)
        return _ORDERS[operator](value, wanted) if found is None else found
    left, right = _alike(value, wanted)
    if type(left) is not type(right):
        return operator == "!="
    return _ORDERS[operator](left, right)


def _alike(value: Any, wanted: Literal) -> tuple[Any, Any]:
    """Numbers and truths may be asked for as text, as in AWS's own examples."""
    if isinstance(value, bool):
        told = str(wanted).lower()
        return value, {"true": True, "false": False}.get(told, wanted)
    if isinstance(value, int | float):
        return float(value), _number(wanted)
    if isinstance(value, str) and isinstance(wanted, bool):
        return value.lower(), str(wanted).lower()
    if isinstance(value, str) and isinstance(wanted, float):
        return _number(value), wanted
    return value, wanted


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _pruned(value: Any, paths: Sequence[Path]) -> Any:
    """Only what the paths lead to; elements of lists that have nothing are left out."""
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        found = (_pruned(element, paths) for element in value)
        return [one for one in found if one is not _MISSING] or _MISSING
    if not isinstance(value, Mapping):
        return value if ("value",) in paths else _MISSING
    inner: dict[str, list[Path]] = {}
    for path in paths:
        name, rest = _member(value, path)
        if name is not None:
            inner.setdefault(name, []).append(rest)
    told = {name: _pruned(value[name], rests) for name, rests in inner.items()}
    told = {name: one for name, one in told.items() if one is not _MISSING}
    return told or _MISSING


def _in_order(query: Query, records: list[Record]) -> list[Record]:
    for order in reversed(query.orders):
        path = order.column.path
        records.sort(
            key=lambda one: _rank(next(values(one, path), None)),
            reverse=order.is_descending,
        )
    return records


def _rank(value: Any) -> tuple[int, float, str]:
    """Nothing first, then numbers, then text."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


@dataclass(slots=True)
class _Group:
    """Aggregates as they grow: memory is that of the groups, not of the records."""

    count: int = 0
    columns: dict[Column, list[float]] = field(default_factory=dict)

    def add(self, columns: Sequence[Column], record: Record) -> None:
        self.count += 1
        for column in columns:
            # How many values; of the numbers among them how many, sum, least, most.
            kept = self.columns.setdefault(column, [0, 0, 0.0, 0.0, 0.0])
            for value in values(record, column.path):
                kept[0] += 1
                if isinstance(value, int | float) and not isinstance(value, bool):
                    number = float(value)
                    kept[3] = number if not kept[1] else min(kept[3], number)
                    kept[4] = number if not kept[1] else max(kept[4], number)
                    kept[1] += 1
                    kept[2] += number

    def value(self, column: Column) -> Any:
        if not column.path:
            return self.count
        values_, numbers, total, least, most = self.columns[column]
        if column.aggregate == "COUNT":
            return int(values_)
        if not numbers:
            return None
        found = {"SUM": total, "AVG": total / numbers, "MIN": least, "MAX": most}
        return found[column.aggregate]


def _grouped(query: Query, records: Iterable[Record]) -> Iterator[Answer]:
    """A list's elements are groups of their own; what has no such value has none."""
    wanted = (*query.columns, *(one.column for one in query.orders))
    counted = [one for one in dict.fromkeys(wanted) if one.aggregate and one.path]
    groups: dict[tuple[Any, ...], _Group] = {} if query.groups else {(): _Group()}
    for record in records:
        found = [
            list({_key(one): None for one in values(record, path)})
            for path in query.groups
        ]
        for key in itertools.product(*found):
            groups.setdefault(key, _Group()).add(counted, record)
    order = list(groups)
    for one in reversed(query.orders):
        order.sort(
            key=lambda key: _rank(_column(one.column, query, key, groups[key])),
            reverse=one.is_descending,
        )
    for key in order:
        yield _group_row(query, key, groups[key])


def _key(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _column(column: Column, query: Query, key: tuple[Any, ...], group: _Group) -> Any:
    if column.aggregate:
        return group.value(column)
    return key[query.groups.index(column.path)] if column.path in query.groups else None


def _group_row(query: Query, key: tuple[Any, ...], group: _Group) -> Answer:
    row: Answer = {}
    for column in query.columns:
        value = _column(column, query, key, group)
        path = (column.name,) if column.aggregate else column.path
        place = row
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return row
