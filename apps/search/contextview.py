"""A document among its neighbours: a page of its own, that grows to both sides."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.search import exporting, lookup, neighbours, store
from apps.search.engines.base import Hit, InvalidCursor, SearchRequest, SortOrder
from apps.search.explorestate import ExploreState
from apps.search.kinds import Kind
from apps.search.results import PROBLEMS, cell, document_row, kind_of, problem_of
from apps.search.timerange import from_milliseconds
from apps.search.viewers import viewer_of

EACH_SIDE = 50
_ORDERS = {"earlier": SortOrder.NEWEST, "later": SortOrder.OLDEST}


def context(request: HttpRequest, kind_name: str, document_id: str) -> HttpResponse:
    """A document with what stands around it; with `more`, the next of one side."""
    kind = kind_of(kind_name)
    state = ExploreState.read(dict(request.GET.lists()))
    scope = replace(state, accounts=(), regions=()).scope(
        viewer_of(request).visible_accounts()
    )
    hit = lookup.find_document(store.reader(), kind, document_id, scope)
    if hit is None:
        raise Http404(f"There is no {kind.one} {document_id}.")
    asked = SearchRequest(
        kind, timezone.now(), scope=scope, seconds=settings.SEARCH_SECONDS
    )
    shown = {
        "kind": kind,
        "state": state,
        "hit": hit,
        "columns": _columns(kind, state),
        "column_count": len(_columns(kind, state)) + 1,
    }
    if request.GET.get("more") in _ORDERS:
        return _more(request, asked, shown)
    return render(request, "search/context.html", shown | _page(asked, shown))


def _columns(kind: Kind, state: ExploreState) -> tuple[str, ...]:
    """The page's columns, but for those that are the same for the whole stream."""
    chosen = state.shown_columns(kind)
    return tuple(path for path in chosen if path not in kind.stream_fields) or chosen


def _rows(shown: dict[str, Any], hits: tuple[Hit, ...]) -> list[dict[str, Any]]:
    this: Hit = shown["hit"]
    return [
        {
            **document_row(shown["kind"], one, shown["columns"]),
            "is_this": one.id == this.id,
        }
        for one in hits
    ]


def _page(asked: SearchRequest, shown: dict[str, Any]) -> dict[str, Any]:
    kind, hit = shown["kind"], shown["hit"]
    try:
        found = neighbours.around(store.reader(), asked, hit, EACH_SIDE)
    except PROBLEMS as error:
        return {"problem": problem_of(error)}
    record = exporting.record_of(hit)
    return {
        "rows": _rows(shown, (*found.before, hit, *found.after)),
        "earlier": found.earlier,
        "later": found.later,
        "partial": found.partial,
        "time": from_milliseconds(hit.time_ms),
        "stream": [
            (kind.field(path).label, value)
            for path in kind.stream_fields
            for value in cell(record, path)
        ],
    }


def _more(
    request: HttpRequest, asked: SearchRequest, shown: dict[str, Any]
) -> HttpResponse:
    way = request.GET["more"]
    stream = neighbours.of_stream(asked, shown["hit"])
    after = request.GET.get("after", "")
    try:
        page = neighbours.further(
            store.reader(), stream, _ORDERS[way], after, EACH_SIDE
        )
    except (*PROBLEMS, InvalidCursor) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    shown |= {"rows": _rows(shown, page.hits), way: page.next, "partial": page.partial}
    return render(request, "search/context_rows.html", shown)
