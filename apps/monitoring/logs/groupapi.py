"""REST: log groups, their streams, and what is collected."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.logs import catalogue, listing
from apps.monitoring.logs.catalogue import Look, Sought
from apps.monitoring.logs.covered import covered
from apps.monitoring.logs.groupjson import (
    item_json,
    polling_json,
    region_json,
    stream_json,
    totals_json,
)
from apps.monitoring.logs.grouppage import streams_of, subscriptions
from apps.monitoring.logs.grouppages import scopes
from apps.monitoring.logs.outages import told as told_outages
from apps.monitoring.logs.standing import Standings
from apps.monitoring.logs.switching import (
    collect_all,
    groups_of,
    stop_all,
    stop_collecting,
)
from apps.monitoring.models import LogGroup, LogOutage, LogScope
from apps.monitoring.models.logs import LogGroupQuerySet
from apps.search.parameters import is_count
from apps.search.pickers import scope_picker
from apps.search.timerange import rfc3339

_A_PAGE = 200
_OUTAGES = 100
_MOST_CHOSEN = 10_000
_AFTER = OpenApiParameter("after", str, description="The `next` of the page before.")
_PARAMETERS = [
    OpenApiParameter("q", str, description="Words that stand in the name."),
    OpenApiParameter("account", str, description="Account numbers, by commas."),
    OpenApiParameter("region", str, description="Regions, by commas."),
    OpenApiParameter("state", str, description=", ".join(filter(None, Look))),
    OpenApiParameter("order", str, description=", ".join(catalogue.ORDERS)),
    _AFTER,
]
_CHOSEN = {
    "type": "object",
    "description": "Either some groups or all of a region.",
    "properties": {
        "groups": {"type": "array", "items": {"type": "integer"}},
        "region": {"type": "integer", "description": "An id of logs/regions."},
    },
}


class LogGroupsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=_PARAMETERS,
        summary="Log groups, with what AWS charges for them and how they stand",
    )
    def get(self, request: Request) -> Response:
        viewer, now = person(request), timezone.now()
        sought = _sought(request)
        found = catalogue.listed(sought, viewer, now).select_related("poll")
        page, follows = _page(request, found)
        totals = catalogue.totals(sought, viewer, listing.prices(), now)
        items = map(item_json, listing.rows(page, Standings(viewer, now)))
        return Response(
            {"totals": totals_json(totals), "items": list(items), "next": follows}
        )


def _sought(request: Request) -> Sought:
    """Raises ValidationError for a state or order that there is not."""
    asked = request.query_params
    for name, known in (("state", list(Look)), ("order", catalogue.ORDERS)):
        if asked.get(name, "") not in ["", *known]:
            raise ValidationError(
                {name: f"There are {', '.join(filter(None, known))}."}
            )
    picked = scope_picker(dict(asked.lists()))
    return Sought.read(asked.dict(), picked.accounts, picked.regions)


def _page(request: Request, rows: QuerySet[Any]) -> tuple[list[Any], str | None]:
    """The page asked for, and what asks for the next."""
    after = request.query_params.get("after", "1")
    page = Paginator(rows, _A_PAGE).get_page(int(after) if is_count(after) else 1)
    return list(page), str(page.next_page_number()) if page.has_next() else None


class LogGroupView(APIView):
    @extend_schema(
        operation_id="logs_groups_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A log group: what was read of it, and who delivers it",
    )
    def get(self, request: Request, group_id: int) -> Response:
        group, standings = _group(request, group_id), _standings(request)
        outages = LogOutage.objects.filter(group=group)[:_OUTAGES]
        told = {
            "polling": polling_json(group),
            "coverage": [
                {"since": rfc3339(one.since), "until": rfc3339(one.until)}
                for one in covered(group)
            ],
            "outages": told_outages(outages),
            "subscriptions": [
                {
                    "name": one.name,
                    "destination": one.destination,
                    "pattern": one.pattern,
                    "source": one.source and one.source.pk,
                }
                for one in subscriptions(group, standings.sources)
            ],
        }
        return Response(item_json(listing.rows([group], standings)[0]) | told)


def _standings(request: Request) -> Standings:
    return Standings(person(request), timezone.now())


def _group(request: Request, group_id: int) -> LogGroup:
    seen = LogGroup.objects.visible_to(person(request)).select_related("poll")
    return get_object_or_404(seen, pk=group_id)


class LogStreamsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("prefix", str, description="How their names begin."),
            _AFTER,
        ],
        summary="The streams of a log group, newest events first",
    )
    def get(self, request: Request, group_id: int) -> Response:
        group = _group(request, group_id)
        prefix = request.query_params.get("prefix", "")[:512].replace("\0", "")
        page, follows = _page(request, streams_of(group, prefix))
        return Response(
            {
                "complete": group.streams_complete,
                "items": [stream_json(one) for one in page],
                "next": follows,
            }
        )


class CollectLogGroupsView(APIView):
    @extend_schema(
        request={"application/json": _CHOSEN},
        responses=OpenApiTypes.OBJECT,
        summary="Collect log groups from now on, and their last 24 hours",
    )
    def post(self, request: Request) -> Response:
        operator_only(request)
        chosen, _ = _chosen(request)
        asked = chosen.count()
        able = collect_all(chosen, timezone.now())
        return Response({"collected": able, "cannot_be_read": asked - able})


class StopLogGroupsView(APIView):
    @extend_schema(
        request={"application/json": _CHOSEN},
        responses=OpenApiTypes.OBJECT,
        summary="Stop polling log groups; what was collected stays",
    )
    def post(self, request: Request) -> Response:
        operator_only(request)
        chosen, scope = _chosen(request)
        if scope is not None:
            return Response({"stopped": stop_all(scope)})
        groups = list(chosen)
        stop_collecting(groups)
        return Response({"stopped": len(groups)})


def operator_only(request: Request) -> None:
    if not person(request).rights.may_everywhere(Role.OPERATOR):
        raise PermissionDenied("This needs the role operator in all accounts.")


def _chosen(request: Request) -> tuple[LogGroupQuerySet, LogScope | None]:
    """Raises ValidationError that names the field."""
    body = request.data if isinstance(request.data, dict) else {}
    if "region" in body:
        scope = LogScope.objects.filter(pk=_number("region", body["region"])).first()
        if scope is None:
            raise ValidationError({"region": "There is no such region."})
        return groups_of(scope), scope
    asked = body.get("groups")
    if not isinstance(asked, list) or not 0 < len(asked) <= _MOST_CHOSEN:
        raise ValidationError({"groups": f"A list of 1 to {_MOST_CHOSEN:,} ids."})
    ids = {_number("groups", one) for one in asked}
    seen = LogGroup.objects.visible_to(person(request)).filter(gone_at=None)
    found = seen.filter(pk__in=ids)
    if found.count() < len(ids):
        raise ValidationError({"groups": "Some of them are not there."})
    return found, None


def _number(field: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**53:
        raise ValidationError({field: "An id is a number."})
    return value


class LogRegionsView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="Regions in which log groups are looked for",
    )
    def get(self, request: Request) -> Response:
        found = [region_json(one) for one in scopes(person(request))]
        return Response({"items": found, "next": None})


class LogRegionView(APIView):
    @extend_schema(
        request={
            "application/json": {
                "type": "object",
                "properties": {"collects_new": {"type": "boolean"}},
                "required": ["collects_new"],
            }
        },
        responses=OpenApiTypes.OBJECT,
        summary="Choose whether groups that are found from now on are collected",
    )
    def patch(self, request: Request, scope_id: int) -> Response:
        operator_only(request)
        scope = get_object_or_404(LogScope, pk=scope_id)
        asked = request.data if isinstance(request.data, dict) else {}
        if not isinstance(asked.get("collects_new"), bool) or len(asked) > 1:
            raise ValidationError({"collects_new": "true or false, and nothing else."})
        LogScope.objects.filter(pk=scope.pk).update(collects_new=asked["collects_new"])
        found = scopes(person(request))
        return Response(
            next(region_json(one) for one in found if one["row"].pk == scope_id)
        )
