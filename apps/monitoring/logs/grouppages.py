"""The inventory of log groups: what there is, what it costs, what is collected."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.discovery.accounts import visible_to
from apps.discovery.models import User
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.monitoring.logs import catalogue, listing, prices
from apps.monitoring.logs.catalogue import Look, Sought
from apps.monitoring.logs.standing import Standings, cure_of
from apps.monitoring.logs.switching import (
    collect_all,
    collect_groups,
    groups_of,
    stop_all,
    stop_collecting,
)
from apps.monitoring.models import LogGroup, LogScope
from apps.search.parameters import is_count
from apps.search.pickers import pairs, scope_picker

ROWS = 100
_MOST_PAGES = 10_000
_MOST_CHOSEN = 1_000
_LOOKS = (
    (Look.ALL, "All"),
    (Look.COLLECTED, "Collected"),
    (Look.NOT, "Not collected"),
    (Look.PROBLEM, "With a problem"),
    (Look.FOREVER, "Never expire"),
    (Look.GONE, "Gone"),
)
# Columns that can be sorted by, with their order at first.
_COLUMNS = {
    "name": "name",
    "account": "account",
    "region": "region",
    "size": "-size",
    "daily": "-daily",
    "last": "-last",
}


def groups(request: HttpRequest) -> HttpResponse:
    """Every log group one may see."""
    viewer, now = person(request), timezone.now()
    sought, at = sought_of(request), _page(request)
    begin = at * ROWS
    found = catalogue.listed(sought, viewer, now).select_related("poll")
    some = list(found[begin : begin + ROWS + 1])
    parameters = dict(request.GET.lists())
    totals = catalogue.totals(sought, viewer, listing.prices(), now)
    context = {
        "q": request.GET.get("q", "")[:200],
        "rows": listing.rows(some[:ROWS], Standings(viewer, now)),
        "totals": totals,
        "prices": listing.prices(),
        "price_source": (prices.SOURCE, prices.SOURCE_URL),
        "looks": [
            (name, _url(request, state=look.value), totals.counts[look], look)
            for look, name in _LOOKS
        ],
        "look": sought.look,
        "columns": {
            field: _column(request, sought, field, order)
            for field, order in _COLUMNS.items()
        },
        "scope": scope_picker(parameters),
        "hidden": pairs(parameters, without=("q", "page")),
        "query": request.GET.urlencode(),
        "next": _url(request, page=str(at + 1)) if len(some) > ROWS else "",
        "previous": _url(request, page=str(at - 1)) if at else "",
        "first": begin + 1,
        "last": begin + len(some[:ROWS]),
        "scopes": scopes(viewer),
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "is_narrowed": bool(sought.words or sought.accounts or sought.regions),
        "has_connected": visible_to(viewer).filter(is_connected=True).exists(),
    }
    return render(request, "monitoring/log_groups.html", context)


def sought_of(request: HttpRequest) -> Sought:
    scope = scope_picker(dict(request.GET.lists()))
    return Sought.read(request.GET.dict(), scope.accounts, scope.regions)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "0")
    return int(text) if is_count(text) and int(text) < _MOST_PAGES else 0


def _url(request: HttpRequest, **changes: str) -> str:
    kept = pairs(dict(request.GET.lists()), without=(*changes, "page"))
    return "?" + urlencode(
        [*kept, *((name, one) for name, one in changes.items() if one)]
    )


def _column(
    request: HttpRequest, sought: Sought, field: str, order: str
) -> dict[str, str]:
    """A heading that sorts: chosen again, the other way round."""
    is_chosen = sought.order.removeprefix("-") == field
    turned = field if sought.order.startswith("-") else f"-{field}"
    sorted_ = "descending" if sought.order.startswith("-") else "ascending"
    return {
        "url": _url(request, order=turned if is_chosen else order),
        "sorted": sorted_ if is_chosen else "",
    }


def scopes(viewer: User) -> list[dict[str, Any]]:
    """The regions that are looked into, with how many groups each has."""
    visible = viewer.visible_accounts()
    found = LogScope.objects.select_related("account")
    if visible is not None:
        found = found.filter(account__in=visible)
    counts = {
        (row["account"], row["region"]): (row["many"], row["polled"])
        for row in LogGroup.objects.visible_to(viewer)
        .filter(gone_at=None)
        .values("account", "region")
        .annotate(
            many=Count("pk"),
            polled=Count("pk", filter=Q(poll__is_enabled=True)),
        )
        .order_by()
    }
    return [
        _scope(scope, *counts.get((scope.account_id, scope.region), (0, 0)))
        for scope in found
    ]


def _scope(scope: LogScope, many: int, polled: int) -> dict[str, Any]:
    cure = cure_of(scope.problem, "logs:DescribeLogGroups")
    return {"row": scope, "groups": many, "polled": polled, "cure": cure}


def groups_csv(request: HttpRequest) -> HttpResponse:
    """The same groups as CSV, all pages of them."""
    viewer, now = person(request), timezone.now()
    found = catalogue.listed(sought_of(request), viewer, now).select_related("poll")
    lines = listing.csv_lines(found.iterator(ROWS), viewer, now)
    answer = HttpResponse(b"".join(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="trailmap-log-groups.csv"'
    return answer


@everywhere(Role.OPERATOR)
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """Collect the chosen groups, or stop."""
    ids = [int(one) for one in request.POST.getlist("group") if is_count(one)]
    seen = LogGroup.objects.visible_to(person(request)).filter(gone_at=None)
    chosen = list(seen.filter(pk__in=ids[:_MOST_CHOSEN]))
    if not chosen:
        messages.error(request, "Choose a log group first, one that AWS still has.")
    elif request.POST.get("what") == "stop":
        stop_collecting(chosen)
        messages.success(request, f"{_many(len(chosen))} no longer polled.")
    else:
        _tell(request, collect_groups(chosen, timezone.now()), len(chosen))
    return redirect(_back(request, chosen))


def _many(count: int) -> str:
    return f"{count:,} log group{' is' if count == 1 else 's are'}"


def _tell(request: HttpRequest, able: int, asked: int) -> None:
    if able:
        messages.success(
            request,
            f"{_many(able)} collected from now on, and with the last 24 hours.",
        )
    if asked > able:
        messages.error(
            request,
            f"{_many(asked - able)} of a class that AWS lets nobody read line by line.",
        )


def _back(request: HttpRequest, chosen: list[LogGroup]) -> str:
    """Where it was asked from: the page of a group, or the list as it was."""
    if request.POST.get("from") == "group" and chosen:
        return reverse("log-group", args=[chosen[0].pk])
    query = request.POST.get("query", "")
    return reverse("log-groups") + (f"?{query}" if query else "")


@everywhere(Role.OPERATOR)
@require_POST
def switch_scope(request: HttpRequest, scope_id: int) -> HttpResponse:
    """Collect all groups of a region, stop, or choose whether new ones are."""
    scope = get_object_or_404(LogScope, pk=scope_id)
    what, where = request.POST.get("what"), f"{scope.account} in {scope.region}"
    if what == "collect":
        waiting = groups_of(scope)
        _tell(request, collect_all(waiting, timezone.now()), waiting.count())
    elif what == "stop":
        many = stop_all(scope)
        messages.success(request, f"{_many(many)} no longer polled.")
    elif what in ("new", "no-new"):
        LogScope.objects.filter(pk=scope.pk).update(collects_new=what == "new")
        how = "collected as soon as they are found" if what == "new" else "only listed"
        messages.success(request, f"New log groups of {where} are {how}.")
    else:
        LogScope.objects.filter(pk=scope.pk).update(ran_at=None)
        messages.success(request, "It is listed as soon as the worker is free.")
    return redirect(_back(request, []))
