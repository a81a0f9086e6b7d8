"""Any program that takes a POST, and can tell that it comes from here."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, ClassVar

import orjson

from apps.monitoring.notifications import http
from apps.monitoring.notifications.channels.answers import call
from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    OptionInvalid,
    Receipt,
)
from apps.monitoring.notifications.notices import Notice
from apps.monitoring.notifications.wording import cut, link

MOST_BYTES = 64 << 10
_LEAST_SECRET = 16


def as_message(notice: Notice, delivered: Delivered, most: int) -> bytes:
    """A notice for programs, of at most so many bytes. Names stay as they are."""
    body: dict[str, Any] = {
        "version": 1,
        "id": delivered.uid,
        "key": notice.key,
        "state": notice.state.value,
        "revision": notice.revision,
        "severity": notice.severity.value,
        "title": cut(notice.title, 500),
        "text": notice.text,
        "url": link(notice, delivered.site),
        "at": notice.at.isoformat(),
        "labels": {name: cut(value, 500) for name, value in notice.labels.items()},
        "facts": [[name, cut(value, 1_000)] for name, value in notice.facts],
    }
    for field, smaller in (("text", ""), ("facts", []), ("labels", {})):
        if len(written := orjson.dumps(body)) <= most:
            return written
        room = max(0, (most - len(written) + len(orjson.dumps(body[field]))) // 6 - 2)
        body[field] = (
            cut(notice.text, room) if field == "text" and room > 1 else smaller
        )
        body["is_cut"] = True
    return orjson.dumps(body)


def signature(secret: str, timestamp: str, uid: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.id.body`, in hexadecimal."""
    signed = f"{timestamp}.{uid}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhook(Configured):
    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    about: ClassVar[str] = (
        "A signed POST of JSON to a program of yours. The same notice always has the "
        "same id."
    )
    per_minute: ClassVar[int] = 0
    options: ClassVar[tuple[Option, ...]] = (
        Option("url", "Address", "Begins with https://", "url", is_secret=True),
        Option(
            "secret",
            "Signing secret",
            "At least 16 characters, such as openssl rand -hex 32 prints. The "
            "receiver checks the signature with it.",
            is_secret=True,
        ),
    )

    def check(self) -> None:
        check_url("url", self.secret("url"))
        if len(self.secret("secret")) < _LEAST_SECRET:
            raise OptionInvalid("secret", f"At least {_LEAST_SECRET} characters.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        return as_message(notice, delivered, MOST_BYTES)

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        body = self.render(notice, delivered)
        timestamp = str(int(delivered.now.timestamp()))
        signed = signature(self.secret("secret"), timestamp, delivered.uid, body)
        headers = {
            "Content-Type": "application/json",
            "Trailmap-Id": delivered.uid,
            "Trailmap-Timestamp": timestamp,
            "Trailmap-Signature": f"v1={signed}",
        }
        request = http.Request("POST", self.secret("url"), headers, body)
        answer = call(request, delivered.now)
        return Receipt(f"{http.host_of(request.url)} answered {answer.status}.")


def check_url(name: str, url: str) -> None:
    """Raises OptionInvalid."""
    try:
        http.check_url(url)
    except http.AddressRefused as error:
        raise OptionInvalid(name, str(error)) from error
