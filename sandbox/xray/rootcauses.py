"""Root causes: the path through services and entities to what failed or was slow.

Source: "Retrieving and refining root cause analytics" in the X-Ray developer guide.
X-Ray's own choice of the path is not documented; here a failure's path ends at the
deepest entity that failed, and a slow trace's goes on into what took most of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.xray.segments import (
    Document,
    Flags,
    end_of,
    flags_of,
    is_outgoing,
    part,
    start_of,
)
from sandbox.xray.traces import Trace

_MOST_OF_IT = 0.5
_LONGEST = 100
Cause = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """An entity of a path, and the segment it belongs to."""

    segment: Document
    entity: Document


def failures(trace: Trace, flag: Flags) -> list[Cause]:
    """FaultRootCauses, or ErrorRootCauses where the flag is ERROR."""
    root = _Step(trace.root, trace.root)
    impacting = bool(flags_of(trace.root) & flag)
    return [
        {
            "Services": _services(trace, path, _with_exceptions),
            "ClientImpacting": impacting,
        }
        for path in _failing_paths(trace, [root], flag)
    ]


def _failing_paths(
    trace: Trace, path: list[_Step], flag: Flags
) -> Iterator[list[_Step]]:
    deeper = [
        found
        for step in _steps_beneath(trace, path)
        for found in _failing_paths(trace, [*path, step], flag)
    ]
    if deeper:
        yield from deeper
    elif flags_of(path[-1].entity) & flag:
        yield path


def _steps_beneath(trace: Trace, path: list[_Step]) -> Iterator[_Step]:
    """Parents are what senders say: they may go in circles, and on and on."""
    step = path[-1]
    passed = {id(earlier.entity) for earlier in path}
    for entity in trace.beneath(step.entity) if len(path) < _LONGEST else ():
        if id(entity) in passed:
            continue
        is_segment = "trace_id" in entity and entity.get("type") != "subsegment"
        yield _Step(entity if is_segment else step.segment, entity)


def slowness(trace: Trace) -> list[Cause]:
    """ResponseTimeRootCauses."""
    whole = trace.response_time
    if whole <= 0 or trace.is_partial:
        return []
    path = [_Step(trace.root, trace.root)]
    while steps := list(_steps_beneath(trace, path)):
        longest = max(steps, key=lambda step: _seconds(step.entity))
        if _seconds(longest.entity) / whole < _MOST_OF_IT:
            break
        path.append(longest)

    def with_coverage(entity: Document) -> dict[str, Any]:
        return {"Coverage": round(min(_seconds(entity) / whole, 1.0), 2)}

    services = _services(trace, path, with_coverage)
    return [{"Services": services, "ClientImpacting": True}]


def _seconds(entity: Document) -> float:
    return end_of(entity) - start_of(entity)


def _with_exceptions(entity: Document) -> dict[str, Any]:
    thrown = part(entity, "cause").get("exceptions")
    return {
        "Exceptions": [
            {"Name": str(e.get("type", "")), "Message": str(e.get("message", ""))}
            for e in (thrown if isinstance(thrown, list) else [])
            if isinstance(e, Mapping)
        ]
    }


def _services(trace: Trace, path: list[_Step], further: Any) -> list[dict[str, Any]]:
    """The path's services, each with its entities."""
    made: list[dict[str, Any]] = []
    last: Document | None = None
    for step in path:
        if step.segment is not last:
            made.append(_service(trace, step.segment))
            last = step.segment
        entity = {"Name": str(step.entity.get("name", "")), **further(step.entity)}
        made[-1]["EntityPath"].append({**entity, "Remote": is_outgoing(step.entity)})
    return made


def _service(trace: Trace, segment: Document) -> dict[str, Any]:
    service = trace.service(segment)
    made: dict[str, Any] = {"Name": service.name, "Names": [service.name]}
    if service.type:
        made["Type"] = service.type
    if service.account:
        made["AccountId"] = service.account
    return {**made, "EntityPath": [], "Inferred": bool(segment.get("inferred"))}
