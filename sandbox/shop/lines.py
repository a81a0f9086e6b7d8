"""The log lines of a journey. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

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


def lines_of(journey: Journey) -> Iterator[Line]:
    """One line a service at least, each with the trace it belongs to."""
    for visit in journey.visits():
        if isinstance(visit.place, Service):
            yield from _of_visit(journey, visit, visit.place)


def _of_visit(journey: Journey, visit: Visit, service: Service) -> Iterator[Line]:
    stream = stream_of(service, visit.start, int(visit.id, 16))
    if service.runtime is Runtime.LAMBDA:
        yield Line(service, _ms(visit.start), _started(journey), stream)
    for child in visit.children:
        if child.is_fault:
            yield Line(
                service, _ms(child.end), _failed_call(journey, visit, child), stream
            )
    yield Line(service, _ms(visit.end), _access(journey, visit), stream)
    if service.runtime is Runtime.LAMBDA:
        yield Line(
            service, _ms(visit.end), f"END RequestId: {journey.request_id}", stream
        )
        yield Line(service, _ms(visit.end), _report(journey, visit), stream)


def stream_of(service: Service, at: float, draw: int) -> str:
    """The log stream of one of a service's tasks."""
    task = draw % service.tasks
    if service.runtime is Runtime.LAMBDA:
        day = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d")
        return f"{day}/[$LATEST]{service.name}{task:04x}"
    return f"ecs/{service.name}/task-{task}"


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
        "service": visit.place.name,
        "route": visit.action,
        "trace_id": journey.trace_id,
        "request_id": journey.request_id,
    }
    return orjson.dumps(line).decode()


def _started(journey: Journey) -> str:
    return f"START RequestId: {journey.request_id} Version: $LATEST"


def _report(journey: Journey, visit: Visit) -> str:
    """Source: AWS Lambda Developer Guide, "REPORT log line"."""
    duration = visit.seconds * 1_000
    return (
        f"REPORT RequestId: {journey.request_id}\tDuration: {duration:.2f} ms\t"
        f"Billed Duration: {int(duration) + 1} ms\t"
        f"Memory Size: {_BILLED_MEMORY_MB} MB\t"
        f"Max Memory Used: {96 + int(visit.id[:2], 16) // 8} MB\t\n"
        f"XRAY TraceId: {journey.trace_id}\tSegmentId: {visit.id}\tSampled: true"
    )
