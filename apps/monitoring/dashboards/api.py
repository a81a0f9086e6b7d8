"""REST: dashboards, as they are shown and as they are exchanged."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.accounts import visible_to
from apps.discovery.permissions import person
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.automatic_boards import board as automatic
from apps.monitoring.dashboards.automatic_boards import title_of
from apps.monitoring.dashboards.cloudwatch_bodies import BodyError, Note
from apps.monitoring.dashboards.cloudwatch_export import exported
from apps.monitoring.dashboards.exchange import read_text
from apps.monitoring.dashboards.found import inventory, namespaces
from apps.monitoring.dashboards.layouts import DashboardSpec, LayoutError
from apps.monitoring.dashboards.saving import Change, SavedMeanwhile
from apps.monitoring.models import Dashboard
from apps.search.timerange import rfc3339

_A_PAGE = 100
_SPEC = {
    "type": "object",
    "description": "title, description, time, refresh_seconds, variables, panels.",
}
_SAVED = {
    "type": "object",
    "properties": {
        "spec": _SPEC,
        "version": {"type": "integer", "description": "The version it was read as."},
        "shared": {"type": "boolean"},
    },
    "required": ["spec"],
}
_IMPORTED = {
    "type": "object",
    "properties": {
        "body": {"description": "A CloudWatch dashboard body, as an object or text."},
        "name": {"type": "string"},
        "account": {"type": "string", "description": "Of widgets that name none."},
    },
    "required": ["body"],
}


class DashboardsView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Part of the name."),
            OpenApiParameter(
                "after", OpenApiTypes.STR, description="`next` of the page before."
            ),
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Dashboards one may see, by their address",
    )
    def get(self, request: Request) -> Response:
        wanted = request.query_params.get("q", "")
        rows = Dashboard.objects.visible_to(person(request).pk)
        rows = rows.filter(Q(name__icontains=wanted) | Q(slug__icontains=wanted))
        rows = rows.filter(slug__gt=request.query_params.get("after", ""))
        page = list(rows.select_related("owner").order_by("slug")[: _A_PAGE + 1])
        following = page[_A_PAGE - 1].slug if len(page) > _A_PAGE else None
        items = [_item(board) for board in page[:_A_PAGE]]
        return Response({"items": items, "next": following})

    @extend_schema(
        operation_id="dashboards_create",
        request={"application/json": _SAVED},
        responses={201: OpenApiTypes.OBJECT},
        summary="Make a dashboard",
    )
    def post(self, request: Request) -> Response:
        _may_create(request)
        spec = _spec_of(request)
        is_shared = _object(request).get("shared", True) is True
        made = saving.create(spec, _change(request, "Made"), is_shared=is_shared)
        return Response(_whole(made), status=201)


class DashboardView(APIView):
    @extend_schema(
        operation_id="dashboards_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A dashboard",
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_whole(_board(request, slug)))

    @extend_schema(
        operation_id="dashboards_update",
        request={"application/json": _SAVED},
        responses={200: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
        summary="Save a dashboard over the version it was read as",
    )
    def put(self, request: Request, slug: str) -> Response:
        board = _editable(request, slug)
        spec = _spec_of(request)
        version = _object(request).get("version")
        if not isinstance(version, int) or isinstance(version, bool):
            raise ValidationError({"version": "The version it was read as, a number."})
        board.version = version
        try:
            return Response(_whole(saving.save(board, spec, _change(request, ""))))
        except SavedMeanwhile as meanwhile:
            error = {"code": "conflict", "message": str(meanwhile), "field": "version"}
            return Response({"error": error}, status=409)

    @extend_schema(
        operation_id="dashboards_delete",
        responses={204: None},
        summary="Delete a dashboard and its versions",
    )
    def delete(self, request: Request, slug: str) -> Response:
        saving.delete(_editable(request, slug))
        return Response(status=204)


class DashboardExportView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        summary="A dashboard as a CloudWatch body, and what is lost in it",
    )
    def get(self, request: Request, slug: str) -> Response:
        out = exported(saving.spec_of(_board(request, slug)))
        return Response({"body": out.body, "notes": _notes(out.notes)})


class DashboardImportView(APIView):
    @extend_schema(
        operation_id="dashboards_import",
        request={"application/json": _IMPORTED},
        responses={201: OpenApiTypes.OBJECT},
        summary="Make a dashboard of a CloudWatch body, or of one of ours",
    )
    def post(self, request: Request) -> Response:
        _may_create(request)
        given = _object(request)
        body = given.get("body")
        text = body if isinstance(body, str) else json.dumps(body)
        account = str(given.get("account", ""))
        if account and not visible_to(person(request)).filter(number=account).exists():
            raise ValidationError({"account": "There is no such account."})
        try:
            found = read_text(text, str(given.get("name", "")), account)
        except BodyError as error:
            raise ValidationError({"body": str(error)}) from error
        made = saving.create(found.spec, _change(request, "Imported"), is_shared=True)
        return Response({**_whole(made), "notes": _notes(found.notes)}, status=201)


class AutomaticView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter(
                "namespace",
                OpenApiTypes.STR,
                description="Its dashboard, not the list.",
            )
        ],
        responses=OpenApiTypes.OBJECT,
        summary="Namespaces with an automatic dashboard, or one of these dashboards",
    )
    def get(self, request: Request) -> Response:
        viewer = person(request)
        namespace = request.query_params.get("namespace")
        if namespace is None:
            items = [
                {
                    "namespace": one.name,
                    "title": title_of(one.name),
                    "metrics": one.metrics,
                    "series": one.series,
                    "accounts": one.accounts,
                }
                for one in namespaces(viewer)
            ]
            return Response({"items": items})
        there = inventory(namespace, viewer)
        if not there:
            raise NotFound("No metric of this namespace is known that you may see.")
        return Response({"spec": automatic(namespace, there).as_json()})


def _board(request: Request, slug: str) -> Dashboard:
    rows = Dashboard.objects.visible_to(person(request).pk)
    board = rows.select_related("owner", "updated_by").filter(slug=slug).first()
    if board is None:
        raise NotFound("There is no such dashboard, or it is not shared.")
    return board


def _editable(request: Request, slug: str) -> Dashboard:
    _may_create(request)
    return _board(request, slug)


def _may_create(request: Request) -> None:
    if not saving.may_create(person(request)):
        raise PermissionDenied("This needs the role operator in all accounts.")


def _object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("An object is expected.")
    return request.data


def _spec_of(request: Request) -> DashboardSpec:
    try:
        return DashboardSpec.parse(_object(request).get("spec"))
    except LayoutError as error:
        place = f"spec.{error.place}" if error.place else "spec"
        raise ValidationError({place: error.reason}) from error


def _change(request: Request, what: str) -> Change:
    return Change(person(request), timezone.now(), what)


def _item(board: Dashboard) -> dict[str, Any]:
    return {
        "slug": board.slug,
        "name": board.name,
        "version": board.version,
        "shared": board.is_shared,
        "owner": board.owner.get_username() if board.owner else None,
        "updated_at": rfc3339(board.updated_at),
    }


def _whole(board: Dashboard) -> dict[str, Any]:
    return _item(board) | {"spec": saving.spec_of(board).as_json()}


def _notes(notes: tuple[Note, ...]) -> list[dict[str, str]]:
    return [{"where": note.where, "what": note.what} for note in notes]
