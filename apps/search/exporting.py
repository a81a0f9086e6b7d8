"""A whole query as CSV or NDJSON, page after page in constant memory."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from apps.search.documents import read_json
from apps.search.engines.base import DocumentReader, Hit, SearchRequest, SortOrder
from apps.search.jsontree import value_at
from apps.search.kinds import Kind
from apps.search.timerange import from_milliseconds, rfc3339

_PAGE = 1_000
# A spreadsheet runs a text that begins so as a formula; a quote makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class ExportCut(Exception):
    """An export that cannot go on; says why."""


def hits(
    reader: DocumentReader, request: SearchRequest, order: SortOrder, rows: int
) -> Iterator[list[Hit]]:
    """Every match, at most `rows`, a page at a time.

    Raises ExportCut where the time limit of a page was reached: what came is then
    not everything, and must not look so.
    """
    after: str | None = None
    while rows > 0:
        page = reader.find(request, min(_PAGE, rows), order, after)
        if page.partial:
            raise ExportCut(page.partial)
        yield list(page.hits)
        rows -= len(page.hits)
        if page.next is None:
            return
        after = page.next


def ndjson(found: Sequence[Hit]) -> bytes:
    """Records one a line, exactly as they came, but for line breaks around them."""
    return b"".join(_one_line(hit.raw) + b"\n" for hit in found)


def csv_header(columns: Sequence[str], kind: Kind) -> bytes:
    """Names that are declared stand as they are: nobody from outside made them up."""
    shown = [path if path in kind.by_path else safe(path) for path in columns]
    return _csv_lines([["time", *shown, "id"]])


def csv_rows(found: Sequence[Hit], columns: Sequence[str]) -> bytes:
    return _csv_lines([_row(hit, columns) for hit in found])


def record_of(hit: Hit) -> dict[str, Any]:
    """The record with our derived fields beside AWS's own."""
    return {**read_json(hit.raw), **orjson.loads(hit.derived)}


def _row(hit: Hit, columns: Sequence[str]) -> list[Any]:
    record = record_of(hit)
    values = [_cell(value_at(record, path)) for path in columns]
    return [rfc3339(from_milliseconds(hit.time_ms)), *values, safe(hit.id)]


def _cell(values: Sequence[Any]) -> Any:
    if len(values) == 1 and isinstance(values[0], int | float):
        return values[0]
    return safe("; ".join(_text(value) for value in values))


def safe(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _one_line(raw: bytes) -> bytes:
    """JSON never has a line break inside a string, so those around can go."""
    return raw.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in raw else raw
