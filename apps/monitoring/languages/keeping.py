"""Rows of answers that are kept: in pieces, so that a page of them is read alone."""

from __future__ import annotations

import zlib
from typing import Any

import orjson
from django.db import transaction

from apps.monitoring.languages import insights
from apps.monitoring.languages.insights import Answer, Plan, QueryError
from apps.monitoring.languages.running import Language, Outcome, Progress
from apps.monitoring.models import LogQueryRows, LogQueryRun

PIECE_ROWS = 1_000
# Of JSON, before it is deflated to about a tenth.
MOST_BYTES = 64 << 20
_FAST = 1


def keep(run: LogQueryRun, answer: Answer, most: int | None = None) -> list[str]:
    """Replace what is kept of a run's answer by this, or by its first rows; what had
    to be left out is said. The run itself is saved by the caller."""
    kept = answer.rows if most is None else answer.rows[:most]
    pieces: list[bytes] = []
    rows = size = 0
    for start in range(0, len(kept) or 1, PIECE_ROWS):
        end = min(start + PIECE_ROWS, len(kept))
        content = orjson.dumps(_piece(answer, start, end))
        size += len(content)
        if size > MOST_BYTES and pieces:
            break
        pieces.append(zlib.compress(content, _FAST))
        rows = end
    with transaction.atomic():
        LogQueryRows.objects.filter(run=run).delete()
        LogQueryRows.objects.bulk_create(
            LogQueryRows(run=run, number=number, content=content)
            for number, content in enumerate(pieces)
        )
    run.rows, run.found, run.version = rows, len(answer.rows), run.version + 1
    if rows == len(answer.rows):
        return []
    return [f"Only the first {rows:,} of {len(answer.rows):,} rows are kept."]


def _piece(answer: Answer, start: int, end: int) -> dict[str, Any]:
    """Some rows, with all that is needed to read them: the run may be read before or
    after its rows are replaced."""
    return {
        "columns": answer.columns,
        "times": sorted(answer.times),
        "rows": answer.rows[start:end],
        "ids": answer.ids[start:end],
    }


def outcome_of(run: LogQueryRun, first: int = 0, size: int | None = None) -> Outcome:
    """The kept rows as an outcome, all of them or a part."""
    answer = _answer(run, first, size)
    return Outcome(answer, _plan(run), progress_of(run), tuple(run.partial))


def _answer(run: LogQueryRun, first: int, size: int | None) -> Answer:
    pieces = LogQueryRows.objects.filter(run=run, number__gte=first // PIECE_ROWS)
    if size is not None:
        pieces = pieces.filter(number__lte=(first + size - 1) // PIECE_ROWS)
    found: list[dict[str, Any]] = [
        orjson.loads(zlib.decompress(piece.content)) for piece in pieces
    ]
    skipped = first % PIECE_ROWS
    end = None if size is None else skipped + size
    rows = [tuple(row) for one in found for row in one["rows"]]
    ids = [line for one in found for line in one["ids"]]
    return Answer(
        tuple(found[0]["columns"] if found else ()),
        rows[skipped:end],
        frozenset(found[0]["times"] if found else ()),
        tuple(ids[skipped:end]),
        (),
    )


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
