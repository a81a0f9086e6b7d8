"""Notices on their way: rows, written with what they tell of, sent by a worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from apps.monitoring.models.notifications import (
    Channel,
    Delivery,
    Matter,
    Route,
    delivery_of,
)
from apps.monitoring.notifications import escalating
from apps.monitoring.notifications.jsonnotices import as_json, cleaned
from apps.monitoring.notifications.notices import Notice, State

_OPEN = (State.FIRING, State.ESCALATED)
_WHILE_SILENCED = "It was resolved while it was silenced."
_UNTOLD = (Delivery.Status.DEAD, Delivery.Status.DROPPED, Delivery.Status.SILENCED)


@transaction.atomic
def notify(notice: Notice) -> None:
    """Have the notice sent where routes lead it, unless it is silenced; part of the
    caller's transaction. The same key, state and revision are told once."""
    notice = cleaned(notice)
    kept = as_json(notice)
    if notice.state is State.TOLD:
        _write(notice, kept, _channels(_routes(notice)))
    elif notice.state in _OPEN:
        routes = _routes(notice)
        matter, is_new = _noted(notice, kept)
        _write(notice, kept, _channels(routes))
        if is_new and matter is not None:
            escalating.begin(matter, routes, notice)
    else:
        _settle(notice, kept)


def _settle(notice: Notice, kept: dict[str, Any]) -> None:
    """Tell those who were told that it burns."""
    matter, _ = _noted(notice, kept)
    if matter is None:
        return
    escalating.stop(matter)
    _write(notice, kept, told_of(notice.key))
    if notice.state is State.RESOLVED:
        silenced = Delivery.objects.filter(
            key=notice.key, status=Delivery.Status.SILENCED
        )
        silenced.update(status=Delivery.Status.DROPPED, problem=_WHILE_SILENCED)


def _routes(notice: Notice) -> list[Route]:
    """The routes that take a notice, in their order."""
    found = []
    routes = Route.objects.filter(is_enabled=True)
    for route in routes.prefetch_related("channels").select_related("escalation"):
        if route.takes(notice.labels):
            found.append(route)
            if not route.goes_on:
                break
    return found


def _channels(routes: Iterable[Route]) -> list[Channel]:
    found = {
        channel.pk: channel
        for route in routes
        for channel in route.channels.all()
        if channel.is_enabled
    }
    return list(found.values())


def told_of(key: str) -> list[Channel]:
    """The channels that were told of a matter, or will be, since it was resolved
    last."""
    rows = Delivery.objects.filter(key=key).exclude(status__in=_UNTOLD)
    burning = {*map(str, _OPEN)}
    decisive = rows.filter(state__in=(*burning, State.RESOLVED)).order_by("id")
    last: dict[int, str] = dict(decisive.values_list("channel_id", "state"))
    open_ = [channel_id for channel_id, state in last.items() if state in burning]
    return list(Channel.objects.filter(pk__in=open_, is_enabled=True))


def _noted(notice: Notice, kept: dict[str, Any]) -> tuple[Matter | None, bool]:
    """The matter as it is by this notice, and whether it begins with it; None where
    nothing was ever told of it."""
    matter = Matter.objects.select_for_update().filter(key=notice.key).first()
    burns = notice.state in _OPEN
    if matter is None and not burns:
        return None, False
    fields = {
        "state": notice.state.value,
        "revision": notice.revision,
        "account": notice.labels.get("account", "")[:64],
        "notice": kept,
        "changed_at": notice.at,
    }
    if matter is None:
        made, is_new = Matter.objects.get_or_create(
            key=notice.key, defaults={**fields, "since": notice.at}
        )
        return made, is_new
    if notice.revision < matter.revision:
        return matter, False
    begins = burns and matter.state == State.RESOLVED
    if burns and matter.state == State.ACKNOWLEDGED:
        # Told again, and still in somebody's hands.
        fields["state"] = matter.state
    if begins:
        fields["since"] = notice.at
    Matter.objects.filter(pk=matter.pk).update(**fields)
    matter.refresh_from_db()
    return matter, begins


def _write(notice: Notice, kept: dict[str, Any], channels: Iterable[Channel]) -> None:
    Delivery.objects.bulk_create(
        [delivery_of(channel, notice, kept, notice.at) for channel in channels],
        ignore_conflicts=True,
    )
