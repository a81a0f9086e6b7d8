"""Notices as JSON: how rows keep them, and what programs are sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.monitoring.notifications.notices import Notice, Severity, State

_MOST_TEXT = 20_000
_MOST_FACTS = 50


def as_json(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "state": notice.state.value,
        "revision": notice.revision,
        "title": notice.title[:500],
        "text": notice.text[:_MOST_TEXT],
        "severity": notice.severity.value,
        "url": notice.url,
        "at": notice.at.isoformat(),
        "labels": dict(notice.labels),
        "facts": [list(one) for one in notice.facts[:_MOST_FACTS]],
    }


def of_json(kept: Mapping[str, Any]) -> Notice:
    return Notice(
        key=kept["key"],
        state=State(kept["state"]),
        revision=kept["revision"],
        title=kept["title"],
        text=kept["text"],
        severity=Severity(kept["severity"]),
        url=kept["url"],
        at=datetime.fromisoformat(kept["at"]),
        labels=kept["labels"],
        facts=tuple((name, value) for name, value in kept["facts"]),
    )
