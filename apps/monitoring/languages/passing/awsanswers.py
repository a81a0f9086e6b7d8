"""What AWS answers, as our own answers are. Pure.

GetQueryResults prints every value. What is a time or a number in all rows of a column
becomes one again, as long as nothing of how it was printed is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from apps.monitoring.languages.insights import Answer
from apps.monitoring.languages.passing.cloudwatch_queries import FoundRow
from apps.monitoring.logs.cloudwatch_logs import LogEvent
from apps.search.engines.columns import Value

_POINTER = "@ptr"
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
# Without what a number would lose: zeros in front, signs, more than 15 digits.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?")
_LINE = ("@timestamp", "@logGroup", "@message")


def answer_of(found: Sequence[FoundRow], columns: Sequence[str] = ()) -> Answer:
    """`columns`: what the query shows, where we can read it; else those of the rows
    in the order they come."""
    rows = [dict(row) for row in found]
    named = columns or dict.fromkeys(
        name for row in rows for name in row if name != _POINTER
    )
    values, times = {}, set[str]()
    for name in named:
        cells = [row.get(name) for row in rows]
        values[name], is_time = _typed(cells)
        if is_time:
            times.add(name)
    table = list(zip(*values.values(), strict=True)) if values else []
    return Answer(tuple(named), table, frozenset(times), (), ())


def _typed(cells: Sequence[str | None]) -> tuple[list[Value], bool]:
    said = [cell for cell in cells if cell]
    if said and all(map(_TIME.fullmatch, said)):
        return [_milliseconds(cell) if cell else None for cell in cells], True
    if said and all(map(_NUMBER.fullmatch, said)):
        return [float(cell) if cell else None for cell in cells], False
    return list(cells), False


def _milliseconds(printed: str) -> float:
    moment = datetime.strptime(printed, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000.0)


def answer_of_events(found: Iterable[tuple[str, LogEvent]]) -> Answer:
    """Events with their groups, the newest first."""
    rows: list[tuple[Value, ...]] = [
        (float(event.timestamp_ms), group, event.message) for group, event in found
    ]
    rows.sort(key=lambda row: float(str(row[0])), reverse=True)
    return Answer(_LINE, rows, frozenset(_LINE[:1]), (), ())
