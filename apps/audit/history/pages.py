"""Pages about resources: the estate now and as it was, and one resource with all that
is known of it, whoever told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.audit.history import estate, exports
from apps.audit.history.estate import Wanted
from apps.audit.history.links import related
from apps.audit.history.timeline import Look, history
from apps.audit.views import trail_context
from apps.discovery.accounts import visible_to
from apps.discovery.inventory.items import ItemSource
from apps.discovery.inventory.knowing import open_gaps
from apps.discovery.inventory.writing import record_of
from apps.discovery.models import ConfigSource, Resource
from apps.discovery.permissions import person
from apps.search.explorestate import ExploreState
from apps.search.parameters import is_count
from apps.search.pickers import pairs, scope_picker
from apps.search.timerange import TimeError, parse_time, rfc3339

_A_PAGE = 100
_MOST_SHOWN = 400
_SOURCES = {
    ItemSource.CONFIG: "AWS Config",
    ItemSource.AGGREGATOR: "aggregator, lags behind",
    ItemSource.SCANNER: "read directly",
}


def wanted_of(request: HttpRequest, now: datetime) -> Wanted:
    """What a URL asks to list. Raises TimeError."""
    state = ExploreState.read(dict(request.GET.lists()))
    at = request.GET.get("at", "").strip()
    return Wanted(
        at=parse_time(at, now) if at and at != "now" else None,
        text=state.q.strip()[:200],
        type=request.GET.get("type", "")[:128],
        accounts=tuple(state.accounts),
        regions=tuple(state.regions),
        source=request.GET.get("seen_by", "")[:20],
        with_gone=request.GET.get("gone") == "1",
    )


def inventory(request: HttpRequest) -> HttpResponse:
    """Every resource one may see, now or as of a moment."""
    viewer, parameters = person(request), dict(request.GET.lists())
    context: dict[str, Any] = {
        "q": request.GET.get("q", ""),
        "at": request.GET.get("at", ""),
        "type": request.GET.get("type", ""),
        "scope": scope_picker(parameters),
        "query_hidden": pairs(parameters, without=("q", "page", "at")),
        "other_type": urlencode(pairs(parameters, without=("type", "page"))),
        "other_page": urlencode(pairs(parameters, without=("page",))),
        "query": urlencode(pairs(parameters, without=("page",))),
        "gaps": open_gaps(viewer),
        "has_sources": ConfigSource.objects.filter(
            account__in=visible_to(viewer)
        ).exists(),
    }
    try:
        wanted = wanted_of(request, timezone.now())
    except TimeError as error:
        return render(request, "audit/inventory.html", context | {"problem": error})
    rows = estate.listed(viewer, wanted)
    page = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    context |= {
        "page": page,
        "wanted": wanted,
        "rows": [(row, seen_by(row.source)) for row in page],
        "types": estate.counts(viewer, wanted),
    }
    context["total"] = sum(number for _, number in context["types"])
    return render(request, "audit/inventory.html", context)


def seen_by(source: str) -> str:
    return _SOURCES[ItemSource(source)]


def export(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
    """What the page lists, whole, as a file."""
    now = timezone.now()
    try:
        wanted = wanted_of(request, now)
    except TimeError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    rows = estate.listed(person(request), wanted)
    found = estate.records(rows, wanted.at)
    pieces, content_type = exports.pieces(found, form)
    name = f"resources-{rfc3339(wanted.at or now)[:19].replace(':', '')}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(pieces, content_type=content_type, headers=headers)


def inventory_resource(request: HttpRequest, resource_id: int) -> HttpResponse:
    """One resource: how it is, how it became so, who did it, what belongs with it."""
    seen = estate.visible_to(person(request))
    return page_of(request, get_object_or_404(seen, pk=resource_id))


def resource(request: HttpRequest) -> HttpResponse:
    """A resource by any name of it: that of the inventory, or what the trail saw."""
    name = request.GET.get("name", "")
    if not name:
        raise Http404("The address lacks a name.")
    matches = list(known_as(request, name))
    if len(matches) == 1:
        return page_of(request, matches[0])
    context = trail_context(request, name, [name]) | {"matches": matches}
    return render(request, "audit/resource.html", context)


def known_as(request: HttpRequest, name: str) -> Iterator[Resource]:
    """Resources with this ARN, id or name; the best kind of match there is."""
    seen = estate.visible_to(person(request)).order_by("deleted_at", "type", "pk")
    for field in ("arn", "resource_id", "name"):
        found = list(seen.filter(**{field: name})[:50])
        if found:
            yield from found
            return


def page_of(request: HttpRequest, row: Resource) -> HttpResponse:
    number = request.GET.get("looks", "1")
    page = int(number) if is_count(number) and int(number) else 1
    past = history(row, page)
    names = [one for one in (row.arn, row.resource_id, row.name) if one]
    known = trail_context(request, row.arn or row.resource_id, names)
    parameters = dict(request.GET.lists())
    context = known | {
        "row": row,
        "title": row.name or row.resource_id,
        "seen_by": seen_by(row.source),
        "history": past,
        "looks": [_shown(look) for look in past.looks],
        "looks_page": page,
        "other_looks": urlencode(pairs(parameters, without=("looks",))),
        "relations": related(row, person(request)),
        "body": _json(record_of(row.item)),
        "gaps": [
            gap
            for gap in open_gaps(person(request))
            if gap.concerns(row.account, row.region, row.type)
        ],
        "trail_open": "since" in request.GET,
    }
    return render(request, "audit/resource.html", context)


def _shown(look: Look) -> dict[str, Any]:
    return {
        "look": look,
        "says": look.says,
        "seen_by": seen_by(look.item.source),
        "changes": [
            {
                "path": one.path,
                "kind": one.kind.value,
                "before": brief(one.before),
                "after": brief(one.after),
            }
            for one in look.changes
        ],
        "body": _json(record_of(look.item)),
    }


def brief(value: Any) -> str:
    """A value in a cell: text as it is, all else as JSON, not without bound."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(_full(value)).decode()
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _full(value: Any) -> Any:
    """Without members that are empty."""
    if isinstance(value, dict):
        kept = {name: _full(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, [], {})}
    return [_full(one) for one in value] if isinstance(value, list) else value


def _json(record: dict[str, Any]) -> str:
    return orjson.dumps(record, option=orjson.OPT_INDENT_2).decode()
