"""The page of advanced queries, saved ones, and the same by REST."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.history.estate import visible_to
from apps.audit.history.pages import brief
from apps.discovery.accounts import Viewer
from apps.discovery.inventory.select.reading import MOST_LETTERS
from apps.discovery.inventory.select.syntax import SelectError
from apps.discovery.inventory.selecting import Selection, select
from apps.discovery.models import SavedSelect
from apps.discovery.permissions import everywhere, person
from apps.discovery.roles import Role
from apps.search.parameters import is_count

_SHOWN = 500
_API_MOST = 1_000
_MOST_NAME = 100
_MOST_SAVED = 500
EXAMPLES = (
    (
        "How many of each type",
        "SELECT resourceType, COUNT(*)\nGROUP BY resourceType\nORDER BY COUNT(*) DESC",
    ),
    (
        "Groups open to the world",
        "SELECT resourceId, resourceName, accountId, configuration.ipPermissions\n"
        "WHERE resourceType = 'AWS::EC2::SecurityGroup'\n"
        "AND configuration.ipPermissions.ipRanges = '0.0.0.0/0'",
    ),
    (
        "Groups that let an address in",
        "SELECT resourceId, resourceName\n"
        "WHERE resourceType = 'AWS::EC2::SecurityGroup'\n"
        "AND configuration.ipPermissions.ipRanges = '203.0.113.7'",
    ),
    (
        "Databases without encryption",
        "SELECT resourceName, accountId, awsRegion, configuration.engine\n"
        "WHERE resourceType = 'AWS::RDS::DBInstance'\n"
        "AND configuration.storageEncrypted = false",
    ),
    (
        "By tag",
        "SELECT resourceType, resourceName\nWHERE tags.tag = 'team=payments'",
    ),
    (
        "What belongs with a VPC",
        "SELECT resourceType, resourceId, resourceName\n"
        "WHERE relationships.resourceType = 'AWS::EC2::VPC'\nORDER BY resourceType",
    ),
)


def query_page(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("query", "")[: MOST_LETTERS + 1]
    viewer = person(request)
    context: dict[str, Any] = {
        "text": text,
        "examples": [(name, one, _url(one)) for name, one in EXAMPLES],
        "saved": [
            (one, _url(one.expression))
            for one in SavedSelect.objects.select_related("saved_by")[:_MOST_SAVED]
        ],
        "is_operator": viewer.rights.may_everywhere(Role.OPERATOR),
        "most": _SHOWN,
    }
    if text.strip():
        began = monotonic()
        try:
            found = _selected(text, viewer, _SHOWN)
        except SelectError as error:
            context |= {"problem": str(error), "pointed": _pointed(text, error)}
        else:
            context |= {"found": found, "rows": list(_rows(found))}
            context["took_ms"] = round(1_000 * (monotonic() - began))
    return render(request, "audit/select.html", context)


def _url(text: str) -> str:
    return f"{reverse('inventory-query')}?{urlencode({'query': text})}"


def _selected(text: str, viewer: Viewer, most: int, skip: int = 0) -> Selection:
    """Raises SelectError."""
    ends = monotonic() + settings.SEARCH_SECONDS
    rows = visible_to(viewer)
    return select(text, rows, most, lambda: monotonic() > ends, skip)


def _pointed(text: str, error: SelectError) -> tuple[str, str]:
    """The line of the query in which it is wrong, and a mark below the place."""
    start = text.rfind("\n", 0, error.position) + 1
    line = text[start:].split("\n", 1)[0].rstrip("\r")
    return line, " " * (error.position - start) + "^"


def _rows(found: Selection) -> Iterator[list[str]]:
    for item in found.items:
        yield [_cell(item, name) for name in found.fields]


def _cell(item: dict[str, Any], name: str) -> str:
    """The value of a column in an answer, where several stand in lists as a list."""
    if name in item:
        return brief(item[name])
    value: Any = item
    for part in name.split("."):
        value = _inside(value, part)
    return brief(value)


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, list):
        inner = [_inside(one, part) for one in value]
        return [one for one in inner if one is not None] or None
    return value.get(part) if isinstance(value, dict) else None


@everywhere(Role.OPERATOR)
@require_POST
def save_query(request: HttpRequest) -> HttpResponse:
    """Keep a query under a name, for everybody; the same name replaces it."""
    name = request.POST.get("name", "").strip()[:_MOST_NAME]
    text = request.POST.get("query", "").strip()
    if not name or not text or len(text) > MOST_LETTERS:
        messages.error(request, "A query is saved under a name.")
        return redirect(_url(text[:MOST_LETTERS]))
    SavedSelect.objects.update_or_create(
        name=name,
        defaults={
            "expression": text,
            "saved_by": person(request),
            "saved_at": timezone.now(),
        },
    )
    messages.success(request, f"Saved {name}.")
    return redirect(_url(text))


@everywhere(Role.OPERATOR)
@require_POST
def delete_query(request: HttpRequest, select_id: int) -> HttpResponse:
    found = get_object_or_404(SavedSelect, pk=select_id)
    found.delete()
    messages.success(request, f"Deleted {found}.")
    return redirect("inventory-query")


class SelectView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter(
                "query", str, description="SELECT ... WHERE ...", required=True
            ),
            OpenApiParameter("size", int, description="At most 1,000; default 100."),
            OpenApiParameter(
                "after", str, description="The `next` of the page before."
            ),
        ],
        summary="Resources by an advanced query of AWS Config",
    )
    def get(self, request: Request) -> Response:
        size, after = (
            int(told) if is_count(told) else default
            for told, default in (
                (request.query_params.get("size", ""), 100),
                (request.query_params.get("after", ""), 0),
            )
        )
        size = max(1, min(size, _API_MOST))
        try:
            text = request.query_params.get("query", "")
            found = _selected(text, person(request), size, after)
        except SelectError as error:
            where = f"{error} At letter {error.position + 1}."
            raise ValidationError({"query": where}) from error
        return Response(
            {
                "fields": found.fields,
                "items": found.items,
                "partial": found.is_partial,
                "next": str(after + size) if found.is_cut else None,
            }
        )
