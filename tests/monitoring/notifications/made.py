"""Notices, channels that note what they are handed, and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from apps.monitoring.models import Channel, Delivery, Route
from apps.monitoring.notifications import escalating, sending, silencing
from apps.monitoring.notifications.addresses import LOOPBACK
from apps.monitoring.notifications.notices import Notice, Severity, State
from tests.factories import ACCOUNT, NOON
from tests.monitoring.notifications.receivers import HttpReceiver, serving


def a_notice(state: State = State.FIRING, revision: int = 1, **fields: Any) -> Notice:
    told: dict[str, Any] = {
        "key": "rule-1:checkout",
        "title": "Errors of checkout",
        "text": "12 % of 400 requests failed.",
        "severity": Severity.HIGH,
        "url": "/incidents/1/",
        "at": NOON,
        "labels": {"rule": "errors", "severity": "high", "account": ACCOUNT},
        "facts": (("Region", "eu-west-1"),),
    }
    return Notice(state=state, revision=revision, **told | fields)


class World:
    """A webhook, what it was sent, and the worker at a time that is set."""

    def __init__(self, receiver: HttpReceiver) -> None:
        self.receiver = receiver
        self.now = NOON

    def clock(self) -> datetime:
        return self.now

    def channel(self, name: str = "ops", **fields: Any) -> Channel:
        made = Channel(name=name, kind="webhook", **fields)
        url = f"{self.receiver.url}/{name}"
        made.keep_secrets({"url": url, "secret": "0123456789abcdef"})
        made.save()
        return made

    def routed(self, name: str = "ops", **fields: Any) -> Channel:
        made = self.channel(name, **fields)
        Route.objects.create(name=name).channels.add(made)
        return made

    def work(self, **later: float) -> None:
        """What the worker does, so much later."""
        self.now += timedelta(**later)
        escalating.escalate_due(self.now)
        silencing.release(self.now)
        for channel_id in sending.due_channels(self.now):
            sending.send_of(channel_id, self.clock)

    def told(self, name: str = "ops") -> list[str]:
        """The states that a channel was told, in order."""
        calls = [one for one in self.receiver.calls if one.path == f"/{name}"]
        return [one.json()["state"] for one in calls]

    def titles(self) -> list[str]:
        return [one.json()["title"] for one in self.receiver.calls]


@contextmanager
def a_world(settings: Any) -> Iterator[World]:
    settings.NOTIFY_NETWORKS = LOOPBACK
    receiver = HttpReceiver()
    with serving(receiver):
        yield World(receiver)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("status", flat=True))
