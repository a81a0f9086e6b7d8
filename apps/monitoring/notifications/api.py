"""REST: channels, routes, escalations, and what was sent."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Model
from django.forms import BaseForm
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.discovery.permissions import person
from apps.discovery.roles import Role
from apps.monitoring.models.notifications import (
    Channel,
    Delivery,
    EscalationPolicy,
    Route,
)
from apps.monitoring.notifications import sending
from apps.monitoring.notifications.channelpages import (
    chosen_deliveries,
    told_as_test,
    with_counts,
)
from apps.monitoring.notifications.channels.registry import KINDS, kind_of
from apps.monitoring.notifications.forms import ChannelForm, PolicyForm, RouteForm
from apps.search.parameters import is_count
from apps.search.timerange import rfc3339

_A_PAGE = 200
_BODY = {"application/json": {"type": "object"}}


def admin_only(request: Request) -> None:
    if not person(request).rights.may_everywhere(Role.ADMIN):
        raise PermissionDenied("This needs the role admin in all accounts.")


def sent_object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("Send an object.")
    return dict(request.data)


def as_filled_in(initial: dict[str, Any], asked: dict[str, Any]) -> QueryDict:
    """What a person would have filled in: what is asked, over what is there.

    Raises ValidationError that names the field.
    """
    data = QueryDict(mutable=True)
    for name, value in {**initial, **asked}.items():
        many = value if isinstance(value, list | tuple) else [value]
        if not all(
            isinstance(one, str | int | bool) for one in many if one is not None
        ):
            raise ValidationError({name: "Text, a number, or a list of them."})
        told = [str(one) for one in many if one is not None and one is not False]
        data.setlist(name, told)
    return data


def refuse(form: BaseForm) -> None:
    """Raises ValidationError where the form has errors; it names the field."""
    for field, errors in form.errors.items():
        told = [str(error) for error in errors]
        raise ValidationError(told if field == "__all__" else {field: told})


def refuse_unknown(asked: dict[str, Any], form: BaseForm) -> None:
    if unknown := sorted(asked.keys() - form.fields.keys()):
        raise ValidationError({unknown[0]: f"There are {', '.join(form.fields)}."})


class ChannelsView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Channels; no secrets")
    def get(self, request: Request) -> Response:
        admin_only(request)
        items = [_channel(one) for one in with_counts(Channel.objects.all())]
        return Response({"items": items, "next": None})

    @extend_schema(
        operation_id="channels_create",
        request=_BODY,
        responses={201: OpenApiTypes.OBJECT},
        summary="Add a channel: kind, name, per_minute, and what the kind asks for",
    )
    def post(self, request: Request) -> Response:
        admin_only(request)
        asked = sent_object(request)
        kind = kind_of(asked.pop("kind", None))
        if kind is None:
            raise ValidationError({"kind": f"There are {', '.join(KINDS)}."})
        initial = {"per_minute": kind.per_minute} | {
            one.name: one.default for one in kind.options
        }
        form = ChannelForm(kind, as_filled_in(initial, asked))
        refuse_unknown(asked, form)
        refuse(form)
        return Response(_channel(_counted(form.save())), status=201)


class ChannelView(APIView):
    @extend_schema(
        operation_id="channels_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A channel; no secrets",
    )
    def get(self, request: Request, channel_id: int) -> Response:
        admin_only(request)
        return Response(_channel(_counted(_one(Channel, channel_id))))

    @extend_schema(
        operation_id="channels_update",
        request=_BODY,
        responses=OpenApiTypes.OBJECT,
        summary="Change or pause a channel; secrets that are left out stay",
    )
    def patch(self, request: Request, channel_id: int) -> Response:
        admin_only(request)
        found, asked = _one(Channel, channel_id), sent_object(request)
        paused = asked.pop("paused", not found.is_enabled)
        if not isinstance(paused, bool):
            raise ValidationError({"paused": "true or false"})
        if asked:
            _change(found, asked)
        Channel.objects.filter(pk=found.pk).update(is_enabled=not paused)
        return Response(_channel(_counted(found)))

    @extend_schema(
        operation_id="channels_delete",
        responses={204: None},
        summary="Delete a channel and the log of what it sent",
    )
    def delete(self, request: Request, channel_id: int) -> Response:
        admin_only(request)
        _one(Channel, channel_id).delete()
        return Response(status=204)


class ChannelTestView(APIView):
    @extend_schema(
        operation_id="channels_test",
        request=None,
        responses={202: OpenApiTypes.OBJECT},
        summary="Send a test; the delivery in the answer tells what came of it",
    )
    def post(self, request: Request, channel_id: int) -> Response:
        admin_only(request)
        found = _one(Channel, channel_id)
        row = told_as_test(found, person(request).get_username())
        return Response(_delivery(row), status=202)


class DeliveriesView(APIView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("channel", int),
            OpenApiParameter("status", str, enum=Delivery.Status.values),
            OpenApiParameter("state", str),
            OpenApiParameter("q", str, description="Part of a title or a key."),
            OpenApiParameter(
                "after", str, description="The `next` of the page before."
            ),
        ],
        summary="What was sent, is on its way, or was given up, newest first",
    )
    def get(self, request: Request) -> Response:
        admin_only(request)
        after = request.query_params.get("after", "1")
        number = int(after) if is_count(after) else 1
        rows = chosen_deliveries(request.query_params)
        page = Paginator(rows, _A_PAGE).get_page(number)
        follows = str(page.next_page_number()) if page.has_next() else None
        return Response({"items": [_delivery(one) for one in page], "next": follows})


class DeliveryView(APIView):
    @extend_schema(
        operation_id="deliveries_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A delivery with its notice and every attempt",
    )
    def get(self, request: Request, delivery_id: int) -> Response:
        admin_only(request)
        found = _one(Delivery, delivery_id)
        attempts = [
            {
                "at": rfc3339(one.at),
                "duration_ms": one.duration_ms,
                "outcome": one.outcome,
                "detail": one.detail,
            }
            for one in found.attempts.all()
        ]
        told = {"notice": found.notice, "attempts": attempts}
        return Response(_delivery(found) | told)


class DeliveryAgainView(APIView):
    @extend_schema(
        operation_id="deliveries_again",
        request=None,
        responses=OpenApiTypes.OBJECT,
        summary="Try a delivery anew that was given up, with the same id",
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        admin_only(request)
        if not sending.send_again(_one(Delivery, delivery_id)):
            raise ValidationError("Only what was given up is sent again.")
        return Response(_delivery(_one(Delivery, delivery_id)))


class RoutesView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Routes, in their order")
    def get(self, request: Request) -> Response:
        admin_only(request)
        rows = Route.objects.prefetch_related("channels")
        return Response({"items": [_route(one) for one in rows], "next": None})

    @extend_schema(
        operation_id="routes_create",
        request=_BODY,
        responses={201: OpenApiTypes.OBJECT},
        summary="Add a route: name, position, conditions, channels, escalation, "
        "goes_on, is_enabled",
    )
    def post(self, request: Request) -> Response:
        admin_only(request)
        asked = sent_object(request)
        initial = {"position": 100, "is_enabled": True}
        return Response(_saved_route(initial, asked, None), status=201)


class RouteView(APIView):
    @extend_schema(
        operation_id="routes_update",
        request=_BODY,
        responses=OpenApiTypes.OBJECT,
        summary="Change a route; what is left out stays",
    )
    def patch(self, request: Request, route_id: int) -> Response:
        admin_only(request)
        found = _one(Route, route_id)
        return Response(_saved_route(_route(found), sent_object(request), found))

    @extend_schema(
        operation_id="routes_retrieve_one",
        responses=OpenApiTypes.OBJECT,
        summary="A route",
    )
    def get(self, request: Request, route_id: int) -> Response:
        admin_only(request)
        return Response(_route(_one(Route, route_id)))

    @extend_schema(
        operation_id="routes_delete", responses={204: None}, summary="Delete a route"
    )
    def delete(self, request: Request, route_id: int) -> Response:
        admin_only(request)
        _one(Route, route_id).delete()
        return Response(status=204)


class EscalationsView(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Escalation policies")
    def get(self, request: Request) -> Response:
        admin_only(request)
        rows = EscalationPolicy.objects.prefetch_related("steps")
        return Response({"items": [_policy(one) for one in rows], "next": None})

    @extend_schema(
        operation_id="escalations_create",
        request=_BODY,
        responses={201: OpenApiTypes.OBJECT},
        summary="Add a policy: name, and steps of after_minutes and channel or person",
    )
    def post(self, request: Request) -> Response:
        admin_only(request)
        return Response(_saved_policy(sent_object(request), None), status=201)


class EscalationView(APIView):
    @extend_schema(
        operation_id="escalations_update",
        request=_BODY,
        responses=OpenApiTypes.OBJECT,
        summary="Change a policy; steps that stay keep what is due of them",
    )
    def put(self, request: Request, policy_id: int) -> Response:
        admin_only(request)
        found = _one(EscalationPolicy, policy_id)
        return Response(_saved_policy(sent_object(request), found))

    @extend_schema(
        operation_id="escalations_delete",
        responses={204: None},
        summary="Delete a policy",
    )
    def delete(self, request: Request, policy_id: int) -> Response:
        admin_only(request)
        _one(EscalationPolicy, policy_id).delete()
        return Response(status=204)


def _one(model: type[Any], pk: int) -> Any:
    found: Model = get_object_or_404(model, pk=pk)
    return found


def _counted(channel: Channel) -> Channel:
    return with_counts(Channel.objects.filter(pk=channel.pk)).get()


def _change(found: Channel, asked: dict[str, Any]) -> None:
    """Raises ValidationError."""
    kind = kind_of(found.kind)
    if kind is None or found.person_id is not None:
        raise ValidationError("This channel is not changed here.")
    initial = {
        "name": found.name,
        "per_minute": found.per_minute,
        **found.options,
        **{one.name: "" for one in kind.options if one.is_secret},
    }
    form = ChannelForm(kind, as_filled_in(initial, asked), instance=found)
    refuse_unknown(asked, form)
    refuse(form)
    form.save()


def _saved_route(
    initial: dict[str, Any], asked: dict[str, Any], found: Route | None
) -> dict[str, Any]:
    known = {name: value for name, value in initial.items() if name in _ROUTE}
    form = RouteForm(as_filled_in(known, asked), instance=found)
    refuse_unknown(asked, form)
    refuse(form)
    return _route(form.save())


def _saved_policy(
    asked: dict[str, Any], found: EscalationPolicy | None
) -> dict[str, Any]:
    steps = asked.get("steps")
    if not isinstance(steps, list) or not all(isinstance(one, dict) for one in steps):
        raise ValidationError({"steps": "A list of objects."})
    data: dict[str, Any] = {"name": asked.get("name") or (found.name if found else "")}
    for at, step in enumerate(steps, start=1):
        data[f"after_{at}"] = step.get("after_minutes")
        what = "person" if step.get("person") else "channel"
        data[f"tell_{at}"] = f"{what}:{step.get(what)}"
    form = PolicyForm(as_filled_in({}, data), instance=found)
    if len(data) > len(form.fields):
        raise ValidationError({"steps": "Too many steps."})
    refuse(form)
    return _policy(form.save())


_ROUTE = (
    "name", "position", "conditions", "channels", "escalation", "goes_on",
    "is_enabled",
)  # fmt: skip


def _route(one: Route) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": one.name,
        "position": one.position,
        "conditions": one.conditions_text,
        "channels": [channel.pk for channel in one.channels.all()],
        "escalation": one.escalation_id,
        "goes_on": one.goes_on,
        "is_enabled": one.is_enabled,
    }


def _policy(one: EscalationPolicy) -> dict[str, Any]:
    steps = [
        {
            "after_minutes": step.after_minutes,
            "channel": step.channel_id,
            "person": step.person_id,
        }
        for step in one.steps.all()
    ]
    return {"id": one.pk, "name": one.name, "steps": steps}


def _channel(one: Any) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": one.name,
        "kind": one.kind,
        "options": one.options,
        "person": one.person_id,
        "per_minute": one.per_minute,
        "paused": not one.is_enabled,
        "problem": one.problem or None,
        "problem_since": one.problem_since and rfc3339(one.problem_since),
        "waiting": one.waiting,
        "given_up": one.dead,
        "last_sent_at": one.last_sent and rfc3339(one.last_sent),
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.pk,
        "uid": str(one.uid),
        "channel": one.channel_id,
        "key": one.key,
        "state": one.state,
        "revision": one.revision,
        "account": one.account or None,
        "title": one.title,
        "status": one.status,
        "made_at": rfc3339(one.made_at),
        "sent_at": one.sent_at and rfc3339(one.sent_at),
        "next_at": one.next_at and rfc3339(one.next_at),
        "attempts_made": one.attempts_made,
        "receipt": one.receipt or None,
        "problem": one.problem or None,
        "silence": one.silence_id,
        "digest": one.digest_id,
    }
