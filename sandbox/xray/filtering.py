"""Whether a trace is one that a filter expression asks for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.xray.filterlanguage import (
    ANNOTATION,
    BOOLEANS,
    JSON_KEYWORDS,
    CauseFilter,
    Condition,
    EdgeFilter,
    Either,
    Every,
    Name,
    Node,
    Not,
    ServiceFilter,
)
from sandbox.xray.segments import (
    Document,
    Flags,
    ServiceId,
    end_of,
    flags_of,
    part,
    start_of,
    status_of,
    walk,
)
from sandbox.xray.summaries import Summary, annotations_of
from sandbox.xray.traces import Trace

Values = Callable[[str], Sequence[Any]]
"""The values of a keyword; none where it is not set."""
IsInGroup = Callable[[str, str], bool]
"""Whether the trace is in a group: takes group.name or group.arn, and its value."""

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "contains": operator.contains,
    "beginswith": str.startswith,
    "endswith": str.endswith,
}
_CAUSES = {
    "fault": "FaultRootCauses",
    "error": "ErrorRootCauses",
    "responsetime": "ResponseTimeRootCauses",
}
_BY_FLAG = {
    "fault": Flags.FAULT,
    "error": Flags.ERROR,
    "throttle": Flags.THROTTLE,
    "partial": Flags.PARTIAL,
}
_HTTP = {
    "http.url": "url",
    "http.method": "method",
    "http.useragent": "user_agent",
    "http.clientip": "client_ip",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A trace, its summary, and the groups it is in."""

    trace: Trace
    summary: Summary
    is_in_group: IsInGroup

    def matches(self, node: Node) -> bool:
        return self._holds(node, self._values)

    def _holds(self, node: Node, values: Values) -> bool:
        if isinstance(node, Every):
            return all(self._holds(part, values) for part in node.parts)
        if isinstance(node, Either):
            return any(self._holds(part, values) for part in node.parts)
        if isinstance(node, Not):
            return not self._holds(node.part, values)
        if isinstance(node, Condition):
            return self._condition(node, values)
        return any(
            node.inner is None or self._holds(node.inner, found)
            for found in self._places(node)
        )

    def _places(self, node: ServiceFilter | EdgeFilter | CauseFilter) -> list[Values]:
        """What the braces are held against."""
        if isinstance(node, ServiceFilter):
            return self._services(node.service)
        if isinstance(node, EdgeFilter):
            return [
                _entity_values(way.entity)
                for way in self.trace.ways()
                if is_named(way.source, node.source)
                and is_named(way.target, node.target)
            ]
        return _of_causes(self.summary, node.keyword)

    def _services(self, name: Name) -> list[Values]:
        return [
            _entity_values(segment, service, segment is self.trace.root)
            for segment in self.trace.everything
            if is_named(service := self.trace.service(segment), name)
        ]

    def _condition(self, condition: Condition, values: Values) -> bool:
        keyword, value = condition.keyword, condition.value
        if keyword in {"group.name", "group.arn"}:
            inside = self.is_in_group(keyword, str(value))
            return inside is (condition.operator == "=")
        if keyword in JSON_KEYWORDS:
            found = any(_has_cause(self.summary, wanted) for wanted in value or [])
            return found is (condition.operator != "!=")
        return holds(condition, values(keyword))

    def _values(self, keyword: str) -> Sequence[Any]:
        if keyword.startswith(ANNOTATION):
            key = keyword.removeprefix(ANNOTATION)
            found = self.summary["Annotations"].get(key, ())
            return [v for a in found for v in a["AnnotationValue"].values()]
        if keyword == "inferred":
            return [bool(self.trace.inferred)]
        return _of_trace(self.summary, keyword)


def is_named(service: ServiceId, name: Name) -> bool:
    return (
        name.name in (None, service.name)
        and name.type in (None, service.type)
        and name.account in (None, service.account)
    )


def holds(condition: Condition, values: Sequence[Any]) -> bool:
    """Whether one of the values is as wanted; for `!=`, whether none is equal."""
    if not condition.operator:
        is_boolean = condition.keyword in BOOLEANS or any(v is False for v in values)
        return any(values) if is_boolean else bool(values)
    if condition.operator == "!=":
        return bool(values) and not any(v == condition.value for v in values)
    return any(_compares(condition, value) for value in values)


def _compares(condition: Condition, value: Any) -> bool:
    wanted = condition.value
    if isinstance(value, str) and isinstance(wanted, str):
        compare = _TEXTS.get(condition.operator)
        return compare is not None and compare(value, wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return condition.operator == "=" and value is wanted
    if isinstance(value, str) or isinstance(wanted, str):
        return False
    return condition.operator in _ORDERS and _ORDERS[condition.operator](value, wanted)


def _of_trace(summary: Summary, keyword: str) -> Sequence[Any]:
    http = summary["Http"]
    failed = summary["HasFault"] or summary["HasError"]
    lists: Mapping[str, Iterable[Any]] = {
        "ok": [not failed and not summary["HasThrottle"]],
        "error": [summary["HasError"]],
        "fault": [summary["HasFault"]],
        "throttle": [summary["HasThrottle"]],
        "partial": [summary["IsPartial"]],
        "responsetime": [summary["ResponseTime"]],
        "duration": [summary["Duration"]],
        "http.status": _if_set(http.get("HttpStatus")),
        "http.url": _if_set(http.get("HttpURL")),
        "http.method": _if_set(http.get("HttpMethod")),
        "http.useragent": _if_set(http.get("UserAgent")),
        "http.clientip": _if_set(http.get("ClientIp")),
        "user": [user["UserName"] for user in summary["Users"]],
        "name": [service["Name"] for service in summary["ServiceIds"]],
        "type": [s["Type"] for s in summary["ServiceIds"] if "Type" in s],
        "availabilityzone": [z["Name"] for z in summary["AvailabilityZones"]],
        "instance.id": [i["Id"] for i in summary["InstanceIds"]],
        "resource.arn": [arn["ARN"] for arn in summary["ResourceARNs"]],
    }
    return list(lists.get(keyword, ()))


def _if_set(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _entity_values(
    entity: Document, service: ServiceId | None = None, is_root: object = None
) -> Values:
    """The keywords of one segment, or of the subsegment that is a call."""

    def values(keyword: str) -> Sequence[Any]:
        flags = flags_of(entity)
        if keyword in _BY_FLAG:
            return [bool(flags & _BY_FLAG[keyword])]
        if keyword in _HTTP:
            return _if_set(part(part(entity, "http"), "request").get(_HTTP[keyword]))
        if keyword.startswith(ANNOTATION):
            key = keyword.removeprefix(ANNOTATION)
            return [value for at, value in annotations_of(entity) if at == key]
        return _others(entity, service, is_root).get(keyword, ())

    return values


def _others(
    entity: Document, service: ServiceId | None, is_root: object
) -> dict[str, Sequence[Any]]:
    machine = part(part(entity, "aws"), "ec2")
    last = max([end_of(entity), *(end_of(inner) for inner in walk(entity))])
    return {
        "ok": [not flags_of(entity)],
        "inferred": [bool(entity.get("inferred"))],
        "root": [bool(is_root)],
        "responsetime": [end_of(entity) - start_of(entity)],
        "duration": [last - start_of(entity)],
        "http.status": _if_set(status_of(entity)),
        "user": _if_set(entity.get("user")),
        "name": [service.name if service else str(entity.get("name", ""))],
        "type": _if_set(service.type if service else None),
        "availabilityzone": _if_set(machine.get("availability_zone")),
        "instance.id": _if_set(machine.get("instance_id")),
        "resource.arn": _if_set(entity.get("resource_arn")),
    }


def _of_causes(summary: Summary, keyword: str) -> list[Values]:
    """The services, entities or exceptions of root causes, each in its list."""
    _, kind, what = keyword.split(".")
    lists: list[list[dict[str, Any]]] = []
    for cause in summary[_CAUSES[kind]]:
        services = cause["Services"]
        entities = [entity for s in services for entity in s["EntityPath"]]
        if what == "service":
            lists.append(services)
        elif what == "entity":
            lists.append(entities)
        else:
            lists += [entity["Exceptions"] for entity in entities]
    return [
        _cause_values(item, at, len(items))
        for items in lists
        for at, item in enumerate(items)
    ]


def _cause_values(item: dict[str, Any], at: int, count: int) -> Values:
    found: dict[str, Sequence[Any]] = {
        "index": [at],
        "first": [at == 0],
        "last": [at == count - 1],
        "name": [item["Name"]],
        "type": _if_set(item.get("Type")),
        "message": _if_set(item.get("Message")),
        "remote": _if_set(item.get("Remote")),
        "inferred": _if_set(item.get("Inferred")),
        "coverage": _if_set(item.get("Coverage")),
    }
    return lambda keyword: found.get(keyword, ())


def _has_cause(summary: Summary, wanted: Any) -> bool:
    """Whether a root cause has these services and entities, name by name."""
    causes = [cause for key in _CAUSES.values() for cause in summary[key]]
    return any(_names(cause) == _names(wanted) for cause in causes)


def _names(cause: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (service["Name"], [entity["Name"] for entity in service["EntityPath"]])
        for service in cause["Services"]
    ]
