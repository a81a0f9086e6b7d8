"""Notices as JSON: how rows keep them, and what programs are sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.monitoring.notifications.notices import Notice, Severity, State

_MOST_KEY = 300
_MOST_TITLE = 500
_MOST_TEXT = 20_000
_MOST_FACTS = 50
_MOST_FACT = 2_000
_MOST_LABELS = 50
# Neither stores nor receivers take these.
_BROKEN = re.compile("[\x00\ud800-\udfff]")


def cleaned(notice: Notice) -> Notice:
    """The notice with text that can be stored, of a size that can be."""
    labels = list(notice.labels.items())[:_MOST_LABELS]
    return replace(
        notice,
        key=_clean(notice.key, _MOST_KEY),
        title=_clean(notice.title, _MOST_TITLE),
        text=_clean(notice.text, _MOST_TEXT),
        labels={_clean(name, 100): _clean(value, _MOST_FACT) for name, value in labels},
        facts=tuple(
            (_clean(name, 100), _clean(value, _MOST_FACT))
            for name, value in notice.facts[:_MOST_FACTS]
        ),
    )


def _clean(text: str, most: int) -> str:
    return _BROKEN.sub("\ufffd", text[:most])


def as_json(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "state": notice.state.value,
        "revision": notice.revision,
        "title": notice.title,
        "text": notice.text,
        "severity": notice.severity.value,
        "url": notice.url,
        "at": notice.at.isoformat(),
        "labels": dict(notice.labels),
        "facts": [list(one) for one in notice.facts],
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
