"""PagerDuty, by its Events API v2."""

from __future__ import annotations

import hashlib
import re
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
from apps.monitoring.notifications.channels.webhook import check_url
from apps.monitoring.notifications.notices import Notice, Severity, State
from apps.monitoring.notifications.wording import (
    cut,
    facts,
    lines,
    link,
    one_line,
)

# PagerDuty's limits: of a summary, of a key that joins events, of an event in bytes.
_SUMMARY, _KEY, MOST_BYTES = 1_024, 255, 512_000
_DETAIL = 5_000
_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}")
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
_ACTIONS = {
    State.FIRING: "trigger",
    State.ESCALATED: "trigger",
    State.ACKNOWLEDGED: "acknowledge",
    State.RESOLVED: "resolve",
}


class PagerDuty(Configured):
    kind: ClassVar[str] = "pagerduty"
    title: ClassVar[str] = "PagerDuty"
    about: ClassVar[str] = (
        "A service of PagerDuty, by an Events API v2 integration: incidents are "
        "triggered, acknowledged and resolved. A test becomes a change event, which "
        "calls nobody."
    )
    per_minute: ClassVar[int] = 0
    options: ClassVar[tuple[Option, ...]] = (
        Option("routing_key", "Integration key", "32 characters.", is_secret=True),
        Option(
            "endpoint",
            "Address",
            "For accounts in Europe https://events.eu.pagerduty.com",
            "url",
            default="https://events.pagerduty.com",
        ),
    )

    def check(self) -> None:
        check_url("endpoint", self.option("endpoint"))
        if not _ROUTING_KEY.fullmatch(self.secret("routing_key")):
            raise OptionInvalid("routing_key", "An integration key has 32 characters.")

    def render(self, notice: Notice, delivered: Delivered) -> bytes:
        return orjson.dumps(self._event(notice, delivered))

    def send(self, notice: Notice, delivered: Delivered) -> Receipt:
        path = "change" if notice.state is State.TOLD else ""
        place = "/".join(filter(None, ("v2", path, "enqueue")))
        url = f"{self.option('endpoint').rstrip('/')}/{place}"
        headers = {"Content-Type": "application/json"}
        body = self.render(notice, delivered)
        answer = call(http.Request("POST", url, headers, body), delivered.now)
        return Receipt(f"PagerDuty answered {answer.status}.", dedup_key(notice))

    def _event(self, notice: Notice, delivered: Delivered) -> dict[str, Any]:
        told = {name: cut(value, _DETAIL) for name, value in facts(notice)}
        payload: dict[str, Any] = {
            "summary": one_line(notice.title, _SUMMARY) or "Notice",
            "source": one_line(notice.labels.get("service", ""), 100) or "trailmap",
            "timestamp": notice.at.isoformat(),
            "custom_details": {"text": lines(notice.text, _DETAIL), **told},
        }
        page = {"href": link(notice, delivered.site), "text": "Open in Trailmap"}
        event = {"routing_key": str(self.secret("routing_key")), "links": [page]}
        if notice.state is State.TOLD:
            return {**event, "payload": payload}
        payload["severity"] = _SEVERITIES[notice.severity]
        payload["class"] = one_line(notice.labels.get("rule", ""), 100)
        return {
            **event,
            "event_action": _ACTIONS[notice.state],
            "dedup_key": dedup_key(notice),
            "client": "Trailmap",
            "client_url": delivered.site,
            "payload": payload,
        }


def dedup_key(notice: Notice) -> str:
    """What joins the events of one incident."""
    if len(notice.key) <= _KEY and notice.key.isascii() and notice.key.isprintable():
        return notice.key
    return hashlib.sha256(notice.key.encode()).hexdigest()
