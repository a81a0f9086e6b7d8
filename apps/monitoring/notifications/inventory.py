"""Silences as people look after them: what each holds back, and which are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, QuerySet

from apps.discovery.accounts import Viewer
from apps.monitoring.models.notifications import Matter
from apps.monitoring.models.silences import Silence
from apps.monitoring.notifications.notices import State

# What ends within this is said, and what matched nothing for so long.
SOON = timedelta(hours=1)
_IDLE = timedelta(hours=1)
_MOST_MATTERS = 5_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A silence, `state` being now, later, between (windows) or over."""

    row: Silence
    state: str
    held_back: int
    last_at: datetime | None
    matches: tuple[Matter, ...]
    ends_soon: bool
    matched_nothing: bool


def open_matters(viewer: Viewer) -> QuerySet[Matter]:
    """What is not over, in the accounts that a person may see."""
    rows = Matter.objects.exclude(state=State.RESOLVED)
    visible = viewer.visible_accounts()
    return rows if visible is None else rows.filter(account__in=visible)


def matching_now(silence: Silence, viewer: Viewer) -> list[Matter]:
    """What is not over and would be held back."""
    return _matching(silence, list(open_matters(viewer)[:_MOST_MATTERS]))


def _matching(silence: Silence, matters: Iterable[Matter]) -> list[Matter]:
    return [one for one in matters if silence.covers(one.notice["labels"])]


def standings(rows: QuerySet[Silence], viewer: Viewer, now: datetime) -> list[Standing]:
    """How silences stand; what is counted is all that they held back."""
    matters = list(open_matters(viewer)[:_MOST_MATTERS])
    counted = rows.select_related("made_by", "ended_by").annotate(
        held_back=Count("deliveries"), last_at=Max("deliveries__made_at")
    )
    return [_standing(one, matters, now) for one in counted]


def _standing(one: Silence, matters: list[Matter], now: datetime) -> Standing:
    state = _state(one, now)
    found = tuple(_matching(one, matters)) if state != "over" else ()
    held_back: int = getattr(one, "held_back")  # noqa: B009 - an annotation
    idle = state in ("now", "between") and now - one.starts_at > _IDLE
    return Standing(
        row=one,
        state=state,
        held_back=held_back,
        last_at=getattr(one, "last_at"),  # noqa: B009 - an annotation
        matches=found,
        ends_soon=state != "over" and one.ends_at - now < SOON,
        matched_nothing=idle and not held_back and not found,
    )


def _state(one: Silence, now: datetime) -> str:
    if now >= one.ends_at:
        return "over"
    if now < one.starts_at:
        return "later"
    return "now" if one.holds(now) else "between"
