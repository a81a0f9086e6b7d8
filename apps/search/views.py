"""Explore: search a kind of document, see it over time, look at one."""

import shlex
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.search import completion, savedviews, store
from apps.search.engines.base import (
    Facets,
    InvalidCursor,
    SearchRequest,
)
from apps.search.explorestate import ExploreState, Filter, exact_clause
from apps.search.fieldnames import known_paths
from apps.search.kinds import Kind
from apps.search.pickers import carried, pairs, scope_picker, time_picker
from apps.search.results import (
    PROBLEMS,
    ROWS,
    kind_of,
    problem_of,
    question_of,
    results,
    table_rows,
    value_page,
)
from apps.search.viewers import viewer_of

FACET_VALUES = 10
_COMPLETIONS = 12


def explore(request: HttpRequest, kind_name: str) -> HttpResponse:
    kind = kind_of(kind_name)
    parameters = dict(request.GET.lists())
    state = ExploreState.read(parameters)
    context = frame(request, kind, state)
    span = None
    try:
        question = question_of(request, kind_name)
        span = question.request.range
        context |= results(question)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    context["time"] = time_picker(parameters, span)
    return render(request, "search/explore.html", context)


def frame(request: HttpRequest, kind: Kind, state: ExploreState) -> dict[str, Any]:
    """What the page shows whether or not the question can be answered."""
    parameters = dict(request.GET.lists())
    columns = _columns(kind, state)
    return {
        "kind": kind,
        "state": state,
        "scope": scope_picker(parameters),
        "query_hidden": pairs(parameters, without=("q", "row", "after")),
        "columns": columns,
        "column_count": len(columns) + 1,
        "split_choices": _split_choices(kind, state),
        "views": savedviews.views_for(request, kind.name),
        "export_rows": settings.EXPORT_ROWS,
        "curl": _curl(request, kind, state),
        "empty": (),
        "sees_all": viewer_of(request).visible_accounts() is None,
    }


def _split_choices(kind: Kind, state: ExploreState) -> list[str]:
    named = [kind.split_by, *kind.facets, *kind.columns, state.by]
    return [path for path in dict.fromkeys(named) if path and path != "none"]


def _curl(request: HttpRequest, kind: Kind, state: ExploreState) -> str:
    """The same question as an API call for a shell; the token is the reader's."""
    path = reverse("api-search", args=[kind.name])
    url = request.build_absolute_uri(path + state.url_query(columns=(), row=""))
    quoted = shlex.quote(url)
    return f'curl -H "Authorization: Bearer $TRAILMAP_TOKEN" {quoted}'


def _columns(kind: Kind, state: ExploreState) -> list[dict[str, Any]]:
    shown = state.shown_columns(kind)
    return [
        {
            "path": path,
            "label": kind.field(path).label,
            "without": state.url_query(
                columns=tuple(other for other in shown if other != path)
            ),
        }
        for path in shown
    ]


def more_rows(request: HttpRequest, kind_name: str) -> HttpResponse:
    """The rows after a cursor, for the end of the table."""
    try:
        question = question_of(request, kind_name)
        page = store.reader().find(
            question.request, ROWS, question.state.sort, request.GET.get("after")
        )
    except (*PROBLEMS, InvalidCursor) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    context = {
        "kind": question.kind,
        "state": question.state,
        "page": page,
        "rows": table_rows(question, page),
        "column_count": len(question.state.shown_columns(question.kind)) + 1,
    }
    return render(request, "search/rows.html", context)


def facets(request: HttpRequest, kind_name: str) -> HttpResponse:
    """Top values of the named fields, each with its share."""
    paths = request.GET.getlist("field")[:8]
    try:
        question = question_of(request, kind_name)
        found = store.reader().facets(question.request, paths, FACET_VALUES)
    except PROBLEMS as error:
        return render(request, "search/facet_problem.html", {"text": str(error)})
    context = {
        "kind": question.kind,
        "facets": _facet_rows(question.kind, found),
        "total": found.total,
        "partial": found.partial,
    }
    return render(request, "search/facets.html", context)


def _facet_rows(kind: Kind, found: Facets) -> list[dict[str, Any]]:
    most = max(found.total, 1)
    return [
        {
            "field": kind.field(path),
            "values": [
                (value, count, 100 * count / most) for value, count in facet.values
            ],
            "others": facet.others,
            "exact": facet.exact,
        }
        for path, facet in found.by_path.items()
    ]


def fields(request: HttpRequest, kind_name: str) -> HttpResponse:
    """Every field there is, declared ones first, for the sidebar."""
    kind = kind_of(kind_name)
    seen = sorted(_known_paths(request, kind) - set(kind.by_path))
    context = {"kind": kind, "others": [kind.field(path) for path in seen]}
    return render(request, "search/fields.html", context)


def _known_paths(request: HttpRequest, kind: Kind) -> frozenset[str]:
    scope = ExploreState().scope(viewer_of(request).visible_accounts())
    asked = SearchRequest(kind, timezone.now(), scope=scope, seconds=2.0)
    return known_paths(store.reader(), asked)


def value_menu(request: HttpRequest, kind_name: str) -> HttpResponse:
    """What can be done with one value of a field, from the page it stands on."""
    kind = kind_of(kind_name)
    state = ExploreState.read(dict(request.GET.lists()))
    path, value = request.GET.get("path", ""), request.GET.get("value", "")
    clause = exact_clause(kind, path, value)
    columns = state.shown_columns(kind)
    without = tuple(column for column in columns if column != path)

    def explore_url(**changes: object) -> str:
        return reverse("explore", args=[kind.name]) + state.url_query(row="", **changes)

    context = {
        "field": kind.field(path),
        "value": value,
        "with_url": explore_url(filters=(*state.filters, Filter(clause))),
        "without_url": explore_url(
            filters=(*state.filters, Filter(clause, is_negated=True))
        ),
        "only_url": explore_url(q="", filters=(Filter(clause),)),
        "is_column": path in columns,
        "column_url": explore_url(
            columns=without if path in columns else (*columns, path)
        ),
        "page": _value_page(request, kind, path, value),
    }
    return render(request, "search/value_menu.html", context)


def _value_page(
    request: HttpRequest, kind: Kind, path: str, value: str
) -> tuple[str, str] | None:
    """The page about this value: its name and URL, in the time of this page."""
    kept = carried(dict(request.GET.lists()))
    if page := value_page(kind, path, value):
        return page[0], page[1] + "?" + urlencode(kept)
    name = kind.link_pages.get(path)
    if name is None:
        return None
    return name, reverse(name) + "?" + urlencode([("name", value), *kept])


def complete(request: HttpRequest, kind_name: str) -> JsonResponse:
    """Completions at a cursor of a query: names of fields, or values of one."""
    kind = kind_of(kind_name)
    query = request.GET.get("text", "")[:4_000]
    at = request.GET.get("at", "")
    cursor = int(at) if at.isdecimal() and len(at) < len("10000") else len(query)
    typed = completion.typed_at(query, min(cursor, len(query)))
    if typed.field is None:
        seen = _known_paths(request, kind)
        found = completion.field_completions(typed, kind, seen, _COMPLETIONS)
    else:
        found = completion.value_completions(typed, _values(request, kind, typed))
    return JsonResponse(
        {
            "start": typed.start,
            "completions": [
                {"label": one.label, "insert": one.insert, "note": one.note}
                for one in found
            ],
        }
    )


def _values(
    request: HttpRequest, kind: Kind, typed: completion.Typed
) -> list[tuple[str, int]]:
    """Values in the page's range and scope, whatever its query says so far."""
    state = ExploreState.read(dict(request.GET.lists()))
    plain = replace(state, q="", filters=())
    visible = viewer_of(request).visible_accounts()
    try:
        asked = plain.request(kind, visible, timezone.now(), seconds=2.0)
        path = (typed.field or "").removesuffix(".keyword")
        return list(store.reader().values(asked, path, typed.text, _COMPLETIONS))
    except PROBLEMS:
        return []
