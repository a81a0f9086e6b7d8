"""What is told to people and programs, whatever the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    FIRING = "firing"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    # Not of an incident: an approval that is waited for, a report, a test.
    TOLD = "told"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Notice:
    """`key` and `state` and `revision` together are told once to a channel, however
    often they are handed over. `labels` are what silences and routes match: always
    rule, severity, account, region; where known service and resource. `url` is a path
    of this site. `facts` are pairs for people, in order.
    """

    key: str
    state: State
    revision: int
    title: str
    text: str
    severity: Severity
    url: str
    at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
