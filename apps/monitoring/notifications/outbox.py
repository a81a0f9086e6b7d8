"""Notices on their way: rows, written with what they tell of, sent by a worker."""

from __future__ import annotations

from apps.monitoring.notifications.notices import Notice


def notify(notice: Notice) -> None:
    """Have the notice sent where routes lead it, unless it is silenced; part of the
    caller's transaction. The same key, state and revision are told once."""
