"""Lists of resources as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from apps.search.exporting import safe_text

_COLUMNS = (
    "account", "region", "type", "resource_id", "name", "arn", "source", "captured_at",
    "first_seen_at", "deleted_at", "tags",
)  # fmt: skip
_ROWS = 200

Record = Mapping[str, Any]


def pieces(records: Iterable[Record], form: str) -> tuple[Iterator[bytes], str]:
    """Pieces of a file of `form` csv or json, and its type."""
    if form == "csv":
        return _csv(records), "text/csv; charset=utf-8"
    return _json(records), "application/json"


def _csv(records: Iterable[Record]) -> Iterator[bytes]:
    yield _lines([_COLUMNS])
    rows: list[list[str]] = []
    for record in records:
        rows.append([_cell(record.get(name)) for name in _COLUMNS])
        if len(rows) >= _ROWS:
            yield _lines(rows)
            rows = []
    yield _lines(rows)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return safe_text(text)


def _json(records: Iterable[Record]) -> Iterator[bytes]:
    yield b"["
    for number, record in enumerate(records):
        yield (b"\n" if not number else b",\n") + orjson.dumps(record)
    yield b"\n]\n"
