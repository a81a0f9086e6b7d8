"""The log lines of a journey. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from sandbox.shop.names import Names
from sandbox.shop.topology import Runtime, Service
from sandbox.shop.visits import Journey, Visit

_SLOW_SECONDS = 1.0
_BILLED_MEMORY_MB = 256


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a service's log: `at` in milliseconds since 1970."""

    service: Service
    at: int
    message: str
    stream: str
    is_error: bool = False


def lines_of(journey: Journey, names: Names) -> Iterator[Line]:
    """One line a service at least, each with the trace it belongs to."""
    for visit in journey.visits():
        if isinstance(visit.place, Service):
            stream = stream_of(visit.place, names, visit.start, int(visit.id, 16))
            if visit.place.runtime is Runtime.LAMBDA:
                said = _started(visit, names)
                yield Line(visit.place, _ms(visit.start), said, stream)
            yield from _of_visit(journey, visit, visit.place, stream)


def _of_visit(
    journey: Journey, visit: Visit, service: Service, stream: str
) -> Iterator[Line]:
    for child in visit.children:
        if child.is_fault:
            said = _failed_call(journey, visit, child)
            yield Line(service, _ms(child.end), said, stream, is_error=True)
    said = _access(journey, visit)
    yield Line(service, _ms(visit.end), said, stream, visit.is_fault)
    if service.runtime is Runtime.LAMBDA:
        yield Line(
            service, _ms(visit.end), f"END RequestId: {visit.request_id}", stream
        )
        yield Line(service, _ms(visit.end), _report(journey, visit), stream)


def stream_of(service: Service, names: Names, at: float, draw: int) -> str:
    """The log stream a draw falls on: of one of the running tasks, or of one of the
    function's environments.

    Source: "awslogs-stream-prefix", ECS Developer Guide: prefix/container/task id.
    """
    if service.runtime is Runtime.ECS:
        return f"ecs/{service.name}/{names.task_of(service.name, draw).id}"
    day = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d")
    environment = _environment(service.name, day, draw % service.tasks)
    return f"{day}/[{names.functions[service.name].version}]{environment}"


@lru_cache(maxsize=64)
def _environment(function: str, day: str, number: int) -> str:
    """Every day has environments of its own."""
    said = f"{function} {day} {number}".encode()
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _ms(seconds: float) -> int:
    return int(seconds * 1_000)


def _access(journey: Journey, visit: Visit) -> str:
    level = "ERROR" if visit.is_fault else "INFO"
    if level == "INFO" and visit.seconds > _SLOW_SECONDS:
        level = "WARN"
    said = f"{visit.action} answered {visit.status} in {visit.seconds * 1_000:.1f} ms"
    return _json(
        journey,
        visit,
        level=level,
        message=said,
        status=visit.status,
        duration_ms=round(visit.seconds * 1_000, 3),
    )


def _failed_call(journey: Journey, visit: Visit, child: Visit) -> str:
    said = f"call to {child.place.name} failed with {child.status}"
    return _json(
        journey,
        visit,
        level="ERROR",
        message=said,
        dependency=child.place.name,
        dependency_status=child.status,
    )


def _json(journey: Journey, visit: Visit, **said: str | float) -> str:
    line = {
        **said,
        **_of_invocation(visit),
        "service": visit.place.name,
        "route": visit.action,
        "trace_id": journey.trace_id,
        "request_id": journey.request_id,
    }
    return orjson.dumps(line).decode()


def _of_invocation(visit: Visit) -> dict[str, str]:
    """A function says its own request's id beside that of the request it serves."""
    runtime = getattr(visit.place, "runtime", None)
    is_function = runtime is Runtime.LAMBDA
    return {"function_request_id": visit.request_id} if is_function else {}


def _started(visit: Visit, names: Names) -> str:
    version = names.functions[visit.place.name].version
    return f"START RequestId: {visit.request_id} Version: {version}"


def _report(journey: Journey, visit: Visit) -> str:
    """Source: AWS Lambda Developer Guide, "REPORT log line"."""
    duration = visit.seconds * 1_000
    return (
        f"REPORT RequestId: {visit.request_id}\tDuration: {duration:.2f} ms\t"
        f"Billed Duration: {int(duration) + 1} ms\t"
        f"Memory Size: {_BILLED_MEMORY_MB} MB\t"
        f"Max Memory Used: {96 + int(visit.id[:2], 16) // 8} MB\t\n"
        f"XRAY TraceId: {journey.trace_id}\tSegmentId: {visit.id}\tSampled: true"
    )
