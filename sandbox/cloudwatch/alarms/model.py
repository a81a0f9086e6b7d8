"""An alarm and its state, and the alarms of every place."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.cloudwatch.alarms.decisions import State
from sandbox.cloudwatch.alarms.rules import AlarmRule
from sandbox.cloudwatch.store import Place

CREATED = "Unchecked: Initial alarm creation"


@dataclass(frozen=True, slots=True)
class Condition:
    """A state with why and since when. `data` is JSON, or empty."""

    value: State
    reason: str
    data: str
    since: float


@dataclass(slots=True)
class Alarm:
    """`configuration` has AWS's members as they were put; `rule` is a composite's."""

    place: Place
    name: str
    configuration: Mapping[str, Any]
    configured_at: float
    condition: Condition
    rule: AlarmRule | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        account, region = self.place
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:{self.name}"

    @property
    def kind(self) -> str:
        return "MetricAlarm" if self.rule is None else "CompositeAlarm"

    def actions(self, state: State) -> list[str]:
        member = {
            State.ALARM: "AlarmActions",
            State.OK: "OKActions",
            State.INSUFFICIENT_DATA: "InsufficientDataActions",
        }[state]
        return list(self.configuration[member])

    def described(self) -> dict[str, Any]:
        """As DescribeAlarms says it."""
        condition = self.condition
        answer = {
            **self.configuration,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.configured_at,
            "StateValue": condition.value.value,
            "StateReason": condition.reason,
            "StateUpdatedTimestamp": condition.since,
            "StateTransitionedTimestamp": condition.since,
        }
        if condition.data:
            answer["StateReasonData"] = condition.data
        return answer


class Alarms:
    """Alarms by place and name. Hold the lock while changing one."""

    def __init__(self) -> None:
        self._places: dict[Place, dict[str, Alarm]] = {}
        self.lock = threading.RLock()

    def of(self, place: Place) -> dict[str, Alarm]:
        with self.lock:
            return self._places.setdefault(place, {})

    def find(self, place: Place, name: str) -> Alarm | None:
        return self.of(place).get(name)

    def sorted(self, place: Place) -> list[Alarm]:
        with self.lock:
            return [alarm for _, alarm in sorted(self.of(place).items())]

    def everywhere(self) -> list[Alarm]:
        with self.lock:
            places = list(self._places.values())
            return [alarm for alarms in places for alarm in alarms.values()]


def stamp(seconds: float) -> str:
    """`2026-09-21T14:13:20.000+0000`, as CloudWatch writes times in JSON."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03d}+0000"
