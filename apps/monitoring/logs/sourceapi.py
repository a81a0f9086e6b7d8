"""REST: sources of logs."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.logs.groupapi import operator_only
from apps.monitoring.logs.keys import new_key
from apps.monitoring.logs.outages import told as told_outages
from apps.monitoring.logs.setup import KEYED
from apps.monitoring.logs.sourceforms import FORMS, SourceForm
from apps.monitoring.logs.sourcepages import endpoint_of, forget
from apps.monitoring.logs.sourcestanding import SourceStanding, source_standings
from apps.monitoring.logs.standing import visible_sources
from apps.monitoring.models import LogSource
from apps.search.timerange import rfc3339

_OUTAGES = 100
_PROPERTIES = {
    "name": {"type": "string"},
    "account": {"type": "string"},
    "region": {"type": "string"},
    "stream": {"type": "string", "description": "Of Kinesis, Firehose or a function."},
    "bucket": {"type": "string"},
    "prefix": {"type": "string"},
    "queue_url": {"type": "string"},
    "log_group": {"type": "string"},
    "owners": {"type": "array", "items": {"type": "string"}},
}
_NEW = {
    "type": "object",
    "properties": {"kind": {"type": "string", "enum": list(FORMS)}} | _PROPERTIES,
    "required": ["kind", "name", "account"],
}
_CHANGE = {
    "type": "object",
    "properties": {"paused": {"type": "boolean"}} | _PROPERTIES,
}


class LogSourcesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="Sources of logs, and how they stand"
    )
    def get(self, request: Request) -> Response:
        found = source_standings(visible_sources(person(request)), timezone.now())
        items = [_item(request, one) for one in found]
        return Response({"items": items, "next": None})

    @extend_schema(
        operation_id="logs_sources_create",
        request={"application/json": _NEW},
        responses={201: OpenApiTypes.OBJECT},
        summary="Add a source; its key is in the answer, and nowhere else",
    )
    def post(self, request: Request) -> Response:
        _admin_only(request)
        asked = _object(request)
        kind = asked.pop("kind", None)
        form_class = FORMS.get(kind) if isinstance(kind, str) else None
        if form_class is None:
            raise ValidationError({"kind": f"There are {', '.join(FORMS)}."})
        made = _saved(form_class(_as_form(form_class(), asked)))
        key = new_key(made, timezone.now()) if made.kind in KEYED else None
        said = _one(request, made)
        return Response(said | ({"key": key} if key else {}), status=201)


class LogSourceView(APIView):
    @extend_schema(
        operation_id="logs_sources_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A source of logs",
    )
    def get(self, request: Request, log_source_id: int) -> Response:
        source = _seen(request, log_source_id)
        outages = told_outages(source.outages.all()[:_OUTAGES])
        return Response(_one(request, source) | {"outages": outages})

    @extend_schema(
        operation_id="logs_sources_update",
        request={"application/json": _CHANGE},
        responses=OpenApiTypes.OBJECT,
        summary="Pause, resume or change a source; what it reads stays",
    )
    def patch(self, request: Request, log_source_id: int) -> Response:
        operator_only(request)
        source, asked = _seen(request, log_source_id), _object(request)
        paused = asked.pop("paused", not source.is_enabled)
        if not isinstance(paused, bool):
            raise ValidationError({"paused": "true or false"})
        if asked:
            _admin_only(request)
            _change(source, asked)
        LogSource.objects.filter(pk=source.pk).update(is_enabled=not paused)
        return Response(_one(request, _seen(request, log_source_id)))

    @extend_schema(
        operation_id="logs_sources_delete",
        responses={204: None},
        summary="Forget a source; the lines that came this way stay",
    )
    def delete(self, request: Request, log_source_id: int) -> Response:
        _admin_only(request)
        forget(_seen(request, log_source_id))
        return Response(status=204)


class LogSourceKeyView(APIView):
    @extend_schema(
        operation_id="logs_sources_key",
        request=None,
        responses=OpenApiTypes.OBJECT,
        summary="Make a new key, shown once; the one before no longer works",
    )
    def post(self, request: Request, log_source_id: int) -> Response:
        _admin_only(request)
        source = _seen(request, log_source_id)
        if source.kind not in KEYED:
            raise ValidationError({"kind": "This source is read: it has no key."})
        key = new_key(source, timezone.now())
        return Response(_one(request, source) | {"key": key})


def _admin_only(request: Request) -> None:
    if not person(request).rights.may_everywhere(Role.ADMIN):
        raise PermissionDenied("This needs the role admin in all accounts.")


def _seen(request: Request, log_source_id: int) -> LogSource:
    visible = person(request).visible_accounts()
    rows = LogSource.objects.select_related("account")
    seen = rows if visible is None else rows.filter(account__in=visible)
    return get_object_or_404(seen, pk=log_source_id)


def _object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("Send an object.")
    return dict(request.data)


def _change(source: LogSource, asked: dict[str, Any]) -> None:
    """Raises ValidationError that names the field."""
    form_class = FORMS[source.kind]
    before = form_class(instance=source)
    for name in before.place:
        there = getattr(source, f"{name}_id", None) or getattr(source, name)
        if asked.get(name, there) != there:
            raise ValidationError({name: "Another place is another source."})
    _saved(form_class(_as_form(before, asked), instance=source))
    LogSource.objects.filter(pk=source.pk).update(swept_at=None)


def _as_form(form: SourceForm, asked: dict[str, Any]) -> dict[str, Any]:
    """What a person would have filled in: what is asked, over what is there."""
    if unknown := sorted(asked.keys() - form.fields.keys()):
        known = ", ".join(form.fields)
        raise ValidationError({unknown[0]: f"There are {known}."})
    owners = asked.get("owners", form.initial.get("owners") or [])
    if not isinstance(owners, list) or not all(isinstance(one, str) for one in owners):
        raise ValidationError({"owners": "A list of account numbers."})
    for name, value in asked.items():
        if name != "owners" and not isinstance(value, str):
            raise ValidationError({name: "Text."})
    return {**form.initial, **asked, "owners": ", ".join(owners)}


def _saved(form: SourceForm) -> LogSource:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        told = [str(error) for error in errors]
        raise ValidationError(told if field == "__all__" else {field: told})
    made: LogSource = form.save()
    return made


def _one(request: Request, source: LogSource) -> dict[str, Any]:
    return _item(request, source_standings([source], timezone.now())[0])


def _item(request: Request, standing: SourceStanding) -> dict[str, Any]:
    row, lag = standing.row, standing.lag
    visible = person(request).visible_accounts()
    owners = [one for one in row.owners if visible is None or one in visible]
    said = {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "account": row.account_id,
        "region": row.region,
        "owners": owners,
        "paused": not row.is_enabled,
        "state": standing.state,
        "problem": standing.trouble.problem or None,
        "cure": standing.trouble.cure or None,
        "lines": row.lines,
        "already_there": row.already_there,
        "quarantined": row.quarantined,
        "newest_at": row.newest_at and rfc3339(row.newest_at),
        "succeeded_at": row.succeeded_at and rfc3339(row.succeeded_at),
    }
    return said | {
        "kinesis": {
            "stream": row.stream,
            "shards": standing.shards,
            "lag_seconds": None if lag is None else lag.total_seconds(),
        },
        "bucket": {
            "bucket": row.bucket,
            "prefix": row.prefix,
            "queue_url": row.queue_url,
            "log_group": row.log_group,
            "waiting": standing.waiting,
            "read": standing.read,
            "failed": standing.failed,
        },
    }.get(row.kind, {
        "stream": row.stream,
        "endpoint": endpoint_of(request, row),
        "key_made_at": row.key_made_at and rfc3339(row.key_made_at),
    })  # fmt: skip
