"""Queries over the resources one may see: as little as can be is read of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Prefetch, QuerySet

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
_VERSION = "1.3"


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
    """Records as queries see them: tags are a list there."""
    roots = {path[0] for path in _paths(query)}
    left_out = [column for name, column in _LARGE.items() if name not in roots]
    kept = _narrowed(rows.filter(deleted_at=None), query.where).defer(*left_out)
    if "relationships" in roots:
        kept = kept.prefetch_related(Prefetch("links", ResourceLink.objects.all()))
    for row in kept.order_by("pk").iterator(_CHUNK):
        yield _record(row, roots)


def _record(row: Resource, roots: set[str]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "accountId": row.account,
        "awsRegion": row.region,
        "arn": row.arn,
        "availabilityZone": row.availability_zone,
        "configurationItemCaptureTime": _time(row.captured_at),
        "configurationItemStatus": "OK",
        "configurationStateId": row.state_id,
        "resourceCreationTime": _time(row.created_at),
        "resourceId": row.resource_id,
        "resourceName": row.name,
        "resourceType": row.type,
        "version": _VERSION,
    }
    if "configuration" in roots:
        record["configuration"] = row.configuration
    if "supplementaryConfiguration" in roots:
        record["supplementaryConfiguration"] = row.supplementary
    if "tags" in roots:
        record["tags"] = [
            {"tag": f"{name}={value}", "key": name, "value": value}
            for name, value in row.tags.items()
        ]
    if "relationships" in roots:
        record["relationships"] = [
            {
                "name": one.name,
                "resourceType": one.to_type,
                "resourceId": one.to_id,
                "resourceName": one.to_name,
            }
            for one in row.links.all()
        ]
    return record


def _time(at: datetime | None) -> str | None:
    if at is None:
        return None
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
