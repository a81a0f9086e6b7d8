"""REST: the same questions as the Explore page, for other tools."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.search import lookup, neighbours, store
from apps.search.engines.base import (
    OTHER_SERIES,
    TOTAL_SERIES,
    WITHOUT_SERIES,
    Hit,
    SearchRequest,
    SortOrder,
)
from apps.search.explorestate import ExploreState
from apps.search.intervals import SECOND_MS, check_interval, fitting_interval
from apps.search.kinds import Kind
from apps.search.parameters import is_count
from apps.search.rendering import Verbatim
from apps.search.timerange import from_milliseconds, rfc3339
from apps.search.viewers import viewer_of

_OWN_SERIES = {
    TOTAL_SERIES: "total",
    OTHER_SERIES: "other",
    WITHOUT_SERIES: "without",
}
MAX_SIZE = 1_000
MAX_NEIGHBOURS = 500
MAX_FACETS = 20
MAX_FACET_SIZE = 500


def _parameter(name: str, text: str, kind: Any = OpenApiTypes.STR) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=text)


QUESTION = [
    _parameter("q", "A query in the query language."),
    _parameter("f", "A further clause, repeatable; - negates it, ~ disables it."),
    _parameter("since", "RFC 3339 or relative, such as now-15m. Default now-24h."),
    _parameter("until", "The end, excluded. Default now."),
    _parameter("account", "Account numbers, separated by commas."),
    _parameter("region", "Regions, separated by commas."),
]


class KindView(APIView):
    """What all views of a kind share: the question in the URL."""

    def kind(self) -> Kind:
        """Raises UnknownKind, which answers 404."""
        return store.kind_named(self.kwargs["kind_name"])

    def state(self) -> ExploreState:
        return ExploreState.read(dict(self.request.query_params.lists()))

    def question(self) -> SearchRequest:
        return self.state().request(
            self.kind(),
            viewer_of(self.request).visible_accounts(),
            timezone.now(),
            settings.SEARCH_SECONDS,
        )

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most` in the URL."""
        text = self.request.query_params.get(name, str(default))
        if not is_count(text) or not 1 <= int(text) <= most:
            raise ValidationError({name: f"A whole number from 1 to {most:,}."})
        return int(text)


class SearchView(KindView):
    @extend_schema(
        parameters=[
            *QUESTION,
            _parameter("size", f"1 to {MAX_SIZE:,} rows. Default 100."),
            _parameter("after", "`next` of the page before."),
            _parameter("sort", "`newest` (default) or `oldest` first."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Documents that match, with an exact count",
    )
    def get(self, request: Request, kind_name: str) -> Response:
        asked, reader = self.question(), store.reader()
        size = self.number("size", 100, MAX_SIZE)
        total = reader.count(asked)
        order = SortOrder(self.state().sort)
        page = reader.find(asked, size, order, request.query_params.get("after"))
        partial = total.partial or page.partial
        return Response(
            {
                "total": {"value": total.value, "exact": total.exact},
                "items": [_item(hit) for hit in page.hits],
                "next": page.next,
                **({"partial": partial} if partial else {}),
            }
        )


class DocumentView(KindView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="One document, its record exactly as it came",
    )
    def get(self, request: Request, kind_name: str, document_id: str) -> Response:
        kind = self.kind()
        scope = ExploreState().scope(viewer_of(request).visible_accounts())
        hit = lookup.find_document(store.reader(), kind, document_id, scope)
        if hit is None:
            raise NotFound(f"There is no {kind.one} {document_id}.")
        return Response(_item(hit))


class ContextView(KindView):
    @extend_schema(
        parameters=[_parameter("size", "Neighbours on either side, 1 to 500.")],
        responses=OpenApiTypes.OBJECT,
        summary="What stands before and after a document in its stream",
    )
    def get(self, request: Request, kind_name: str, document_id: str) -> Response:
        kind, size = self.kind(), self.number("size", 50, MAX_NEIGHBOURS)
        scope = ExploreState().scope(viewer_of(request).visible_accounts())
        hit = lookup.find_document(store.reader(), kind, document_id, scope)
        if hit is None:
            raise NotFound(f"There is no {kind.one} {document_id}.")
        asked = SearchRequest(
            kind, timezone.now(), scope=scope, seconds=settings.SEARCH_SECONDS
        )
        found = neighbours.around(store.reader(), asked, hit, size)
        return Response(
            {
                "before": [_item(one) for one in found.before],
                "item": _item(hit),
                "after": [_item(one) for one in found.after],
                **({"partial": found.partial} if found.partial else {}),
            }
        )


class HistogramView(KindView):
    @extend_schema(
        parameters=[
            *QUESTION,
            _parameter("interval", "Width of a bucket in whole seconds."),
            _parameter("by", "A field whose most frequent values become series."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Counts over time",
    )
    def get(self, request: Request, kind_name: str) -> Response:
        asked = self.question()
        length_ms = asked.range.until_ms - asked.range.since_ms
        interval_ms = fitting_interval(length_ms)
        if "interval" in request.query_params:
            interval_ms = self.number("interval", 1, 10**9) * SECOND_MS
        check_interval(length_ms, interval_ms)
        by = request.query_params.get("by") or None
        histogram = store.reader().histogram(asked, interval_ms, by)
        return Response(
            {
                "interval_seconds": interval_ms // SECOND_MS,
                "starts": [
                    rfc3339(from_milliseconds(ms)) for ms in histogram.starts_ms
                ],
                "series": {
                    name: list(counts)
                    for name, counts in histogram.series.items()
                    if name not in _OWN_SERIES
                },
                **{
                    name: list(histogram.series[own])
                    for own, name in _OWN_SERIES.items()
                    if own in histogram.series
                },
                **({"partial": histogram.partial} if histogram.partial else {}),
            }
        )


class FacetsView(KindView):
    @extend_schema(
        parameters=[
            *QUESTION,
            _parameter("fields", "Field paths, separated by commas."),
            _parameter("size", f"Values a field, 1 to {MAX_FACET_SIZE}. Default 10."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="The most frequent values of fields",
    )
    def get(self, request: Request, kind_name: str) -> Response:
        paths = [
            part for part in request.query_params.get("fields", "").split(",") if part
        ]
        if not 1 <= len(paths) <= MAX_FACETS:
            raise ValidationError({"fields": f"1 to {MAX_FACETS} field paths."})
        size = self.number("size", 10, MAX_FACET_SIZE)
        found = store.reader().facets(self.question(), paths, size)
        return Response(
            {
                "total": {"value": found.total, "exact": found.partial is None},
                "fields": {
                    path: {
                        "values": [
                            {"value": value, "count": count}
                            for value, count in facet.values
                        ],
                        "others": facet.others,
                        "exact": facet.exact,
                    }
                    for path, facet in found.by_path.items()
                },
                **({"partial": found.partial} if found.partial else {}),
            }
        )


def _item(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.id,
        "time": rfc3339(from_milliseconds(hit.time_ms)),
        "account": hit.account,
        "region": hit.region,
        "derived": Verbatim(hit.derived),
        "record": Verbatim(hit.raw),
    }
