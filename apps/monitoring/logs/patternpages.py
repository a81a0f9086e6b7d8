"""Patterns of log lines as a page and over REST."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.monitoring.kinds import LOGS
from apps.monitoring.logs.findpatterns import BUCKETS, Against, Found, find
from apps.monitoring.logs.patternquery import clause
from apps.monitoring.logs.patterns import Pattern, Tally
from apps.search import store
from apps.search.api import QUESTION, KindView
from apps.search.explorestate import ExploreState, Filter
from apps.search.kinds import Kind
from apps.search.pickers import time_picker
from apps.search.results import PROBLEMS, problem_of, question_of
from apps.search.timerange import TimeRange, from_milliseconds, rfc3339
from apps.search.views import frame

_SHOWN = 200
_SPARK_HEIGHT = 18
_BAR_WIDTH = 3
_GREW = 2.0

# The orders of the page: its name in the URL, what it is called, how it sorts.
_ORDERS: Mapping[str, tuple[str, Callable[[Pattern], tuple[float, ...]]]] = {
    "count": ("Most lines", lambda one: (-one.now.weight,)),
    "new": ("New first", lambda one: (not one.is_new, -one.now.weight)),
    "growth": (
        "Grew most",
        lambda one: (one.is_gone, -(one.growth or 0.0), -one.now.weight),
    ),
    "gone": ("Gone first", lambda one: (not one.is_gone, -one.before.weight)),
}


def patterns_page(request: HttpRequest) -> HttpResponse:
    parameters = dict(request.GET.lists())
    state = ExploreState.read(parameters)
    against = _against(request.GET.get("against", ""))
    order = request.GET.get("order", "")
    order = order if order in _ORDERS else "count"
    context = frame(request, LOGS, state) | {
        "here": "log-patterns",
        "against": against,
        "periods": _links(request, "against", _PERIODS, against),
        "orders": _links(
            request, "order", [(name, title) for name, (title, _) in _ORDERS.items()],
            order,
        ),
    }  # fmt: skip
    span = None
    try:
        question = question_of(request, LOGS.name)
        span = question.request.range
        found = find(store.reader(), question.request, against)
        context |= _shown(found, state, order) | {"range": span}
    except PROBLEMS as error:
        context["problem"] = problem_of(error)
    context["time"] = time_picker(parameters, span)
    return render(request, "monitoring/patterns.html", context)


_PERIODS = [
    (Against.BEFORE.value, "the period before"),
    (Against.WEEK.value, "the same time last week"),
    (Against.NONE.value, "nothing"),
]


def _against(text: str) -> Against:
    return Against(text) if text in set(Against) else Against.BEFORE


def _links(
    request: HttpRequest, name: str, choices: list[tuple[str, str]], chosen: str
) -> list[tuple[str, str, bool]]:
    """Title, URL and whether it is chosen, of each choice of a parameter."""
    links = []
    for value, title in choices:
        changed = request.GET.copy()
        changed[name] = value
        links.append((title, f"?{changed.urlencode()}", value == chosen))
    return links


def _shown(found: Found, state: ExploreState, order: str) -> dict[str, Any]:
    ranked = sorted(found.patterns, key=_ORDERS[order][1])
    total = sum(one.now.weight for one in ranked) or 1.0
    return {
        "found": found,
        "rows": [_row(one, total, state, found.compared) for one in ranked[:_SHOWN]],
        "hidden": max(0, len(ranked) - _SHOWN),
        "new": sum(one.is_new for one in ranked) if found.compared else 0,
        "gone": sum(one.is_gone for one in ranked),
        "buckets_width": BUCKETS * _BAR_WIDTH,
    }


def _row(
    one: Pattern, total: float, state: ExploreState, compared: TimeRange | None
) -> dict[str, Any]:
    tally = one.before if one.is_gone else one.now
    level = tally.levels.most_common(1)[0][0]
    only = clause(LOGS, one.tokens)
    shown = (*state.filters, Filter(only))

    def url(**changes: object) -> str:
        return reverse("explore", args=[LOGS.name]) + state.url_query(row="", **changes)

    span: dict[str, object] = {}
    if one.is_gone and compared is not None:
        span = {"since": rfc3339(compared.since), "until": rfc3339(compared.until)}
    return {
        "text": one.text,
        "parts": one.text.split("<*>"),
        "count": round(one.now.weight),
        "before": round(one.before.weight),
        "percent": 100 * one.now.weight / total,
        "level": level,
        "failed": LOGS.is_failure([level]),
        "is_new": one.is_new and compared is not None,
        "is_gone": one.is_gone,
        "growth": one.growth,
        "grew": one.growth is not None and one.growth >= _GREW,
        "first": from_milliseconds(tally.first_ms),
        "last": from_milliseconds(tally.last_ms),
        "example": tally.example,
        "example_url": url(**span, filters=shown) + f"&row={quote(tally.example_id)}",
        "with_url": url(**span, filters=shown),
        "without_url": url(filters=(*state.filters, Filter(only, is_negated=True))),
        "spark": _spark(one.now),
    }


def _spark(tally: Tally) -> list[dict[str, int]]:
    """Bars of the sparkline, in units of its drawing."""
    most = max(tally.buckets.values(), default=0)
    bars = []
    for bucket, count in sorted(tally.buckets.items()):
        height = max(1, round(_SPARK_HEIGHT * count / most)) if count else 0
        bars.append(
            {
                "x": bucket * _BAR_WIDTH,
                "y": _SPARK_HEIGHT - height,
                "height": height,
            }
        )
    return bars


class PatternsView(KindView):
    def kind(self) -> Kind:
        return LOGS

    @extend_schema(
        parameters=[
            *QUESTION,
            OpenApiParameter(
                "against",
                str,
                enum=list(Against),
                description="The period to compare with: `before` (default), the same "
                "length right before; `week`, the same time a week earlier; `none`.",
            ),
            OpenApiParameter("size", int, description="1 to 1,000, default 100."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Log lines clustered by template, and what is new among them",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        against = request.query_params.get("against", Against.BEFORE)
        if against not in set(Against):
            raise ValidationError({"against": f"One of {', '.join(Against)}."})
        size = self.number("size", 100, 1_000)
        found = find(store.reader(), self.question(), Against(against))
        return Response(_answer(found, size))


def _answer(found: Found, size: int) -> dict[str, Any]:
    return {
        "lines": {"total": found.now.total, "read": found.now.read},
        "before": {
            "total": found.before.total,
            "read": found.before.read,
            **_period(found.compared),
        },
        "total": len(found.patterns),
        "items": [_item(one) for one in found.patterns[:size]],
        **({"partial": found.partial} if found.partial else {}),
    }


def _period(span: TimeRange | None) -> dict[str, str]:
    if span is None:
        return {}
    return {"since": rfc3339(span.since), "until": rfc3339(span.until)}


def _item(one: Pattern) -> dict[str, Any]:
    tally = one.before if one.is_gone else one.now
    return {
        "pattern": one.text,
        "count": round(one.now.weight),
        "before": round(one.before.weight),
        "is_new": one.is_new,
        "is_gone": one.is_gone,
        "growth": one.growth,
        "levels": dict(tally.levels),
        "first": rfc3339(from_milliseconds(tally.first_ms)),
        "last": rfc3339(from_milliseconds(tally.last_ms)),
        "example": tally.example,
        "example_id": tally.example_id,
        "query": clause(LOGS, one.tokens),
    }
