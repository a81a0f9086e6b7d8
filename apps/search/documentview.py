"""One document: every field, its JSON, and what happened around it."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.search import exporting, jsontree, lookup, neighbours, store
from apps.search.engines.base import Hit, SearchRequest, SortOrder
from apps.search.explorestate import ExploreState
from apps.search.kinds import Kind
from apps.search.results import cell, document_row, kind_of, value_page
from apps.search.timerange import from_milliseconds, rfc3339
from apps.search.viewers import viewer_of

SURROUNDING = 12


def document(request: HttpRequest, kind_name: str, document_id: str) -> HttpResponse:
    """One document whole, with what happened right before and after it."""
    kind = kind_of(kind_name)
    state = ExploreState.read(dict(request.GET.lists()))
    visible = viewer_of(request).visible_accounts()
    scope = replace(state, accounts=(), regions=()).scope(visible)
    hit = lookup.find_document(store.reader(), kind, document_id, scope)
    if hit is None:
        raise Http404(f"There is no {kind.one} {document_id}.")
    now = timezone.now()
    around = SearchRequest(kind, now, scope=scope, seconds=settings.SEARCH_SECONDS)
    record = jsontree.exact(hit.raw)
    summary = _summary(kind, exporting.record_of(hit))
    context = {
        "kind": kind,
        "state": state,
        "hit": hit,
        "time": from_milliseconds(hit.time_ms),
        "summary": summary,
        "heading": _heading(kind, summary),
        "lines": list(jsontree.lines(record)),
        "derived": list(jsontree.lines(jsontree.exact(hit.derived))),
        "raw": jsontree.pretty(hit.raw),
        "surrounding": _surrounding(kind, hit, around),
        "permalink": request.build_absolute_uri(
            reverse("document", args=[kind.name, hit.id])
        ),
        "around_url": _around_url(hit),
        "pivots": _pivots(kind, exporting.record_of(hit), state),
    }
    is_panel = request.headers.get("HX-Target") == "detail"
    template = "search/document_panel.html" if is_panel else "search/document.html"
    return render(request, template, context)


def _around_url(hit: Hit) -> str:
    """The quarter of an hour around a document, with it open."""
    since = rfc3339(from_milliseconds(hit.time_ms - 450_000))
    until = rfc3339(from_milliseconds(hit.time_ms + 450_000))
    return ExploreState(since=since, until=until, row=hit.id).url_query()


def _summary(kind: Kind, record: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The columns of the kind, as facts at the top."""
    return [(path, cell(record, path)) for path in kind.columns]


def _pivots(
    kind: Kind, record: dict[str, Any], state: ExploreState
) -> list[tuple[str, str]]:
    """Pages about what this document belongs to, by name, in the time of this one."""
    found = []
    for path in kind.path_pages:
        for value in cell(record, path)[:1]:
            if page := value_page(kind, path, value):
                word, url = page
                found.append((f"Open the {word}", url + state.url_query(row="")))
    return found


def _heading(kind: Kind, summary: list[tuple[str, list[str]]]) -> str:
    """What a document is called: its first fact, unless it is a line among lines."""
    if kind.text_field or not summary[0][1]:
        return kind.one.capitalize()
    return summary[0][1][0]


def _surrounding(kind: Kind, hit: Hit, asked: SearchRequest) -> list[dict[str, Any]]:
    """What happened around a document, in its stream or in everything one may see,
    oldest first."""
    reader = store.reader()
    asked = neighbours.of_stream(asked, hit)
    before = reader.find(asked, SURROUNDING, SortOrder.NEWEST, hit.cursor).hits
    after = reader.find(asked, SURROUNDING, SortOrder.OLDEST, hit.cursor).hits
    around = [*reversed(before), hit, *after]
    columns = tuple(path for path in kind.columns[:4])
    return [
        {**document_row(kind, one, columns), "is_this": one.id == hit.id}
        for one in around
    ]
