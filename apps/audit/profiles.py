"""What the events say of one actor or one resource: the facts of their pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.audit.chains import Step, chain
from apps.discovery.arn import parse_arn
from apps.search.documents import read_json
from apps.search.engines.base import (
    DocumentReader,
    Facet,
    Histogram,
    Hit,
    SearchRequest,
    SortOrder,
)
from apps.search.intervals import fitting_interval
from apps.search.syntax import (
    AllOf,
    AnyOf,
    Equals,
    Exists,
    Mark,
    Node,
    Not,
    Wildcard,
)

_RECENT = 25
_VALUES = 8
_ACTOR_FACETS = (
    "eventName",
    "eventSource",
    "sourceIPAddress",
    "awsRegion",
    "errorCode",
    "userAgent",
    "@session",
    "@resource",
)
_RESOURCE_FACETS = (
    "eventName",
    "@actor",
    "errorCode",
    "awsRegion",
    "sourceIPAddress",
    "recipientAccountId",
)
# What the values of readOnly are called over time.
_READ_ONLY = {"true": "Reads", "false": "Changes"}
_ROLE_ARN = "requestParameters.roleArn"
_TAKES_ON = Wildcard("eventName", ("AssumeRole", Mark.ANY_TEXT))


@dataclass(frozen=True, slots=True)
class Profile:
    """Numbers over a time range, and what is known from all time."""

    total: int
    failed: int
    changes: int
    first: Hit | None
    last: Hit | None
    histogram: Histogram | None
    facets: Sequence[Facet]
    recent: Sequence[Hit]
    partial: str | None

    @property
    def error_rate(self) -> float:
        """Failed calls in percent."""
        return 100 * self.failed / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Relations:
    """Who takes on whom, all time: pairs of a name and the number of calls."""

    assumed_by: Sequence[tuple[str, int]]
    assumes: Sequence[tuple[str, int]]
    last_session: Sequence[Step]


def actor_node(key: str) -> Node:
    """Events of an actor, named in full or as lists show it: `user/x`, `x`, `ec2`."""
    if key.startswith("arn:"):
        return Equals("@actor", key)
    ends = [Wildcard("@actor", (Mark.ANY_TEXT, mark + key)) for mark in "/:"]
    return AnyOf(
        (Equals("@actor", key), Equals("@actor", f"{key}.amazonaws.com"), *ends)
    )


def resource_node(name: str) -> Node:
    """Events that touched a resource, named by an ARN, an id or a name.

    An ARN also stands for the bare name under which its own service knows it; a
    bare name for every ARN that ends in it.
    """
    exact = Equals("@resource", name)
    arn = parse_arn(name)
    if arn is None:
        ends = [Wildcard("@resource", (Mark.ANY_TEXT, mark + name)) for mark in "/:"]
        return AnyOf((exact, *ends))
    tail = arn.resource.replace(":", "/").rsplit("/", 1)[-1]
    source = Equals("eventSource", f"{arn.service}.amazonaws.com")
    if not tail or tail == "*":
        return exact
    named = [Equals("@resource", tail), source]
    if arn.account:
        named.append(Equals("recipientAccountId", arn.account))
    return AnyOf((exact, AllOf(tuple(named))))


def actor_profile(reader: DocumentReader, asked: SearchRequest) -> Profile:
    return _profile(reader, asked, _ACTOR_FACETS, "errorCode")


def resource_profile(reader: DocumentReader, asked: SearchRequest) -> Profile:
    profile = _profile(reader, asked, _RESOURCE_FACETS, "readOnly")
    if profile.histogram is None:
        return profile
    series = {
        _READ_ONLY.get(name, name): counts
        for name, counts in profile.histogram.series.items()
    }
    return replace(profile, histogram=replace(profile.histogram, series=series))


def _profile(
    reader: DocumentReader, asked: SearchRequest, facets: Sequence[str], by: str
) -> Profile:
    def count(node: Node) -> int:
        return reader.count(replace(asked, query=AllOf((asked.query, node)))).value

    total = reader.count(asked)
    found = reader.facets(asked, facets, _VALUES)
    interval_ms = fitting_interval(asked.range.until_ms - asked.range.since_ms)
    ever = asked.at_any_time()
    return Profile(
        total=total.value,
        failed=count(Exists("errorCode")),
        changes=count(Not(Equals("readOnly", "true"))),
        first=next(iter(reader.find(ever, 1, SortOrder.OLDEST).hits), None),
        last=next(iter(reader.find(ever, 1, SortOrder.NEWEST).hits), None),
        histogram=reader.histogram(asked, interval_ms, by) if total.value else None,
        facets=[found.by_path[path] for path in facets],
        recent=reader.find(asked, _RECENT).hits,
        partial=total.partial or found.partial,
    )


def relations(
    reader: DocumentReader, asked: SearchRequest, key: str, last: Hit | None
) -> Relations:
    """Who assumes the actor, whom the actor assumes, and the last session's chain."""
    succeeded = Not(Exists("errorCode"))
    ever = asked.at_any_time()

    def top(path: str, *nodes: Node) -> Sequence[tuple[str, int]]:
        question = replace(ever, query=AllOf((_TAKES_ON, succeeded, *nodes)))
        return reader.facets(question, [path], _VALUES).by_path[path].values

    access_key = _access_key(last)
    return Relations(
        assumed_by=top("@actor", Equals(_ROLE_ARN, key)),
        assumes=top(_ROLE_ARN, actor_node(key)),
        last_session=chain(reader, asked.kind, asked.scope, access_key, asked.now),
    )


def identity_of(hit: Hit | None) -> dict[str, Any]:
    """The userIdentity element of an event; {} where there is none."""
    identity = read_json(hit.raw).get("userIdentity") if hit else None
    return identity if isinstance(identity, dict) else {}


def _access_key(hit: Hit | None) -> str:
    key = identity_of(hit).get("accessKeyId")
    return key if isinstance(key, str) else ""
