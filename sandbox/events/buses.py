"""Buses, their rules and the targets of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.events.patterns import Leaves, Pattern
from sandbox.events.schedules import Next
from sandbox.kernel.calls import Call
from sandbox.kernel.errors import ApiError

Place = tuple[str, str]
DEFAULT = "default"
DISABLED = "DISABLED"
ALL_CALLS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(slots=True)
class Rule:
    """A rule; `due` is when its schedule fires next, in seconds since 1970."""

    name: str
    arn: str
    bus: str
    settings: dict[str, Any]
    pattern: Pattern | None = None
    schedule: Next | None = None
    due: float | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        return bool(self.settings["State"] != DISABLED)

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Arn": self.arn,
            **self.settings,
            "EventBusName": self.bus,
        }

    def hears(self, leaves: Leaves, *, is_read: bool) -> bool:
        if not self.is_on or self.pattern is None:
            return False
        if is_read and self.settings["State"] != ALL_CALLS:
            return False
        return self.pattern.matches_leaves(leaves)


@dataclass(slots=True)
class Bus:
    """An event bus; `statements` are its resource policy's, by their id."""

    name: str
    arn: str
    created: float
    modified: float
    settings: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)


class Buses:
    """Every bus of every place. Whoever uses it holds the room's lock."""

    def __init__(self) -> None:
        self._buses: dict[Place, dict[str, Bus]] = {}

    def of(self, place: Place, now: float = 0.0) -> dict[str, Bus]:
        """The buses of a place; a default bus is everywhere."""
        if place not in self._buses:
            account, region = place
            arn = f"arn:aws:events:{region}:{account}:event-bus/{DEFAULT}"
            self._buses[place] = {DEFAULT: Bus(DEFAULT, arn, now, now)}
        return self._buses[place]

    def find(self, place: Place, name_or_arn: str | None) -> Bus | None:
        name = name_or_arn or DEFAULT
        if name.startswith("arn:"):
            _, _, _, region, account, name = name.split(":", 5)
            place, name = (account, region), name.removeprefix("event-bus/")
        return self.of(place).get(name)

    def get(self, call: Call, name: str | None) -> Bus:
        """A bus. Raises ResourceNotFoundException."""
        bus = self.find(call.place, name)
        if bus is None:
            raise ApiError(
                "ResourceNotFoundException", f"Event bus {name} does not exist."
            )
        return bus

    def rule(self, call: Call, name: str) -> Rule:
        """A rule of the bus the call names. Raises ResourceNotFoundException."""
        bus = self.get(call, call.parameters.get("EventBusName"))
        rule = bus.rules.get(name)
        if rule is None:
            raise ApiError(
                "ResourceNotFoundException",
                f"Rule {name} does not exist on EventBus {bus.name}.",
            )
        return rule

    def rules(self) -> Iterator[tuple[Place, Rule]]:
        for place, buses in self._buses.items():
            for bus in buses.values():
                for rule in bus.rules.values():
                    yield place, rule
