"""Rows of answers that are kept: in pieces, so that a page of them is read alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import orjson
from django.db import transaction

from apps.monitoring.languages import insights
from apps.monitoring.languages.insights import Answer, Plan, QueryError
from apps.monitoring.languages.running import Language, Outcome, Progress
from apps.monitoring.models import LogQueryRows, LogQueryRun
from apps.search.engines.columns import Value

PIECE_ROWS = 1_000
# Of JSON, before it is deflated to about a tenth.
MOST_BYTES = 64 << 20
_FAST = 1

Kept = tuple[tuple[Value, ...], str]
"""The values of a row, and the id of its line where it is one."""


def keep(run: LogQueryRun, answer: Answer, most: int | None = None) -> list[str]:
    """Replace what is kept of a run's answer by this, or by its first rows; what had
    to be left out is said. The run itself is saved by the caller."""
    kept = answer.rows if most is None else answer.rows[:most]
    ids = list(answer.ids[: len(kept)]) or [""] * len(kept)
    pieces: list[bytes] = []
    rows = size = 0
    for start in range(0, len(kept), PIECE_ROWS):
        end = start + PIECE_ROWS
        piece = list(zip(kept[start:end], ids[start:end], strict=True))
        content = orjson.dumps(piece)
        size += len(content)
        if size > MOST_BYTES and pieces:
            break
        pieces.append(zlib.compress(content, _FAST))
        rows += len(piece)
    with transaction.atomic():
        LogQueryRows.objects.filter(run=run).delete()
        LogQueryRows.objects.bulk_create(
            LogQueryRows(run=run, number=number, content=content)
            for number, content in enumerate(pieces)
        )
    run.rows, run.found, run.version = rows, len(answer.rows), run.version + 1
    run.columns, run.times = list(answer.columns), sorted(answer.times)
    if rows == len(answer.rows):
        return []
    return [f"Only the first {rows:,} of {len(answer.rows):,} rows are kept."]


def rows_from(run: LogQueryRun, first: int, size: int) -> list[Kept]:
    """`size` rows from number `first` on, counted from 0."""
    numbers = range(first // PIECE_ROWS, (first + size - 1) // PIECE_ROWS + 1)
    pieces = LogQueryRows.objects.filter(run=run, number__in=list(numbers))
    found = [row for piece in pieces for row in _rows(piece)]
    skipped = first % PIECE_ROWS
    return found[skipped : skipped + size]


def _rows(piece: LogQueryRows) -> Iterator[Kept]:
    found: list[Any] = orjson.loads(zlib.decompress(piece.content))
    for values, line in found:
        yield tuple(values), line


def outcome_of(run: LogQueryRun, first: int = 0, size: int | None = None) -> Outcome:
    """The kept rows as an outcome, all of them or a part."""
    found = rows_from(run, first, run.rows if size is None else size)
    ids = tuple(line for _, line in found)
    answer = Answer(
        tuple(run.columns),
        [values for values, _ in found],
        frozenset(run.times),
        ids if any(ids) else (),
        (),
    )
    return Outcome(answer, _plan(run), progress_of(run), tuple(run.partial))


def progress_of(run: LogQueryRun) -> Progress:
    return Progress(run.scanned, run.total, run.matched, run.bytes, run.seconds)


def _plan(run: LogQueryRun) -> Plan | None:
    """What makes a chart of the rows; nothing where only AWS reads the query."""
    if run.language != Language.INSIGHTS:
        return None
    try:
        return insights.compile(run.query)
    except QueryError:
        return None
