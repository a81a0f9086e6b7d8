"""What a managed rule is: its name at AWS, its parameters, and how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.audit.compliance.parameters import (
    Given,
    Parameter,
    ParameterInvalid,
    filled,
)
from apps.audit.compliance.places import NotTold, Place
from apps.audit.compliance.verdicts import Estate, Outcome, Verdict
from apps.discovery.inventory.items import ConfigItem, ItemStatus, ResourceKey


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at."""

    item: ConfigItem
    given: Given
    estate: Estate

    @property
    def configuration(self) -> Place:
        return Place(self.item.configuration, "configuration")

    @property
    def supplementary(self) -> Place:
        return Place(self.item.supplementary, "supplementary")

    @property
    def now(self) -> datetime:
        return self.estate.now

    def told(self, *names: str) -> Place | None:
        """What `configuration` or else `supplementary` says under one of the names."""
        for place in (self.configuration, self.supplementary):
            for name in names:
                found = place.maybe(name)
                if found is not None:
                    return found
        return None

    def needed(self, *names: str) -> Place:
        """As `told`. Raises NotTold where neither says it."""
        found = self.told(*names)
        if found is None:
            raise NotTold(f"configuration.{names[0]}")
        return found

    def sibling(self, type_: str, id_: str, region: str = "") -> ConfigItem | None:
        """A resource of the same account, in the same region unless another is said."""
        key = self.item.key
        wanted = ResourceKey(key.account, region or key.region, type_, id_)
        return self.estate.find(wanted)


def passes(reason: str, place: Place | None = None) -> Verdict:
    return Verdict(Outcome.PASS, reason, place.path if place else "")


def fails(reason: str, place: Place | None = None) -> Verdict:
    return Verdict(Outcome.FAIL, reason, place.path if place else "")


def irrelevant(reason: str, place: Place | None = None) -> Verdict:
    return Verdict(Outcome.NOT_APPLICABLE, reason, place.path if place else "")


Look = Callable[[Subject], Verdict]


@dataclass(frozen=True)
class Managed:
    """A managed rule: a Judge. `note` says where it looks closer or less close than
    AWS's own, for people."""

    identifier: str
    title: str
    resource_types: tuple[str, ...]
    look: Look
    severity: Severity = Severity.MEDIUM
    parameters: tuple[Parameter, ...] = ()
    note: str = ""

    def judge(
        self, item: ConfigItem, parameters: Mapping[str, Any], estate: Estate
    ) -> Verdict:
        standing = not_looked_at(item, self.resource_types)
        if standing is not None:
            return standing
        try:
            return self.look(Subject(item, filled(self.parameters, parameters), estate))
        except NotTold as missing:
            return Verdict(Outcome.UNKNOWN, str(missing), missing.path)
        except ParameterInvalid as wrong:
            return Verdict(Outcome.UNKNOWN, str(wrong))


def not_looked_at(item: ConfigItem, types: tuple[str, ...]) -> Verdict | None:
    """Why nothing can be said of an item whatever it holds; None where it can."""
    if types and item.key.type not in types:
        return irrelevant(f"The rule is not about {item.key.type}.")
    if item.status.is_gone:
        return irrelevant("The resource was deleted.")
    if item.status is ItemStatus.NOT_RECORDED:
        return Verdict(Outcome.UNKNOWN, "AWS Config does not record this resource.")
    if not item.configuration and not item.supplementary:
        reason = "The item says nothing of the configuration."
        return Verdict(Outcome.UNKNOWN, reason, "configuration")
    return None
