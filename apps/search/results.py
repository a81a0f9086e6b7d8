"""Answers to a page's question, in the form templates show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.search import charts, exporting, jsontree, store
from apps.search.engines.base import (
    EngineUnavailable,
    Histogram,
    Hit,
    Page,
    QueryTooBroad,
    SearchRequest,
    SortOrder,
)
from apps.search.explorestate import ExploreState
from apps.search.intervals import fitting_interval
from apps.search.kinds import Kind, UnknownKind
from apps.search.syntax import QuerySyntaxError
from apps.search.timerange import (
    ALL_TIME,
    TimeError,
    TimeRange,
    from_milliseconds,
    rfc3339,
)
from apps.search.viewers import viewer_of

ROWS = 100
_VALUES_A_CELL = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A page's state and the search request it asks for."""

    kind: Kind
    state: ExploreState
    request: SearchRequest


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer: what is wrong, where, and what to do."""

    title: str
    text: str
    position: int | None = None

    @property
    def padding(self) -> str:
        """As many characters as stand before the place of the error."""
        return " " * (self.position or 0)


PROBLEMS = (QuerySyntaxError, TimeError, QueryTooBroad, EngineUnavailable)


def kind_of(name: str) -> Kind:
    try:
        return store.kind_named(name)
    except UnknownKind as error:
        raise Http404(str(error)) from error


def question_of(request: HttpRequest, kind_name: str) -> Question:
    """Raises Http404, QuerySyntaxError, TimeError."""
    kind = kind_of(kind_name)
    state = ExploreState.read(dict(request.GET.lists()))
    visible = viewer_of(request).visible_accounts()
    asked = state.request(kind, visible, timezone.now(), settings.SEARCH_SECONDS)
    return Question(kind, state, asked)


def results(question: Question) -> dict[str, Any]:
    asked, reader = question.request, store.reader()
    total = reader.count(asked)
    page = reader.find(asked, ROWS, question.state.sort)
    span = _drawn_span(question)
    histogram = _histogram(question, span) if span and total.value else None
    context: dict[str, Any] = {
        "range": asked.range,
        "total": total,
        "page": page,
        "rows": table_rows(question, page),
        "histogram": histogram,
        "partial": total.partial
        or page.partial
        or (histogram.partial if histogram else None),
    }
    if histogram is not None:
        without = _without_label(question)
        context["figure"] = charts.histogram_figure(
            histogram, without, question.kind.colours
        )
        context["series"] = charts.series_names(histogram, without)
        context["histogram_rows"] = charts.histogram_rows(histogram)
        context["split_by"] = _split_by(question)
    if not total.value and total.exact:
        context["elsewhere"] = _elsewhere(question)
    return context


def _split_by(question: Question) -> str | None:
    by = question.state.by or question.kind.split_by
    return None if by == "none" else by


def _without_label(question: Question) -> str:
    by = _split_by(question)
    if by is None:
        return "All"
    return f"No {question.kind.field(by).label.lower()}"


def _drawn_span(question: Question) -> TimeRange | None:
    """The time the histogram spans: the range, or of all time what matches."""
    asked = question.request.range
    if asked.length < ALL_TIME.length / 10:
        return asked
    found = span_of(question.request)
    if found is None:
        return None
    bounds = replace(question.state, since=found["since"], until=found["until"])
    return bounds.time_range(question.request.now)


def _histogram(question: Question, span: TimeRange) -> Histogram:
    asked = replace(question.request, range=span)
    interval_ms = fitting_interval(span.until_ms - span.since_ms)
    return store.reader().histogram(asked, interval_ms, _split_by(question))


def table_rows(question: Question, page: Page) -> list[dict[str, Any]]:
    columns = question.state.shown_columns(question.kind)
    return [document_row(question.kind, hit, columns) for hit in page.hits]


def document_row(kind: Kind, hit: Hit, columns: Sequence[str]) -> dict[str, Any]:
    record = exporting.record_of(hit)
    return {
        "id": hit.id,
        "time": from_milliseconds(hit.time_ms),
        "account": hit.account,
        "failed": kind.is_failure(cell(record, kind.failure_field)),
        "cells": [(path, cell(record, path)) for path in columns],
    }


def cell(record: dict[str, Any], path: str) -> list[str]:
    return [jsontree.leaf_text(value) for value in jsontree.value_at(record, path)][
        :_VALUES_A_CELL
    ]


def value_page(kind: Kind, path: str, value: str) -> tuple[str, str] | None:
    """The page that has this value in its path: a word for it, and its URL."""
    if path not in kind.path_pages:
        return None
    word, route = kind.path_pages[path]
    try:
        return word, reverse(route, args=[value])
    except NoReverseMatch:  # what a log holds there need not fit into a path
        return None


def _elsewhere(question: Question) -> dict[str, Any]:
    """Where in time there is data, for an answer that is empty."""
    anywhere = question.request.at_any_time()
    unfiltered = replace(
        question.state, q="", filters=(), accounts=(), regions=()
    ).request(question.kind, anywhere.scope.accounts, anywhere.now, anywhere.seconds)
    return {
        "matching": span_of(anywhere),
        "stored": span_of(unfiltered.at_any_time()),
    }


def span_of(asked: SearchRequest) -> dict[str, Any] | None:
    """The first and last match, and how many there are; None without any."""
    reader = store.reader()
    newest = reader.find(asked, 1, SortOrder.NEWEST).hits
    oldest = reader.find(asked, 1, SortOrder.OLDEST).hits
    if not newest or not oldest:
        return None
    last_ms = newest[0].time_ms
    return {
        "count": reader.count(asked),
        "since": rfc3339(from_milliseconds(oldest[0].time_ms)),
        "until": rfc3339(from_milliseconds(last_ms + 1_000)),
        "first": from_milliseconds(oldest[0].time_ms),
        "last": from_milliseconds(last_ms),
    }


def problem_of(error: Exception) -> Problem:
    if isinstance(error, QuerySyntaxError):
        return Problem("The query cannot be read", str(error), error.position)
    if isinstance(error, TimeError):
        return Problem("The time range cannot be read", str(error))
    if isinstance(error, QueryTooBroad):
        return Problem("The query is too broad", str(error))
    return Problem("The search index does not answer", str(error))
