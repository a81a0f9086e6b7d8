"""What alert rules can ask of a room, without monitoring knowing the room.

Settings name the conditions: ALERT_CONDITIONS, objects by dotted paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

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


class Early(StrEnum):
    """How far a late value may be believed when it is over a threshold."""

    NOT = "not"
    # It can only grow: one that is above stays above.
    UP = "up"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen of one thing: a value for each period, oldest first.

    `key` tells the thing from others of the same rule and stays the same over time.
    None is a period without data, NaN one that was never collected; what was not
    collected yet is `late`, the index of the first period that may still change, or
    None. `early`: whether late values count at once where they breach.

    Of the labels, `service` and `resource` name what it is about, where that is known.
    """

    key: str
    values: tuple[float | None, ...]
    text: str
    url: str
    account: str = ""
    region: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    late: int | None = None
    early: Early = Early.NOT


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a rule's form. With choices it is one of them: pairs of what is kept
    and what is shown. `kind` is text, long, number or map; a map is written as
    lines of NAME=VALUE."""

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    is_required: bool = True


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


@runtime_checkable
class Described(Protocol):
    """A condition whose parameters have a form of their own; others are written as
    JSON. `absent` is the value of a thing that was read before and is not there now:
    None where that is a period without data."""

    about: str
    form: tuple[Parameter, ...]
    absent: float | None

    def unit_of(self, parameters: Mapping[str, Any]) -> str:
        """The unit of the values, of those that charts know; "" for plain numbers."""

    def say(self, parameters: Mapping[str, Any]) -> str:
        """What is watched, in a few words."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule wants to know. `keys` are the things that it has met before."""

    parameters: Mapping[str, Any]
    periods: Periods
    scope: Scope
    now: datetime
    keys: frozenset[str] = frozenset()


@runtime_checkable
class Batched(Protocol):
    """A condition that answers many rules at once, in few statements."""

    def read_many(
        self, questions: Sequence[Question]
    ) -> Sequence[Sequence[Reading] | ConditionUnavailable]:
        """An answer for each question. Raises EngineUnavailable."""
