"""Answers queries over items; properties are found inside lists too."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.config import queries
from sandbox.config.queries import Literal, Path, Query, Selected

Row = Mapping[str, Any]


def answer(query: Query, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What the query selects, in its order."""
    kept = [row for row in rows if query.where is None or holds(query.where, row)]
    if query.is_aggregated:
        return _grouped(query, kept)
    return [_picked(query.selected, row) for row in _in_order(query, kept)]


def _in_order(query: Query, rows: list[Row]) -> list[Row]:
    for ordering in reversed(query.ordered):
        path = ordering.column.path
        rows = sorted(rows, key=_sort_key(path), reverse=ordering.is_descending)
    return rows


def _sort_key(path: Path) -> Callable[[Row], tuple[int, float, str]]:
    def key(row: Row) -> tuple[int, float, str]:
        return _rank(next(values(row, path), None))

    return key


def _rank(value: Any) -> tuple[int, float, str]:
    """Nothing first, then numbers, then text."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


def values(value: Any, path: Path) -> Iterator[Any]:
    """Every value at the path, through lists on the way and at its end."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        for element in value:
            yield from values(element, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        # A key may have dots of its own: the longest that is there is meant.
        for length in range(len(path), 0, -1):
            name = ".".join(path[:length])
            if name in value:
                yield from values(value[name], path[length:])
                return


def holds(condition: queries.Condition, row: Row) -> bool:
    if isinstance(condition, queries.Not):
        return not holds(condition.condition, row)
    if isinstance(condition, queries.All):
        return all(holds(one, row) for one in condition.conditions)
    if isinstance(condition, queries.Any):
        return any(holds(one, row) for one in condition.conditions)
    return any(_fits(condition, value) for value in values(row, condition.path))


def _fits(
    condition: queries.Comparison | queries.Within | queries.Between, value: Any
) -> bool:
    if isinstance(condition, queries.Within):
        return any(_compare("=", value, one) for one in condition.values)
    if isinstance(condition, queries.Between):
        above = _compare(">=", value, condition.low)
        return above and _compare("<=", value, condition.high)
    return _compare(condition.operator, value, condition.value)


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def _compare(operator: str, value: Any, wanted: Literal) -> bool:
    if operator == "LIKE":
        prefix = str(wanted)
        if prefix.endswith("%"):
            return isinstance(value, str) and value.startswith(prefix[:-1])
        return bool(value == wanted)
    left, right = _alike(value, wanted)
    if type(left) is not type(right):
        return operator == "!="
    return _ORDERS[operator](left, right)


def _alike(value: Any, wanted: Literal) -> tuple[Any, Any]:
    """Numbers and truths may be asked for as text, as in AWS's own examples."""
    if isinstance(value, bool):
        given = wanted.lower() if isinstance(wanted, str) else wanted
        return value, {"true": True, "false": False}.get(str(given).lower(), wanted)
    if isinstance(value, int | float):
        return float(value), _number(wanted)
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


def _picked(selected: Sequence[Selected], row: Row) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for column in selected:
        if not column.path:
            result |= row
        else:
            _merge(result, _only(row, column.path))
    closed: dict[str, Any] = _closed(result)
    return closed


class _Gap(dict[str, Any]):
    """Keeps the place of an element that has no such property."""


def _closed(value: Any) -> Any:
    """Without gaps: every property of the element has come to its place."""
    if isinstance(value, list):
        return [_closed(one) for one in value if not isinstance(one, _Gap)]
    if isinstance(value, Mapping):
        return {name: _closed(member) for name, member in value.items()}
    return value


def _only(value: Any, path: Path) -> Any:
    """Only what the path leads to of a value; None where it leads nowhere."""
    if not path:
        return value
    if isinstance(value, list):
        found = [_only(element, path) for element in value]
        return [_Gap() if one is None else one for one in found]
    if not isinstance(value, Mapping):
        return None
    for length in range(len(path), 0, -1):
        name = ".".join(path[:length])
        if name in value:
            inner = _only(value[name], path[length:])
            return None if inner is None else {name: inner}
    return None


def _merge(into: dict[str, Any], more: Any) -> None:
    for name, value in (more or {}).items():
        present = into.get(name)
        if isinstance(present, dict) and isinstance(value, Mapping):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            into[name] = [_merged(a, b) for a, b in zip(present, value, strict=False)]
        else:
            into[name] = dict(value) if isinstance(value, Mapping) else value


def _merged(one: Any, other: Any) -> Any:
    if isinstance(other, _Gap):
        return one
    if isinstance(one, dict) and isinstance(other, Mapping):
        both = dict(one)
        _merge(both, other)
        return both
    return other


def _grouped(query: Query, rows: list[Row]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[Row]] = {} if query.grouped else {(): []}
    for row in rows:
        for key in _group_keys(query, row):
            groups.setdefault(key, []).append(row)
    found = list(groups.items())
    for ordering in reversed(query.ordered):
        ranks = {
            key: _rank(_column(ordering.column, query, key, members))
            for key, members in found
        }
        found = [
            (key, groups[key])
            for key in sorted(
                (key for key, _ in found),
                key=ranks.__getitem__,
                reverse=ordering.is_descending,
            )
        ]
    return [_group_row(query, key, members) for key, members in found]


def _group_keys(query: Query, row: Row) -> Iterator[tuple[Any, ...]]:
    """A list's elements are groups of their own; what has no such value has none."""
    found = [list(dict.fromkeys(values(row, path))) for path in query.grouped]
    yield from itertools.product(*found)


def _column(
    column: Selected, query: Query, key: tuple[Any, ...], rows: list[Row]
) -> Any:
    if column.aggregate:
        return _aggregate(column, rows)
    return (
        key[query.grouped.index(column.path)] if column.path in query.grouped else None
    )


def _group_row(query: Query, key: tuple[Any, ...], rows: list[Row]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for column in query.selected:
        value = _column(column, query, key, rows)
        path = (column.name,) if column.aggregate else column.path
        nested = value
        for name in reversed(path):
            nested = {name: nested}
        _merge(result, nested)
    return result


def _aggregate(column: Selected, rows: list[Row]) -> Any:
    if not column.path:
        return len(rows)
    found = [value for row in rows for value in values(row, column.path)]
    if column.aggregate == "COUNT":
        return len(found)
    numbers = [v for v in found if isinstance(v, int | float) and v is not True]
    if not numbers:
        return None
    total = float(sum(numbers))
    return {
        "SUM": total,
        "AVG": total / len(numbers),
        "MIN": float(min(numbers)),
        "MAX": float(max(numbers)),
    }[column.aggregate]
