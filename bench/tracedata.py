"""Traces of a system of services, the same on every run: as segment documents of
X-Ray and as spans of Zipkin."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

ACCOUNT = "111122223333"
_FAULTS = 0.01
_OF_A_TRACE = 4
Document = dict[str, Any]


@dataclass
class Call:
    """A call of one service to another, or to a table, within a trace."""

    id: str
    to: str
    start: float
    end: float
    is_fault: bool
    answer: Work | None = None


@dataclass
class Work:
    """What one service did for one request."""

    id: str
    service: str
    start: float
    end: float
    is_fault: bool
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True)
class Journey:
    trace_id: str
    root: Work


class System:
    """Services in layers, each of which calls a few of the next and a table of its
    own."""

    def __init__(self, services: int, seed: int = 7) -> None:
        self._draw = random.Random(seed)  # no secret
        self.services = [f"service-{number:03}" for number in range(services)]
        width = max(1, services // 6)
        self._calls = {
            name: self._draw.sample(
                self.services[layer + width : layer + 2 * width],
                k=min(2, len(self.services[layer + width : layer + 2 * width])),
            )
            for at, name in enumerate(self.services)
            for layer in (at // width * width,)
        }
        self._roots = self.services[:width]

    def journeys(self, count: int, start: float, seconds: float) -> Iterator[Journey]:
        """Traces in the order they began, spread evenly over a time."""
        for number in range(count):
            at = start + number * seconds / count
            digits = f"{self._draw.getrandbits(96):024x}"
            root = self._work(self._draw.choice(self._roots), at, 0)
            yield Journey(f"1-{int(at):08x}-{digits}", root)

    def _id(self) -> str:
        return f"{self._draw.getrandbits(64):016x}"

    def _work(self, service: str, start: float, depth: int) -> Work:
        failed = self._draw.random() < _FAULTS
        work = Work(self._id(), service, start, start, failed)
        at = start + 0.001
        for callee in self._calls[service] if depth < _OF_A_TRACE else ():
            answer = self._work(callee, at + 0.0005, depth + 1)
            end = answer.end + 0.0005
            work.calls.append(
                Call(self._id(), callee, at, end, answer.is_fault, answer)
            )
            at = end + 0.0002
        end = at + self._draw.expovariate(200)
        work.calls.append(Call(self._id(), f"{service}-table", at, end, is_fault=False))
        work.end = end + 0.001
        return work


def segments(journey: Journey) -> Iterator[Document]:
    """The segment documents of a trace, as SDKs send them."""
    yield from _segments(journey.root, journey.trace_id, None)


def _segments(work: Work, trace_id: str, parent: str | None) -> Iterator[Document]:
    document: Document = {
        "trace_id": trace_id,
        "id": work.id,
        "name": work.service,
        "origin": "AWS::ECS::Container",
        "start_time": round(work.start, 6),
        "end_time": round(work.end, 6),
        "http": {
            "request": {"method": "GET", "url": f"http://{work.service}/items"},
            "response": {"status": 500 if work.is_fault else 200},
        },
        "annotations": {"release": "2026.11"},
        "aws": {"account_id": ACCOUNT},
        "subsegments": [_subsegment(call) for call in work.calls],
    }
    if parent:
        document["parent_id"] = parent
    if work.is_fault:
        document["fault"] = True
    yield document
    for call in work.calls:
        if call.answer:
            yield from _segments(call.answer, trace_id, call.id)


def _subsegment(call: Call) -> Document:
    times = {"start_time": round(call.start, 6), "end_time": round(call.end, 6)}
    if call.answer is None:
        aws = {"table_name": call.to, "operation": "GetItem"}
        named: Document = {"name": "DynamoDB", "namespace": "aws", "aws": aws}
    else:
        request = {"method": "GET", "url": f"http://{call.to}/items", "traced": True}
        http = {"request": request, "response": {"status": 200}}
        named = {"name": call.to, "namespace": "remote", "http": http}
    failed = {"fault": True} if call.is_fault else {}
    return {"id": call.id, **times, **named, **failed}


def zipkin_spans(journey: Journey) -> Iterator[Document]:
    """The same trace as Zipkin's spans: client and server have spans of their own."""
    trace_id = journey.trace_id[2:].replace("-", "")
    yield from _zipkin(journey.root, trace_id, None)


def _zipkin(work: Work, trace_id: str, parent: str | None) -> Iterator[Document]:
    yield {
        "traceId": trace_id,
        "id": work.id,
        **({"parentId": parent} if parent else {}),
        "kind": "SERVER",
        "name": "get /items",
        "timestamp": round(work.start * 1e6),
        "duration": max(1, round((work.end - work.start) * 1e6)),
        "localEndpoint": {"serviceName": work.service},
        "tags": {"http.path": "/items", **({"error": "500"} if work.is_fault else {})},
    }
    for call in work.calls:
        yield {
            "traceId": trace_id,
            "id": call.id,
            "parentId": work.id,
            "kind": "CLIENT",
            "name": "get /items" if call.answer else "getitem",
            "timestamp": round(call.start * 1e6),
            "duration": max(1, round((call.end - call.start) * 1e6)),
            "localEndpoint": {"serviceName": work.service},
            "remoteEndpoint": {"serviceName": call.to},
            "tags": {"error": "500"} if call.is_fault else {},
        }
        if call.answer:
            yield from _zipkin(call.answer, trace_id, call.id)


def spans_in(work: Work) -> int:
    """How many spans a request makes: one of each service, one of each call."""
    answers = (call.answer for call in work.calls)
    return 1 + len(work.calls) + sum(spans_in(one) for one in answers if one)


def lines(documents: Iterator[Document]) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in documents)
