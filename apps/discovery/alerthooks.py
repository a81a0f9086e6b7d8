"""What alert rules can ask of a room, without monitoring knowing the room.

Settings name the conditions: ALERT_CONDITIONS, objects by dotted paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from apps.search.engines.base import Scope


class ConditionInvalid(ValueError):
    """A parameter cannot be used; the message says which and what would be right."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


class ConditionUnavailable(Exception):
    """Nothing can be said now: no data was collected, or a store is down. An incident
    is neither opened nor resolved by it."""


@dataclass(frozen=True, slots=True)
class Periods:
    """`count` stretches of `seconds` each, one after the other, the last ending at
    `until`."""

    until: datetime
    seconds: int
    count: int

    @property
    def since(self) -> datetime:
        return self.until - timedelta(seconds=self.seconds * self.count)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen of one thing: a value for each period, oldest first.

    `key` tells the thing from others of the same rule and stays the same over time.
    None is a period without data; what was not collected yet is `late`, the index of
    the first period that may still change, or None.
    """

    key: str
    values: tuple[float | None, ...]
    text: str
    url: str
    account: str = ""
    region: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    late: int | None = None


class Condition(Protocol):
    """A kind of alert rule, such as a threshold of a metric."""

    kind: str
    title: str
    unit: str

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters as they are kept. Raises ConditionInvalid."""

    def read(
        self, parameters: Mapping[str, Any], periods: Periods, scope: Scope
    ) -> Sequence[Reading]:
        """What there was of every thing that the rule watches, in the accounts of the
        scope. Raises ConditionUnavailable, EngineUnavailable."""
