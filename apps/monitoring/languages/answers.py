"""An answer as a piece of a page."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from apps.monitoring.languages import keeping, results
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.insights import Answer
from apps.monitoring.languages.insights.values import text
from apps.monitoring.languages.running import Outcome
from apps.monitoring.languages.runs import asked_of
from apps.monitoring.models import LogQueryRun


def answer_html(outcome: Outcome, asked: Asked) -> str:
    """An answer that came at once; its files ask again."""
    query = reverse("api-log-query") + asked.url_query()
    return _html(outcome, asked, query, len(outcome.answer.rows))


def run_html(run: LogQueryRun) -> str:
    """What is kept of a run; its files are made of that."""
    query = reverse("api-log-run", args=[run.pk]) + "?"
    outcome = keeping.outcome_of(run)
    return _html(outcome, asked_of(run), query, run.found, run)


def _html(
    outcome: Outcome,
    asked: Asked,
    query: str,
    total: int,
    run: LogQueryRun | None = None,
) -> str:
    answer = outcome.answer
    rows = list(results.rows_of(outcome))
    shown = rows[: results.SHOWN]
    context = {
        "run": run,
        "columns": answer.columns,
        "rows": [(_cells(row, answer), row.get("@ptr", "")) for row in shown],
        "has_lines": bool(answer.ids),
        "total": total,
        "hidden_rows": len(rows) - len(shown),
        "forgotten": run is not None and run.is_over and run.found > 0 and not rows,
        "partial": outcome.partial,
        "progress": outcome.progress,
        "figure": results.figure_of(outcome),
        "csv": f"{query}&as=csv",
        "ndjson": f"{query}&as=ndjson",
        "explore": _explore(asked),
        "again": reverse("log-query") + asked.url_query(),
    }
    return render_to_string("monitoring/log_query_answer.html", context)


def _cells(row: dict[str, Any], answer: Answer) -> list[dict[str, Any]]:
    return [_cell(row[name], is_time=name in answer.times) for name in answer.columns]


def _cell(value: Any, *, is_time: bool) -> dict[str, Any]:
    if is_time and isinstance(value, str) and value.endswith("Z"):
        return {"moment": datetime.fromisoformat(value)}
    is_number = isinstance(value, int | float)
    return {"value": text(value), "is_number": is_number}


def _explore(asked: Asked) -> str:
    """Explore in the same time; a row's id is added to it."""
    return reverse("explore", args=["logs"]) + asked.state.url_query(q="", row="")
