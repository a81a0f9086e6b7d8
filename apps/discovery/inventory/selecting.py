"""Queries over the resources one may see: as little as can be is read of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from apps.discovery.inventory.select.answering import Answer, answer
from apps.discovery.inventory.select.reading import read
from apps.discovery.inventory.select.syntax import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    OneOf,
    Path,
    Query,
)
from apps.discovery.models import Resource, ResourceLink

_CHUNK = 1_000
# Properties that are columns: they are looked up where nothing else can hold.
_COLUMNS: Mapping[str, str] = {
    "resourceType": "type",
    "resourceId": "resource_id",
    "resourceName": "name",
    "accountId": "account",
    "awsRegion": "region",
    "arn": "arn",
}
_LARGE: Mapping[str, str] = {
    "configuration": "configuration",
    "supplementaryConfiguration": "supplementary",
    "tags": "tags",
}
_SMALL: Mapping[str, str] = {
    **_COLUMNS,
    "availabilityZone": "availability_zone",
    "configurationItemCaptureTime": "captured_at",
    "configurationStateId": "state_id",
    "resourceCreationTime": "created_at",
}
_LINKS = "relationships"
_ALWAYS: Mapping[str, str] = {"configurationItemStatus": "OK", "version": "1.3"}


@dataclass(frozen=True, slots=True)
class Selection:
    """`is_cut` where there is more than was asked for; `is_partial` where time ran
    out before all resources were looked at."""

    fields: tuple[str, ...]
    items: list[Answer]
    is_cut: bool
    is_partial: bool


def select(
    text: str,
    rows: QuerySet[Resource],
    most: int,
    is_late: Callable[[], bool],
    skip: int = 0,
) -> Selection:
    """What a query gives over these rows. `is_late` is asked now and then; once it is,
    the rest is left. Raises SelectError."""
    query = read(text)
    state = {"late": False}

    def in_time() -> Iterator[Mapping[str, Any]]:
        for number, record in enumerate(_records(query, rows)):
            if number % 500 == 0 and is_late():
                state["late"] = True
                return
            yield record

    found = list(islice(answer(query, in_time()), skip, skip + most + 1))
    names = tuple(column.name for column in query.columns)
    return Selection(names, found[:most], len(found) > most, state["late"])


def _records(query: Query, rows: QuerySet[Resource]) -> Iterator[Mapping[str, Any]]:
    """Records as queries see them, each with as much as the query asks for. Plain
    values: model instances would take three times as long."""
    roots = {path[0] for path in _paths(query)}
    names = [name for name in (*_SMALL, *_LARGE) if name in roots]
    columns = [{**_SMALL, **_LARGE}[name] for name in names]
    kept = _narrowed(rows.filter(deleted_at=None), query.where)
    found = kept.order_by("pk").values_list("pk", *columns).iterator(_CHUNK)
    while chunk := list(islice(found, _CHUNK)):
        links = _links_of([one[0] for one in chunk]) if _LINKS in roots else {}
        for pk, *values in chunk:
            record = dict(zip(names, map(_as_told, names, values), strict=True))
            record |= _ALWAYS
            if _LINKS in roots:
                record[_LINKS] = links.get(pk, [])
            yield record


def _as_told(name: str, value: Any) -> Any:
    if name == "tags":
        return [
            {"tag": f"{key}={one}", "key": key, "value": one}
            for key, one in value.items()
        ]
    return _time(value) if isinstance(value, datetime) else value


def _links_of(ids: list[int]) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = {}
    for one in ResourceLink.objects.filter(resource__in=ids):
        found.setdefault(one.resource_id, []).append(
            {
                "name": one.name,
                "resourceType": one.to_type,
                "resourceId": one.to_id,
                "resourceName": one.to_name,
            }
        )
    return found


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1_000:03}Z"


def _paths(query: Query) -> Iterator[Path]:
    for column in (*query.columns, *(one.column for one in query.orders)):
        if column.path:
            yield column.path
    yield from query.groups
    if query.where is not None:
        yield from _paths_of(query.where)


def _paths_of(condition: Condition) -> Iterator[Path]:
    if isinstance(condition, Not):
        yield from _paths_of(condition.condition)
    elif isinstance(condition, AllOf | AnyOf):
        for one in condition.conditions:
            yield from _paths_of(one)
    else:
        yield condition.path


def _narrowed(
    rows: QuerySet[Resource], condition: Condition | None
) -> QuerySet[Resource]:
    """Only what can hold: conditions on columns that all must be met."""
    if isinstance(condition, AllOf):
        for one in condition.conditions:
            rows = _narrowed(rows, one)
        return rows
    return rows.filter(**_lookup(condition))


def _lookup(condition: Condition | None) -> dict[str, Any]:
    """The condition as Django asks it; nothing where it is not of a column."""
    if not isinstance(condition, Compare | OneOf):
        return {}
    column = _COLUMNS.get(".".join(condition.path))
    if column is None:
        return {}
    if isinstance(condition, OneOf):
        is_text = all(isinstance(one, str) for one in condition.values)
        return {f"{column}__in": condition.values} if is_text else {}
    is_equal = condition.operator == "=" and isinstance(condition.value, str)
    return {column: condition.value} if is_equal else {}
