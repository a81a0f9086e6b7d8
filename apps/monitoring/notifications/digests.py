"""Storms: more notices than a channel takes in a minute become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from apps.monitoring.models.notifications import Channel, Delivery, delivery_of
from apps.monitoring.notifications.jsonnotices import as_json
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.wording import listed

MINUTE = timedelta(minutes=1)
_PREFIX = "digest:"
_MOST_LISTED = 10_000
_WORST_FIRST = tuple(Severity)
Status = Delivery.Status


def spread(channel: Channel, due: Sequence[Delivery], now: datetime) -> list[Delivery]:
    """What goes out now: the deliveries themselves, or a digest of them. Those that
    belong to a digest which may not go out yet wait."""
    alone = [one for one in due if one.state == State.TOLD]
    many = [one for one in due if one.state != State.TOLD]
    if not channel.per_minute or not many:
        return list(due)
    lately = channel.deliveries.filter(sent_at__gt=now - MINUTE, digest=None)
    if len(many) <= channel.per_minute - lately.count():
        return list(due)
    if lately.filter(key__startswith=_PREFIX).exists():
        return alone
    return [*alone, _digest(channel, many, now)]


@transaction.atomic
def _digest(channel: Channel, many: Sequence[Delivery], now: datetime) -> Delivery:
    notice = _notice([one.told for one in many], now)
    made = delivery_of(channel, notice, as_json(notice), now)
    made.save()
    Delivery.objects.filter(
        pk__in=[one.pk for one in many], status=Status.WAITING
    ).update(status=Status.DIGESTED, digest=made)
    return made


def _notice(notices: Sequence[Notice], now: datetime) -> Notice:
    """One notice that lists many, the worst first."""
    states = Counter(one.state.value for one in notices)
    counted = ", ".join(f"{count:,} {state}" for state, count in states.items())
    worst = sorted(
        notices,
        key=lambda one: (
            one.state is State.RESOLVED,
            _WORST_FIRST.index(one.severity),
        ),
    )
    return Notice(
        key=f"{_PREFIX}{uuid4()}",
        state=State.TOLD,
        revision=0,
        title=f"{len(notices):,} notices at once: {counted}",
        text=listed(worst, _MOST_LISTED),
        severity=worst[0].severity,
        url="/",
        at=now,
        labels={"rule": "digest", "severity": worst[0].severity.value},
    )
