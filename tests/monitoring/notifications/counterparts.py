"""The other side of each kind of channel, as the contract suite needs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from tests.monitoring.notifications.receivers import (
    HttpReceiver,
    MailReceiver,
    Said,
    mailing,
    serving,
)

CANARY = "canary-4f2a9c-of-a-secret"


@dataclass(frozen=True)
class Got:
    """A notice as the other side took it: what it is known by there, and all of it."""

    uid: str
    text: str
    size: int


class Counterpart(Protocol):
    kind: str
    # The most bytes that the other side takes, by its documentation.
    most_bytes: int
    options: Mapping[str, str]
    secrets: Mapping[str, str]

    def got(self) -> list[Got]:
        """What was taken so far."""

    def refuses_next(self) -> None: ...

    def fails_next(self) -> None: ...

    def is_silent_next(self) -> None: ...


class _OverHttp:
    def __init__(self) -> None:
        self.receiver = HttpReceiver()

    def refuses_next(self) -> None:
        self.receiver.answers.append(Said(400, CANARY.encode()))

    def fails_next(self) -> None:
        self.receiver.answers.append(Said(503, CANARY.encode()))

    def is_silent_next(self) -> None:
        self.receiver.answers.append(Said(200, hangs=True))


class SlackSide(_OverHttp):
    kind = "slack"
    most_bytes = 40_000
    options: Mapping[str, str] = {}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"url": f"{self.receiver.url}/services/T0/{CANARY}"}

    def got(self) -> list[Got]:
        found = []
        for call in self.receiver.calls:
            body = call.json()
            shown = json.dumps(body, ensure_ascii=False)
            found.append(Got("", shown, len(call.body)))
        return found


class WebhookSide(_OverHttp):
    kind = "webhook"
    most_bytes = 64 << 10
    options: Mapping[str, str] = {}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"url": f"{self.receiver.url}/hook/{CANARY}", "secret": CANARY}

    def got(self) -> list[Got]:
        calls = self.receiver.calls
        return [
            Got(one.headers["Trailmap-Id"], one.body.decode(), len(one.body))
            for one in calls
        ]


class MailSide:
    kind = "email"
    most_bytes = 1 << 20
    options: Mapping[str, str] = {"to": "ops@example.com, ann@example.com"}
    secrets: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.receiver = MailReceiver()

    def got(self) -> list[Got]:
        found = []
        for one in self.receiver.mails:
            text = one.message.get_body(("plain",))
            assert text is not None
            shown = f"{one.message['Subject']}\n{text.get_content()}"
            size = len(one.message.as_bytes())
            found.append(Got(str(one.message["Message-ID"]), shown, size))
        return found

    def refuses_next(self) -> None:
        self.receiver.replies.append("554 5.7.1 not from you")

    def fails_next(self) -> None:
        self.receiver.replies.append("451 4.3.0 try again")

    def is_silent_next(self) -> None:
        self.receiver.replies.append("421 4.4.2 closing")


@contextmanager
def over_http(made: Any, settings: Any) -> Iterator[Any]:
    with serving(made.receiver):
        yield made


@contextmanager
def by_mail(made: Any, settings: Any) -> Iterator[Any]:
    with mailing(made.receiver) as port:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
        settings.SMTP_SECURITY = "none"
        yield made


Side = tuple[Callable[[], Any], Callable[[Any, Any], Any]]
SIDES: dict[str, Side] = {
    "email": (MailSide, by_mail),
    "slack": (SlackSide, over_http),
    "webhook": (WebhookSide, over_http),
}
