"""A kind made for the suite, with a field of every type."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson

from apps.search.documents import Document
from apps.search.engines.base import EVERYTHING_VISIBLE, Scope, SearchRequest
from apps.search.kinds import Field, FieldType, Kind
from apps.search.language import parse
from apps.search.timerange import ALL_TIME, milliseconds, parse_range

NOW = datetime(2026, 7, 8, tzinfo=UTC)
NOON_MS = milliseconds(datetime(2026, 7, 1, 12, tzinfo=UTC))
_numbers = count()

THINGS = Kind(
    name="things",
    title="Things",
    one="thing",
    many="things",
    fields=(
        Field("text", "Text", FieldType.TEXT),
        Field("address", "Address", FieldType.ADDRESS),
        Field("version", "Version", FieldType.VERSION),
        Field("when", "When", FieldType.TIME),
        Field("number", "Number", FieldType.NUMBER),
    ),
    columns=("name",),
    facets=("name",),
    lookups=("code",),
    not_words=frozenset(("code",)),
    split_by="name",
    id_field="code",
)


class Clock:
    """A clock in milliseconds that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ms = milliseconds(NOW)

    def __call__(self) -> int:
        return self.now_ms


def thing(record: dict[str, Any], **fields: Any) -> Document:
    """A document of this record, by default at noon with an id of its own."""
    return Document(
        id=fields.get("id", f"thing-{next(_numbers)}"),
        time_ms=fields.get("time_ms", NOON_MS),
        account=fields.get("account", "111122223333"),
        region=fields.get("region", "eu-west-1"),
        record=record,
        raw=orjson.dumps(record),
        derived=fields.get("derived", {}),
    )


def ask(
    query: str = "",
    since: str = "",
    until: str = "",
    scope: Scope = EVERYTHING_VISIBLE,
    **more: Any,
) -> SearchRequest:
    span = parse_range(since, until, NOW) if since else ALL_TIME
    return SearchRequest(THINGS, NOW, parse(query), span, scope, **more)
