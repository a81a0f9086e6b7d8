"""An answer as a piece of a page."""

from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from apps.discovery.models import User
from apps.monitoring.languages import keeping, results
from apps.monitoring.languages.answering import asked_of
from apps.monitoring.languages.asking import Asked
from apps.monitoring.languages.insights import Answer
from apps.monitoring.languages.insights.values import text
from apps.monitoring.languages.passing.offers import can_pass, missing, offers
from apps.monitoring.languages.passing.prices import money
from apps.monitoring.languages.running import Outcome
from apps.monitoring.models import LogQueryRun


@dataclass(frozen=True, slots=True)
class Seen:
    """Who sees an answer, and when."""

    viewer: User
    now: datetime


def answer_html(outcome: Outcome, asked: Asked, seen: Seen) -> str:
    """An answer that came at once; its files ask again."""
    context = _context(outcome, asked, reverse("api-log-query") + asked.url_query())
    context["total"] = len(outcome.answer.rows)
    return _rendered(context | _elsewhere(asked, seen))


def run_html(run: LogQueryRun, seen: Seen) -> str:
    """What is kept of a run; its files are made of that."""
    outcome, asked = keeping.outcome_of(run), asked_of(run)
    context = _context(outcome, asked, reverse("api-log-run", args=[run.pk]) + "?")
    context |= {
        "run": run,
        "total": run.found,
        "forgotten": run.is_over and run.found > 0 and not outcome.answer.rows,
        "price": None if run.dollars is None else money(run.dollars),
    }
    is_here = run.place == LogQueryRun.Place.HERE
    return _rendered(context | (_elsewhere(asked, seen) if is_here else {}))


def offers_context(asked: Asked, seen: Seen) -> dict[str, Any]:
    """Where AWS could answer, with prices."""
    return {
        "offers": offers(asked, seen.viewer, seen.now),
        "can_pass": can_pass(asked),
        "has_groups": bool(asked.groups),
    }


def _elsewhere(asked: Asked, seen: Seen) -> dict[str, Any]:
    """What may not be stored here, and where else it could be asked for."""
    lacking = missing(asked, seen.viewer, seen.now)
    if lacking is None:
        return {}
    return {"missing": lacking, **offers_context(asked, seen)}


def _rendered(context: dict[str, Any]) -> str:
    return render_to_string("monitoring/log_query_answer.html", context)


def _context(outcome: Outcome, asked: Asked, query: str) -> dict[str, Any]:
    answer = outcome.answer
    rows = list(results.rows_of(outcome))
    shown = rows[: results.SHOWN]
    cells = [_cells(row, answer) for row in shown]
    numeric = [cell.get("is_number", False) for cell in (cells[0] if cells else ())]
    return {
        "columns": list(zip_longest(answer.columns, numeric)),
        "rows": [
            (line, row.get("@ptr", "")) for line, row in zip(cells, shown, strict=True)
        ],
        "has_lines": bool(answer.ids),
        "hidden_rows": len(rows) - len(shown),
        "partial": outcome.partial,
        "progress": outcome.progress,
        "figure": results.figure_of(outcome),
        "csv": f"{query}&as=csv",
        "ndjson": f"{query}&as=ndjson",
        "explore": _explore(asked),
        "again": reverse("log-query") + asked.url_query(),
    }


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
