"""What an action is: how to read, plan, verify and undo one kind of repair.

An action computes; it never writes to AWS. What it wants done are calls, and whoever
runs a plan makes them, one at a time, after every gate.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import orjson

from apps.audit.remediation.actions.parameters import Parameter, Refused, settled
from apps.discovery.inventory.items import ConfigItem, ResourceKey

__all__ = [
    "Action", "Call", "Change", "Draft", "GraphNode", "HandOver", "Image", "Parameter",
    "Permissions", "Progress", "Reads", "Refused", "Reversibility", "Step", "Subject",
    "Values",
]  # fmt: skip

Values = Mapping[str, Any]
"""Plain JSON: None, bool, int, float, str, lists and objects of these."""


class Reads(Protocol):
    """Reading calls to AWS in the subject's account and region. Raises AwsError."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Values: ...

    def pages(self, service: str, operation: str, /, **parameters: Any) -> list[Values]:
        """Every page of a listing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource to repair. `arn` may be empty where the type has none."""

    key: ResourceKey
    arn: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of boto3 that changes something: `service` and `operation` in boto3's
    words, such as ec2 and revoke_security_group_ingress.

    `token`: the parameter that makes a repeated call harmless, "" where the API has
    none; whoever runs the plan fills it in.
    """

    service: str
    operation: str
    parameters: Values
    token: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """`title` says in words what the one call does."""

    title: str
    call: Call


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the resource, as it is and as it will be; None is absent."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Image:
    """The part of a resource that an action depends on and changes, as read.

    `beside` was seen on the way and only makes warnings, such as tags: it is no part
    of the digest, and need not be kept.
    """

    values: Values
    beside: Values = field(default_factory=dict, compare=False)

    @property
    def digest(self) -> str:
        """The same for the same values, in whatever order of members."""
        told = orjson.dumps(dict(self.values), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(told).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be done. `expected` is the image after the last step; a run is stale
    where the image is no longer `before`, and may be undone where it is `expected`.
    `population`: how many resources it touches, the subject included.
    """

    before: Image
    expected: Image
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    population: int = 1

    @classmethod
    def nothing(cls, now: Image, *warnings: str) -> Draft:
        """The resource is as it should be."""
        return cls(now, now, (), (), warnings)


class Reversibility(StrEnum):
    """Whether `undo` brings back all, some, or nothing of what was."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Permissions:
    """IAM actions, such as ec2:RevokeSecurityGroupIngress."""

    read: tuple[str, ...]
    write: tuple[str, ...]


class Action(ABC):
    """One kind of repair. Instances have no state."""

    identifier: str
    # Raised with every change of what `draft` gives: an older plan is void then.
    version: int = 1
    title: str
    says: str
    # Role and policy of its own: actions of one family share a role.
    family: str
    resource_types: tuple[str, ...]
    # Identifiers of managed rules whose violations it repairs.
    repairs: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    permissions: Permissions
    reversibility: Reversibility = Reversibility.FULL
    irreversible_because: str = ""

    @abstractmethod
    def read(self, reads: Reads, subject: Subject, parameters: Values) -> Image:
        """The resource as it is now. Raises AwsError; AwsGone where it is gone."""

    @abstractmethod
    def draft(self, subject: Subject, parameters: Values, now: Image) -> Draft:
        """What would be done to a resource that is as `now`; pure. Without steps
        where nothing is to be done. Raises Refused."""

    @abstractmethod
    def undo(
        self, subject: Subject, parameters: Values, draft: Draft
    ) -> tuple[Step, ...]:
        """The steps that bring `draft.before` back; pure. None where irreversible."""

    def given(self, parameters: Values) -> dict[str, Any]:
        """The parameters with their defaults. Raises Refused for what they are not."""
        return settled(self.parameters, parameters)

    def fitting(self, identifier: str, rule_parameters: Values) -> Values:
        """Parameters that repair a violation of this managed rule, of those it names;
        pure."""
        return {}

    def restoring(self, good: ConfigItem) -> Values:
        """Parameters that bring back what an earlier item of the resource had, from
        when the rule passed; pure. Empty where the action needs none."""
        return {}

    def state_after(self, draft: Draft, done: int) -> Image:
        """The image once `done` steps took effect; pure. What settles a step whose
        outcome nobody knows: the resource is read, and is as before or after it.
        Actions of more than one step say what lies between."""
        return draft.expected if done >= len(draft.steps) else draft.before


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A state of a followed execution. `state`: pending, running, succeeded, failed,
    skipped."""

    name: str
    kind: str
    state: str
    text: str = ""
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an execution elsewhere is; `is_good` only once it is over."""

    is_over: bool
    is_good: bool
    text: str
    url: str = ""
    graph: tuple[GraphNode, ...] = field(default_factory=tuple)


class HandOver(Action):
    """A repair that another service of AWS carries out: one step starts it, and it is
    followed until it is over."""

    @abstractmethod
    def reference(self, answer: Values) -> str:
        """What names the execution, from the answer of the starting call."""

    @abstractmethod
    def find(
        self, reads: Reads, subject: Subject, parameters: Values, token: str
    ) -> str:
        """The execution that a call with this token started, where its answer was
        lost; "" where there is none."""

    @abstractmethod
    def follow(self, reads: Reads, parameters: Values, reference: str) -> Progress:
        """How far it is. Raises AwsError."""
