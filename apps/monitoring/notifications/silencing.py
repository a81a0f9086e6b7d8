"""What is not told now, and what is told late once a silence has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.monitoring.models.notifications import Delivery, Matter
from apps.monitoring.models.silences import Silence
from apps.monitoring.notifications.notices import State

# Only what calls for somebody is held back: what was told is also ended.
HELD_BACK = (State.FIRING, State.ESCALATED)
_AT_ONCE = 1_000
Status = Delivery.Status


def silences_of(labels: Mapping[str, str], now: datetime) -> list[Silence]:
    """The silences that hold for something with these labels at this moment."""
    return [one for one in holding(now) if one.covers(labels)]


def holding(now: datetime) -> list[Silence]:
    """Every silence that holds at this moment."""
    running = Silence.objects.running(now).select_related("made_by")
    return [one for one in running if one.holds(now)]


def hold_back(deliveries: Iterable[Delivery], now: datetime) -> list[Delivery]:
    """The deliveries that may go out; the rest is noted as silenced."""
    silences, free = holding(now), []
    for one in deliveries:
        silence = _first(silences, one) if silences else None
        if silence is None:
            free.append(one)
            continue
        Delivery.objects.filter(pk=one.pk, status=Status.WAITING).update(
            status=Status.SILENCED, silence=silence
        )
    return free


def _first(silences: Sequence[Silence], delivery: Delivery) -> Silence | None:
    if delivery.state not in HELD_BACK:
        return None
    labels = delivery.notice["labels"]
    return next((one for one in silences if one.covers(labels)), None)


def release(now: datetime) -> int:
    """Tell what was silenced, is no longer, and still calls for somebody."""
    silences, seen, released = holding(now), set[tuple[int, str]](), 0
    held = Delivery.objects.filter(status=Status.SILENCED).exclude(
        silence__in=[one.pk for one in silences]
    )
    for one in held.order_by("-id")[:_AT_ONCE]:
        other = _first(silences, one)
        if other is not None:
            Delivery.objects.filter(pk=one.pk).update(silence=other)
            continue
        place = (one.channel_id, one.key)
        released += _release(one, now, is_newest=place not in seen)
        seen.add(place)
    return released


@transaction.atomic
def _release(one: Delivery, now: datetime, *, is_newest: bool) -> bool:
    burns = Matter.objects.filter(key=one.key).exclude(state=State.RESOLVED).exists()
    row = Delivery.objects.filter(pk=one.pk, status=Status.SILENCED)
    if not (burns and is_newest):
        row.update(status=Status.DROPPED, problem="Nothing was left to tell.")
        return False
    late = ["Told late", f"It was silenced until {now:%Y-%m-%d %H:%M} UTC."]
    notice = one.notice | {"facts": [late, *one.notice["facts"]]}
    return bool(row.update(status=Status.WAITING, next_at=None, notice=notice))
