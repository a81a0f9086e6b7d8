"""REST: resources, now and as of a moment, their history, and queries over them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.history import estate
from apps.audit.history.links import related
from apps.audit.history.pages import wanted_of
from apps.audit.history.timeline import as_json, history
from apps.discovery.permissions import person
from apps.search.parameters import is_count
from apps.search.timerange import TimeError

_A_PAGE = 200
_PARAMETERS = [
    OpenApiParameter("q", str, description="Part of a name, id or ARN."),
    OpenApiParameter("type", str, description="Such as AWS::S3::Bucket."),
    OpenApiParameter("at", str, description="As of this moment; default now."),
    OpenApiParameter("account", str, description="Account numbers, by commas."),
    OpenApiParameter("region", str, description="Regions, by commas."),
    OpenApiParameter("seen_by", str, description="config, aggregator or scanner."),
    OpenApiParameter("gone", str, description="1 for those that were deleted too."),
    OpenApiParameter("after", str, description="The `next` of the page before."),
]


class ResourcesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=_PARAMETERS,
        summary="Resources, now or as of a moment, and how many of each type",
    )
    def get(self, request: Request) -> Response:
        try:
            wanted = wanted_of(request._request, timezone.now())  # noqa: SLF001
        except TimeError as error:
            raise ValidationError({"at": str(error)}) from error
        viewer = person(request)
        after = request.query_params.get("after", "1")
        number = int(after) if is_count(after) else 1
        page = Paginator(estate.listed(viewer, wanted), _A_PAGE).get_page(number)
        follows = str(page.next_page_number()) if page.has_next() else None
        ids = [row.pk for row in page]
        rows = estate.listed(viewer, wanted).filter(pk__in=ids)
        return Response(
            {
                "items": list(estate.records(rows, wanted.at)),
                "types": dict(estate.counts(viewer, wanted)),
                "next": follows,
            }
        )


class ResourceView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="One resource, with what belongs with it both ways",
    )
    def get(self, request: Request, resource_id: int) -> Response:
        viewer = person(request)
        row = get_object_or_404(estate.visible_to(viewer), pk=resource_id)
        links = [
            {
                "name": one.name,
                "type": one.type,
                "id": one.id,
                "resource": one.row.pk if one.row else None,
                "said_by": "this" if one.is_from_here else "other",
            }
            for one in related(row, viewer)
        ]
        return Response(estate.record_of(row) | {"relationships": links})


class ResourceHistoryView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("after", str, description="The `next` of the page before.")
        ],
        summary="What changed of a resource, who did it, newest first",
    )
    def get(self, request: Request, resource_id: int) -> Response:
        seen = estate.visible_to(person(request))
        row = get_object_or_404(seen, pk=resource_id)
        after = request.query_params.get("after", "1")
        number = max(1, int(after)) if is_count(after) else 1
        found = history(row, number)
        answer: dict[str, Any] = {
            "items": [as_json(look) for look in found.looks],
            "next": str(number + 1) if found.has_older else None,
        }
        return Response(answer | ({"problem": found.problem} if found.problem else {}))
