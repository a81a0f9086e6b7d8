"""Filter expressions of X-Ray as trees, and what is wrong with those that are none."""

from __future__ import annotations

from dataclasses import dataclass, field

Value = str | float | bool

BOOLEANS = frozenset(
    {"ok", "error", "throttle", "fault", "partial"}
    | {"inferred", "first", "last", "remote", "root"}
)
NUMBERS = frozenset({"responsetime", "duration", "http.status", "index", "coverage"})
TEXTS = frozenset(
    {"http.url", "http.method", "http.useragent", "http.clientip", "user", "name"}
    | {"type", "message", "availabilityzone", "instance.id", "resource.arn"}
)
GROUPS = frozenset(("group.name", "group.arn"))
KEYWORDS = BOOLEANS | NUMBERS | TEXTS | GROUPS
ANNOTATION = "annotation."


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """A keyword, in lower case, compared with a value. Without an operator: whether
    it is true, or has any value. Annotations are `annotation.` and their key."""

    keyword: str
    operator: str = ""
    value: Value = ""
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NodeName:
    """A node of the map; what is None may be anything."""

    name: str | None = None
    type: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    service: NodeName
    inner: Node | None = None


@dataclass(frozen=True, slots=True)
class EdgeFilter:
    source: NodeName
    target: NodeName
    inner: Node | None = None


@dataclass(frozen=True, slots=True)
class CauseFilter:
    """`kind`: fault, error or responsetime; `part`: service, entity or exception."""

    kind: str
    part: str
    inner: Node | None = None


CauseNames = tuple[tuple[str, tuple[str, ...]], ...]
"""A root cause by names: of its services, and of the entities of each."""


@dataclass(frozen=True, slots=True)
class CausePaths:
    """Whether one of these is a root cause. Without an operator: whether there is
    any root cause."""

    operator: str = ""
    paths: tuple[CauseNames, ...] = ()


Node = (
    AllOf
    | AnyOf
    | Not
    | Condition
    | ServiceFilter
    | EdgeFilter
    | CauseFilter
    | CausePaths
)


class FilterError(ValueError):
    """An expression that cannot be read.

    `position` counts characters from 0 in the expression as it was typed; `expected`
    says what should have stood there.
    """

    def __init__(self, message: str, position: int, expected: str) -> None:
        super().__init__(f"{message} at character {position + 1}; expected {expected}.")
        self.message = message
        self.position = position
        self.expected = expected
