"""An outcome as tables, files and JSON show it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

import orjson

from apps.monitoring.languages.insights.values import text
from apps.monitoring.languages.running import Outcome, Progress, chart_of
from apps.monitoring.models import LogQueryRun
from apps.search.engines.columns import Value
from apps.search.exporting import safe_text
from apps.search.timerange import from_milliseconds, rfc3339

# Rows that a page draws; files and the API have all.
SHOWN = 1_000
_HEIGHT = 240
_COLOURS = 6
_TICKS = 5


def rows_of(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Rows by column; times as RFC 3339, numbers as numbers, `@ptr` where a row is a
    line."""
    answer = outcome.answer
    for at, row in enumerate(answer.rows):
        found: dict[str, Any] = {
            name: _plain(value, is_time=name in answer.times)
            for name, value in zip(answer.columns, row, strict=True)
        }
        if answer.ids and answer.ids[at]:
            found["@ptr"] = answer.ids[at]
        yield found


def _plain(value: Value, *, is_time: bool) -> Value:
    if is_time and isinstance(value, int | float):
        return moment(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def moment(milliseconds: float) -> str:
    """RFC 3339, or the number where no calendar has such a time."""
    try:
        return rfc3339(from_milliseconds(round(milliseconds)))
    except (OverflowError, ValueError):
        return text(milliseconds)


def statistics(progress: Progress) -> dict[str, Any]:
    return {
        "scanned": progress.scanned,
        "total": progress.total,
        "matched": progress.matched,
        "bytes": progress.bytes,
        "percent": round(progress.percent, 1),
        "seconds": round(progress.seconds, 3),
        "lines_per_second": round(progress.lines_per_second),
    }


def as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "columns": list(outcome.answer.columns),
        "items": list(rows_of(outcome)),
        "next": None,
        "statistics": statistics(outcome.progress),
        **({"partial": " ".join(outcome.partial)} if outcome.partial else {}),
    }


def run_as_json(run: LogQueryRun) -> dict[str, Any]:
    """A run without its rows."""
    told: dict[str, Any] = {
        "id": run.pk,
        "state": run.state,
        "place": run.place,
        "language": run.language,
        "query": run.query,
        "asked_at": rfc3339(run.asked_at),
        "finished_at": rfc3339(run.finished_at) if run.finished_at else None,
        "rows": run.found,
        "problem": run.problem,
    }
    if run.place == LogQueryRun.Place.AWS:
        told["aws"] = {
            "account": run.account_id,
            "region": run.region,
            "groups": run.groups,
            "most_dollars": run.most_dollars,
            "dollars": run.dollars,
        }
    return told


def as_ndjson(outcome: Outcome) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows_of(outcome))


def as_csv(outcome: Outcome) -> bytes:
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\r\n")
    columns = outcome.answer.columns
    table.writerow([safe_text(name) if not _is_own(name) else name for name in columns])
    for row in rows_of(outcome):
        table.writerow([_cell(row[name]) for name in columns])
    return file.getvalue().encode("utf-8", "backslashreplace")


def _is_own(name: str) -> bool:
    """Names such as @timestamp are no formulas: letters follow the sign."""
    return name[:1] == "@" and name[1:].isalnum()


def _cell(value: Any) -> Any:
    return safe_text(value) if isinstance(value, str) else value


def figure_of(outcome: Outcome) -> dict[str, Any] | None:
    """`stats ... by bin(...)` as a figure for plotly.js."""
    starts, lines = chart_of(outcome)
    if not starts or not lines:
        return None
    times = [moment(start) for start in starts]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": times,
            "y": [_finite(value) for value in values],
            "line": {"color": f"series-{at % _COLOURS + 1}", "width": 2},
            "marker": {"color": f"series-{at % _COLOURS + 1}", "size": 5},
        }
        for at, (name, values) in enumerate(lines.items())
    ]
    margin = {"l": 56, "r": 12, "t": 8, "b": 32}
    layout = {
        "height": _HEIGHT,
        "margin": margin,
        "showlegend": len(data) > 1,
        "legend": {"orientation": "h", "y": -0.25},
        "xaxis": {"type": "date", "nticks": _TICKS, "tickangle": 0},
        "yaxis": {"rangemode": "tozero"},
    }
    return {"data": data, "layout": layout}


def _finite(value: object) -> float | None:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None
