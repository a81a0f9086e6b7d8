"""What depends on a resource: its callers on the service map, with the last day's
traffic, and who says in its tags that they own it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.audit.remediation.actions.base import Subject
from apps.discovery.inventory.items import Relationship
from apps.discovery.models import Resource
from apps.tracing.maps import reading
from apps.tracing.maps.servicemap import Figures, MapEdge, MapNode, ServiceMap
from apps.tracing.spans.span import ServiceKey

WINDOW = timedelta(days=1)
_HOPS = 2
_MOST = 50
_STACK = "aws:cloudformation:stack-name"


@dataclass(frozen=True, slots=True)
class Owner:
    """`kind`: what describes the resource as code; `name` which of them."""

    kind: str
    name: str

    @property
    def warning(self) -> str:
        return (
            f"{self.kind} {self.name} describes this resource: what is repaired here "
            "comes back with its next change, unless it is mended there, too."
        ).replace("  ", " ")


def owner_of(tags: Mapping[str, str]) -> Owner | None:
    """Who describes a resource as code, by the tags that such tools leave."""
    lowered = {name.lower(): value for name, value in tags.items()}
    if stack := tags.get(_STACK):
        by_cdk = any(name.startswith(("aws-cdk:", "aws:cdk:")) for name in lowered)
        return Owner("The CDK stack" if by_cdk else "The CloudFormation stack", stack)
    for name, value in lowered.items():
        words = f"{name}={value}".lower()
        if "terraform" in words or "opentofu" in words:
            return Owner("Terraform", "" if value.lower() in _YES else value)
        if "pulumi" in words:
            return Owner("Pulumi", "" if value.lower() in _YES else value)
    return None


_YES = frozenset(("true", "yes", "1", "terraform", "opentofu", "pulumi"))


def node_of(
    subject: Subject, whole: ServiceMap, more: Iterable[str] = ()
) -> MapNode | None:
    """The node of the map that stands for a resource. `more`: what else it is called
    there."""
    told = [subject.name, subject.key.id, subject.arn]
    if subject.key.type not in _NAMED_AFTER_OTHERS:
        told += [one.rsplit("/", 1)[-1] for one in (subject.arn, subject.key.id)]
    names = {name.lower() for name in (*told, *more) if name}
    found = [
        node
        for node in whole.nodes
        if node.key.account in ("", subject.key.account)
        and (node.key.name.lower() in names or _is_stage(node.key, names))
    ]
    # The same name may stand for a function and its calls: the busiest is shown.
    return max(found, key=lambda node: node.figures.calls, default=None)


# Named after the service that writes to them, which does not depend on them.
_NAMED_AFTER_OTHERS = frozenset(("AWS::Logs::LogGroup",))
_API = "AWS::ApiGateway::RestApi"


def _names_on_map(subject: Subject, related: Sequence[Relationship]) -> list[str]:
    """The map calls stages by the name of their API, which their own items lack."""
    ids = [one.id or one.resource_name for one in related if one.type == _API]
    apis = Resource.objects.filter(
        account=subject.key.account, type=_API, resource_id__in=ids
    )
    return [f"{name}/{subject.name}" for name in apis.values_list("name", flat=True)]


def _is_stage(key: ServiceKey, names: set[str]) -> bool:
    """API Gateway's nodes are named `api/stage`."""
    return (
        key.type.startswith("AWS::ApiGateway")
        and key.name.split("/")[0].lower() in names
    )


def callers(node: MapNode, whole: ServiceMap) -> list[dict[str, Any]]:
    """Who calls it, directly and through one other, the busiest first."""
    found: dict[ServiceKey, dict[str, Any]] = {}
    reached = {node.key}
    for hop in range(1, _HOPS + 1):
        edges = [one for one in whole.edges if one.target in reached]
        reached = set()
        for edge in edges:
            if edge.source == node.key or edge.source in found:
                continue
            reached.add(edge.source)
        for key in reached:
            mine = [one for one in edges if one.source == key]
            found[key] = _caller(key, hop, mine)
    return sorted(found.values(), key=lambda one: (one["hop"], -one["calls"]))[:_MOST]


def _caller(key: ServiceKey, hop: int, edges: Iterable[MapEdge]) -> dict[str, Any]:
    figures = [one.figures for one in edges]
    calls = sum(one.calls for one in figures)
    return {
        "account": key.account,
        "type": key.type,
        "name": key.name,
        "hop": hop,
        "calls": calls,
        "per_minute": calls / (WINDOW.total_seconds() / 60),
        "fault_rate": _rate(figures),
    }


def _rate(figures: Iterable[Figures]) -> float | None:
    ended = list(figures)
    calls = sum(one.calls for one in ended)
    return sum(one.faults for one in ended) / calls if calls else None


def read(
    subject: Subject,
    tags: Mapping[str, str],
    related: Sequence[Relationship],
    now: datetime,
) -> dict[str, Any]:
    """What the page of a plan shows, as JSON."""
    whole = reading.read((now - WINDOW).timestamp(), now.timestamp())
    node = node_of(subject, whole, _names_on_map(subject, related))
    owner = owner_of(tags)
    return {
        "since": (now - WINDOW).isoformat(),
        "until": now.isoformat(),
        "node": _node(node),
        "callers": callers(node, whole) if node else [],
        "owner": owner and {"kind": owner.kind, "name": owner.name},
        "related": [
            {"name": one.name, "type": one.type, "id": one.id or one.resource_name}
            for one in related[:_MOST]
        ],
    }


def _node(node: MapNode | None) -> dict[str, Any] | None:
    if node is None:
        return None
    return {
        "account": node.key.account,
        "type": node.key.type,
        "name": node.key.name,
        "calls": node.figures.calls,
        "fault_rate": node.figures.fault_rate,
    }
