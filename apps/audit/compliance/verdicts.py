"""What a rule says of a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from apps.discovery.inventory.items import ConfigItem, ResourceKey


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is a sentence for people; `path` where in the item it is seen, such as
    configuration.ipPermissions[2].ipRanges[0], "" where it is no one place."""

    outcome: Outcome
    reason: str
    path: str = ""


class Estate(Protocol):
    """The other resources that a rule may have to look at, such as the Block Public
    Access of a bucket's account, and the time that ages are counted to."""

    @property
    def now(self) -> datetime: ...

    def find(self, key: ResourceKey) -> ConfigItem | None: ...

    def every(self, account: str, type_: str) -> Sequence[ConfigItem]:
        """All of a type that are known in an account, in whatever region."""


class Judge(Protocol):
    """One rule. Pure: the same item, parameters and estate give the same verdict.

    Raises nothing for an item of an odd shape: that is UNKNOWN.
    """

    identifier: str
    resource_types: tuple[str, ...]

    def judge(
        self, item: ConfigItem, parameters: Mapping[str, Any], estate: Estate
    ) -> Verdict: ...
