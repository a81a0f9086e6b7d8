"""What GetTraceSummaries says of a trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.xray import rootcauses
from sandbox.xray.segments import (
    Document,
    Flags,
    ServiceId,
    flags_of,
    part,
    status_of,
    walk,
)
from sandbox.xray.traces import Trace

_INDEXED_ANNOTATIONS = 50
_REQUEST = (
    ("HttpURL", "url"),
    ("HttpMethod", "method"),
    ("UserAgent", "user_agent"),
    ("ClientIp", "client_ip"),
)
Summary = dict[str, Any]


def service_id(service: ServiceId) -> dict[str, Any]:
    made: dict[str, Any] = {"Name": service.name, "Names": [service.name]}
    if service.account:
        made["AccountId"] = service.account
    if service.type:
        made["Type"] = service.type
    return made


def summary_of(trace: Trace) -> Summary:
    """Everything but what the store knows: id, revision and the time of a match.

    HasFault and HasError are the root segment's, HasThrottle any segment's.
    """
    root = flags_of(trace.root)
    services = dict.fromkeys(trace.service(s) for s in trace.everything)
    return {
        "StartTime": trace.start,
        "Duration": trace.duration,
        "ResponseTime": trace.response_time,
        "HasFault": bool(root & Flags.FAULT),
        "HasError": bool(root & Flags.ERROR),
        "HasThrottle": any(flags_of(s) & Flags.THROTTLE for s in trace.everything),
        "IsPartial": trace.is_partial,
        "Http": _http(trace.root),
        "Annotations": _annotations(trace),
        "Users": _users(trace),
        "ServiceIds": [service_id(service) for service in services],
        "ResourceARNs": [{"ARN": arn} for arn in _arns(trace.segments)],
        "InstanceIds": [{"Id": i} for i in _of_machine(trace, "instance_id")],
        "AvailabilityZones": [
            {"Name": zone} for zone in _of_machine(trace, "availability_zone")
        ],
        "EntryPoint": service_id(trace.service(trace.root)),
        "FaultRootCauses": rootcauses.failures(trace, Flags.FAULT),
        "ErrorRootCauses": rootcauses.failures(trace, Flags.ERROR),
        "ResponseTimeRootCauses": rootcauses.slowness(trace),
    }


def _http(root: Document) -> dict[str, Any]:
    request = part(part(root, "http"), "request")
    made: dict[str, Any] = {
        name: request[member]
        for name, member in _REQUEST
        if isinstance(request.get(member), str)
    }
    status = status_of(root)
    return made if status is None else {"HttpStatus": status, **made}


def annotations_of(segment: Document) -> Iterable[tuple[str, Any]]:
    """Keys and values, of the segment and of the subsegments within."""
    for entity in (segment, *walk(segment)):
        yield from part(entity, "annotations").items()


def _annotations(trace: Trace) -> dict[str, Any]:
    found: dict[str, dict[Any, dict[ServiceId, None]]] = {}
    for segment in trace.segments:
        for key, value in annotations_of(segment):
            if not isinstance(value, str | int | float):
                continue
            if key in found or len(found) < _INDEXED_ANNOTATIONS:
                values = found.setdefault(key, {})
                # True equals 1 in Python: the type tells them apart.
                at = (type(value).__name__, value)
                values.setdefault(at, {})[trace.service(segment)] = None
    return {
        key: [
            {
                "AnnotationValue": _value(value),
                "ServiceIds": [service_id(service) for service in services],
            }
            for (_, value), services in values.items()
        ]
        for key, values in found.items()
    }


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    if isinstance(value, str):
        return {"StringValue": value}
    return {"NumberValue": float(value)}


def _users(trace: Trace) -> list[dict[str, Any]]:
    found: dict[str, dict[ServiceId, None]] = {}
    for segment in trace.segments:
        if isinstance(segment.get("user"), str):
            found.setdefault(segment["user"], {})[trace.service(segment)] = None
    return [
        {"UserName": name, "ServiceIds": [service_id(s) for s in services]}
        for name, services in found.items()
    ]


def _arns(segments: Iterable[Document]) -> list[str]:
    found: dict[str, None] = {}
    for segment in segments:
        for arn in (segment.get("resource_arn"), _function(segment)):
            if isinstance(arn, str):
                found[arn] = None
    return list(found)


def _function(segment: Document) -> object:
    return part(segment, "aws").get("function_arn")


def _of_machine(trace: Trace, member: str) -> list[str]:
    found = (part(part(s, "aws"), "ec2").get(member) for s in trace.segments)
    return list(dict.fromkeys(value for value in found if isinstance(value, str)))
