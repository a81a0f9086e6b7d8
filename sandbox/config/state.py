"""What Config holds of one account and region."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.config.doors import GLOBAL_TYPES
from sandbox.config.items import Item
from sandbox.kernel.errors import ApiError

Key = tuple[str, str]
"""Type and id of a resource."""
PlaceKey = tuple[str, str]
Failure = tuple[str, str]
"""Code and message of a read that did not succeed."""

_DEFAULT_GROUP: Mapping[str, Any] = {
    "allSupported": True,
    "includeGlobalResourceTypes": False,
    "resourceTypes": [],
}


@dataclass(slots=True)
class Recorder:
    """The recorder. Times in seconds since 1970."""

    settings: dict[str, Any]
    is_recording: bool = False
    started: float | None = None
    stopped: float | None = None
    changed: float | None = None

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    def records(self, resource_type: str) -> bool:
        """Whether items of the type are recorded. Source: RecordingGroup."""
        group = self.settings["recordingGroup"]
        strategy = group.get("recordingStrategy", {}).get("useOnly")
        if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
            excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes")
            return resource_type not in (excluded or ())
        if group.get("allSupported"):
            is_global = resource_type in GLOBAL_TYPES
            return not is_global or bool(group.get("includeGlobalResourceTypes"))
        return resource_type in group.get("resourceTypes", ())

    def frequency(self, resource_type: str) -> str:
        mode = self.settings["recordingMode"]
        for override in mode.get("recordingModeOverrides", ()):
            if resource_type in override["resourceTypes"]:
                return str(override["recordingFrequency"])
        return str(mode["recordingFrequency"])


def default_group() -> dict[str, Any]:
    return dict(_DEFAULT_GROUP)


@dataclass(slots=True)
class Evaluation:
    """What a rule said of a resource, last. Times in seconds since 1970."""

    rule: str
    key: Key
    compliance: str
    ordering: float
    recorded: float
    invoked: float
    annotation: str = ""


@dataclass(slots=True)
class Rule:
    """A rule with how its evaluations went. Times in seconds since 1970."""

    settings: dict[str, Any]
    parameters: dict[str, Any]
    first_activated: float
    evaluations: dict[Key, Evaluation] = field(default_factory=dict)
    succeeded: float | None = None
    failed: float | None = None
    failure: tuple[str, str] | None = None
    has_started: bool = False

    @property
    def name(self) -> str:
        return str(self.settings["ConfigRuleName"])

    @property
    def arn(self) -> str:
        return str(self.settings["ConfigRuleArn"])

    @property
    def source(self) -> Mapping[str, Any]:
        source: Mapping[str, Any] = self.settings["Source"]
        return source


@dataclass(slots=True)
class Execution:
    """A remediation of one resource. Times in seconds since 1970."""

    key: Key
    state: str
    invoked: float
    updated: float
    automation_id: str = ""
    error: str = ""


@dataclass(slots=True)
class Place:
    """One account and region."""

    account: str
    region: str
    recorder: Recorder | None = None
    channel: dict[str, Any] | None = None
    deliveries: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[Key, list[Item]] = field(default_factory=dict)
    postponed: set[Key] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)
    """By type of resource: why it was not read in full the last time."""
    rules: dict[str, Rule] = field(default_factory=dict)
    remediations: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, dict[Key, Execution]] = field(default_factory=dict)
    last_state_id: int = 0

    @property
    def is_recording(self) -> bool:
        return self.recorder is not None and self.recorder.is_recording

    def next_state_id(self, now: float) -> int:
        self.last_state_id = max(self.last_state_id + 1, int(now * 1_000))
        return self.last_state_id

    def current(self) -> Iterator[Item]:
        """The last item of each resource that is still there."""
        for items in list(self.history.values()):
            if not items[-1].is_deleted:
                yield items[-1]

    def last(self, key: Key) -> Item | None:
        items = self.history.get(key)
        return items[-1] if items else None

    def the_recorder(self) -> Recorder:
        if self.recorder is None:
            raise ApiError(
                "NoAvailableConfigurationRecorderException",
                "Configuration recorder is not available to record your resources.",
            )
        return self.recorder

    def the_rule(self, name: str) -> Rule:
        if name not in self.rules:
            raise ApiError(
                "NoSuchConfigRuleException",
                f"The ConfigRule '{name}' provided in the request is invalid. Please "
                "check the configRule name.",
            )
        return self.rules[name]


class Store:
    """Every place, behind one lock that is never held while another service works."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._places: dict[PlaceKey, Place] = {}

    def at(self, place: PlaceKey) -> Place:
        with self.lock:
            if place not in self._places:
                self._places[place] = Place(*place)
            return self._places[place]

    def recording(self) -> list[Place]:
        return [place for place in self.all() if place.is_recording]

    def all(self) -> list[Place]:
        with self.lock:
            return list(self._places.values())
