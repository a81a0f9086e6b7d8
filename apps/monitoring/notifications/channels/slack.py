"""Slack's incoming webhooks, and others that understand them, such as Mattermost."""

from __future__ import annotations

from typing import ClassVar

import orjson

from apps.monitoring.notifications import http
from apps.monitoring.notifications.channels.answers import call
from apps.monitoring.notifications.channels.base import (
    Configured,
    Delivered,
    Option,
    Receipt,
)
from apps.monitoring.notifications.channels.webhook import check_url
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.wording import facts, headline, lines, link

# What is longer, Slack folds or refuses.
_HEADER, _TEXT, _FIELD, _FIELDS = 150, 3_000, 500, 10
_COLOURS = {
    Severity.CRITICAL: "#c62828",
    Severity.HIGH: "#e65100",
    Severity.MEDIUM: "#f9a825",
    Severity.LOW: "#1565c0",
}
_GOOD = "#2e7d32"
_SHORT = 40
_JOINER = "\u2060"


class Slack(Configured):
    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"
    about: ClassVar[str] = (
        "An incoming webhook of Slack, or of what understands the same, such as "
        "Mattermost."
    )
    per_minute: ClassVar[int] = 20
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "url",
            "Webhook URL",
            "Such as https://hooks.slack.com/services/… Who knows it can post.",
            "url",
            is_secret=True,
        ),
    )

    def check(self) -> None:
        check_url("url", self.secret("url"))

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        """An attachment: blocks are Slack's alone."""
        head = escaped(headline(notice, _HEADER))
        told = facts(notice, _FIELDS, _FIELD)
        attachment = {
            "fallback": head,
            "color": _GOOD
            if notice.state is State.RESOLVED
            else _COLOURS[notice.severity],
            "title": "Open in Trailmap",
            "title_link": link(notice, delivered.site),
            "text": escaped(lines(notice.text, _TEXT)),
            "fields": [
                {
                    "title": escaped(name),
                    "value": escaped(value),
                    "short": len(value) < _SHORT,
                }
                for name, value in told
            ],
            "mrkdwn_in": [],
        }
        return orjson.dumps({"text": head, "attachments": [attachment]})

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        body = self.render(notice, delivered)
        headers = {"Content-Type": "application/json"}
        request = http.Request("POST", self.secret("url"), headers, body)
        answer = call(request, delivered.now)
        return Receipt(f"{http.host_of(request.url)} answered {answer.status}.")


def escaped(text: str) -> str:
    """Text that is shown as it is: no mention, no link, no picture, no emphasis."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "*_~`@](":
        # These work by their neighbours: an invisible character parts them.
        text = text.replace(sign, sign + _JOINER)
    return text
