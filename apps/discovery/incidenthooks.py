"""What rooms tell of an incident, without monitoring knowing them.

Settings name the functions: INCIDENT_STORIES, by dotted paths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from apps.discovery.accounts import Viewer


@dataclass(frozen=True, slots=True)
class About:
    """The incident that is asked about. `notice_key` is what its notices carry."""

    incident_id: int
    notice_key: str
    account: str
    region: str
    since: datetime
    until: datetime | None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of its timeline: a delivery, a silence, a run of remediation. `icon` is
    one of static/icons.svg; `url` a path of this site, or empty."""

    at: datetime
    title: str
    text: str = ""
    url: str = ""
    icon: str = "info"
    who: str = ""


Storyteller: TypeAlias = Callable[[About, Viewer], Sequence[Entry]]
