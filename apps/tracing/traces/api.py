"""REST: the same questions as the page of traces, for other tools."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery import traceids
from apps.search.parameters import is_count
from apps.search.viewers import viewer_of
from apps.tracing.spans.span import Outcome
from apps.tracing.traces import arranging, listing, rootcauses, seen
from apps.tracing.traces.exports import summary_json, trace_json
from apps.tracing.traces.filters.syntax import FilterError
from apps.tracing.traces.questions import (
    InvalidTraceQuestion,
    TraceOrder,
    TraceQuestion,
)
from apps.tracing.traces.rootcauses import RootCause
from apps.tracing.traces.searchpages import brushed
from apps.tracing.traces.spanjson import service_json
from apps.tracing.traces.tracetree import with_inferred

MAX_SIZE = 1_000


def _parameter(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=text)


class TracesView(APIView):
    @extend_schema(
        parameters=[
            _parameter("q", "Traces with a span as asked, in the query language."),
            _parameter("filter", "A filter expression of X-Ray. With q, both hold."),
            _parameter("since", "RFC 3339 or relative. Default now-1h."),
            _parameter("until", "The end, excluded. Default now."),
            _parameter("min_ms", "The shortest time until the root answered."),
            _parameter("max_ms", "The longest time until the root answered."),
            _parameter("sort", f"One of {', '.join(TraceOrder)}. Default newest."),
            _parameter("account", "Account numbers, separated by commas."),
            _parameter("region", "Regions, separated by commas."),
            _parameter("size", f"1 to {MAX_SIZE:,} traces. Default 100."),
            _parameter("cursor", "`next` of the page before."),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Traces that match, and how many were looked at",
    )
    def get(self, request: Request) -> Response:
        given = dict(request.query_params.lists())
        if sort := request.query_params.get("sort"):
            _must_be_order(sort)
        asked = TraceQuestion.read(given)
        cursor = request.query_params.get("cursor", "")
        try:
            question = listing.question(
                asked, viewer_of(request).visible_accounts(), timezone.now()
            )
            answer = listing.answer(question)
            chosen = brushed(answer.traces, asked.bounds())
            page = arranging.page(chosen, asked.order, self._size(), cursor)
        except FilterError as error:
            raise ValidationError({"filter": str(error)}) from error
        except InvalidTraceQuestion as error:
            name = "cursor" if error.field == "after" else error.field
            raise ValidationError({name: str(error)}) from error
        return Response(
            {
                "total": {
                    "value": len(chosen),
                    "exact": answer.go_on is None and answer.partial is None,
                },
                "looked_at": answer.looked_at,
                "items": [summary_json(one) for one in page.traces],
                "next": page.next or None,
                **({"partial": answer.partial} if answer.partial else {}),
            }
        )

    def _size(self) -> int:
        text = self.request.query_params.get("size", "100")
        if not is_count(text) or not 1 <= int(text) <= MAX_SIZE:
            raise ValidationError({"size": f"A whole number from 1 to {MAX_SIZE:,}."})
        return int(text)


def _must_be_order(sort: str) -> None:
    if sort not in set(TraceOrder):
        raise ValidationError({"sort": f"One of {', '.join(TraceOrder)}."})


class TraceView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="One trace: its spans without their records, and its root causes",
    )
    def get(self, request: Request, trace_id: str) -> Response:
        known = traceids.normal(trace_id)
        if known is None:
            text = "1-8 digits-24 digits, or 32 digits."
            raise ValidationError({"trace_id": text})
        found = seen.seen_trace(known, seen.scope_of(request))
        if found is None:
            raise NotFound(f"There is no trace {known} that you may see.")
        tree = with_inferred(found.spans)
        slow = rootcauses.slowness(tree)
        return Response(
            {
                **trace_json(listing.relisted(found.spans), found.spans),
                "hidden_spans": len(found.hidden),
                "root_causes": {
                    "fault": _causes(rootcauses.failures(tree, Outcome.FAULT)),
                    "error": _causes(rootcauses.failures(tree, Outcome.ERROR)),
                    "response_time": _causes([slow] if slow else []),
                },
            }
        )


def _causes(causes: list[RootCause]) -> list[dict[str, Any]]:
    return [
        {
            "reaches_client": cause.reaches_client,
            "services": [
                {
                    **service_json(one.service),
                    "is_inferred": one.is_inferred,
                    "entities": [
                        {
                            "id": entity.key,
                            "name": entity.name,
                            "coverage": entity.coverage,
                        }
                        for entity in one.entities
                    ],
                }
                for one in cause.services
            ],
        }
        for cause in causes
    ]
