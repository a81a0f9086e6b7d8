"""Pages about actors, sessions and resources."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.audit import profiles
from apps.audit.chains import chain
from apps.audit.identities import actor_of, short_name
from apps.audit.kinds import TRAIL
from apps.search import charts, store
from apps.search.engines.base import Hit, SearchRequest
from apps.search.explorestate import ExploreState, Filter, exact_clause
from apps.search.pickers import carried, scope_picker, time_picker
from apps.search.results import PROBLEMS, document_row, problem_of, span_of
from apps.search.syntax import AnyOf, Equals, Everything, Node
from apps.search.timerange import from_milliseconds, rfc3339
from apps.search.viewers import viewer_of

_COLUMNS = ("eventName", "eventSource", "@actor", "sourceIPAddress", "errorCode")
_LISTED = 100


def actors(request: HttpRequest) -> HttpResponse:
    """The busiest actors of the time range."""
    return _directory(request, "@actor", "audit/actors.html")


def resources(request: HttpRequest) -> HttpResponse:
    """The resources touched most in the time range."""
    return _directory(request, "@resource", "audit/resources.html")


def actor(request: HttpRequest) -> HttpResponse:
    key = _named(request)
    state, context = _frame(request)
    context |= {"name": key, "short": short_name(key), "path": "@actor"}
    try:
        asked = _asked(request, state, profiles.actor_node(key))
        profile = profiles.actor_profile(store.reader(), asked)
        context |= _profile_context(state, profile, "@actor", key, "No error")
        context["relations"] = profiles.relations(
            store.reader(), asked, key, profile.last
        )
        context["identity"] = profiles.identity_of(profile.last)
        context["time"] = time_picker(dict(request.GET.lists()), asked.range)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    return render(request, "audit/actor.html", context)


def trail_context(
    request: HttpRequest, name: str, names: Sequence[str]
) -> dict[str, Any]:
    """What the trail says of a resource, by all the names it goes by."""
    state, context = _frame(request)
    context |= {"name": name, "short": short_name(name), "path": "@resource"}
    try:
        node = profiles.resource_node(name)
        others = [Equals("@resource", one) for one in names if one != name]
        asked = _asked(request, state, AnyOf((node, *others)) if others else node)
        profile = profiles.resource_profile(store.reader(), asked)
        context |= _profile_context(state, profile, "@resource", name, "Unknown")
        context["time"] = time_picker(dict(request.GET.lists()), asked.range)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    return context


def session(request: HttpRequest) -> HttpResponse:
    """Who is behind an access key."""
    access_key = _named(request)
    scope = ExploreState().scope(viewer_of(request).visible_accounts())
    steps = chain(store.reader(), TRAIL, scope, access_key, timezone.now())
    used = SearchRequest(
        TRAIL,
        timezone.now(),
        Equals("userIdentity.accessKeyId", access_key),
        scope=scope,
        seconds=settings.SEARCH_SECONDS,
    )
    user = next(iter(store.reader().find(used, 1).hits), None)
    context = {
        "access_key": access_key,
        "steps": steps,
        "kind": TRAIL,
        "user": actor_of(profiles.identity_of(user), user.account) if user else None,
        "span": span_of(used),
    }
    return render(request, "audit/session.html", context)


def _named(request: HttpRequest) -> str:
    name = request.GET.get("name", "")
    if not name:
        raise Http404("The address lacks a name.")
    return name


def _frame(request: HttpRequest) -> tuple[ExploreState, dict[str, Any]]:
    parameters = dict(request.GET.lists())
    return ExploreState.read(parameters), {
        "kind": TRAIL,
        "carried": "&" + urlencode(carried(parameters)),
        "time": time_picker(parameters, None),
        "scope": scope_picker(parameters),
    }


def _asked(request: HttpRequest, state: ExploreState, node: Node) -> SearchRequest:
    """Raises TimeError."""
    visible = viewer_of(request).visible_accounts()
    plain = replace(state, q="", filters=())
    asked = plain.request(TRAIL, visible, timezone.now(), settings.SEARCH_SECONDS)
    return replace(asked, query=node)


def _profile_context(
    state: ExploreState, profile: profiles.Profile, path: str, value: str, without: str
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "profile": profile,
        "first": _time(profile.first),
        "last": _time(profile.last),
        "ever": _ever(profile),
        "rows": [document_row(TRAIL, hit, _COLUMNS) for hit in profile.recent],
        "columns": [
            {"path": path, "label": TRAIL.field(path).label} for path in _COLUMNS
        ],
        "facets": [
            {
                "field": TRAIL.field(facet.path),
                "values": [
                    (name, count, 100 * count / max(1, profile.total))
                    for name, count in facet.values
                ],
                "others": facet.others,
                "exact": facet.exact,
            }
            for facet in profile.facets
        ],
        "explore_query": ExploreState(
            filters=(Filter(exact_clause(TRAIL, path, value)),),
            since=state.since,
            until=state.until,
            accounts=state.accounts,
            regions=state.regions,
        ).url_query(),
    }
    if profile.histogram is not None:
        context["figure"] = charts.histogram_figure(profile.histogram, without)
        context["series"] = charts.series_names(profile.histogram, without)
        context["histogram"] = profile.histogram
        context["histogram_rows"] = charts.histogram_rows(profile.histogram)
    return context


def _time(hit: Hit | None) -> Any:
    return from_milliseconds(hit.time_ms) if hit else None


def _ever(profile: profiles.Profile) -> dict[str, str]:
    """From the first to the last event, as a page's URL takes it."""
    if profile.first is None or profile.last is None:
        return {}
    return {
        "since": rfc3339(from_milliseconds(profile.first.time_ms)),
        "until": rfc3339(from_milliseconds(profile.last.time_ms + 1_000)),
    }


def _directory(request: HttpRequest, path: str, template: str) -> HttpResponse:
    parameters = dict(request.GET.lists())
    state, context = _frame(request)
    try:
        visible = viewer_of(request).visible_accounts()
        asked = state.request(TRAIL, visible, timezone.now(), settings.SEARCH_SECONDS)
        found = store.reader().facets(asked, [path], _LISTED)
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
        return render(request, template, context)
    facet = found.by_path[path]
    if not facet.values and not found.partial:
        context["elsewhere"] = span_of(replace(asked.at_any_time(), query=Everything()))
    context |= {
        "time": time_picker(parameters, asked.range),
        "names": [
            (name, short_name(name), count, 100 * count / max(1, found.total))
            for name, count in facet.values
        ],
        "facet": facet,
        "total": found.total,
        "partial": found.partial,
    }
    return render(request, template, context)
