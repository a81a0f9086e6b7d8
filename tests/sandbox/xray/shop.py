"""Segments of a shop, and how tests put and read them."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.conftest import NOW

START = NOW - 60
WINDOW = {"StartTime": NOW - 3_600, "EndTime": NOW + 3_600}
ECS = "AWS::ECS::Container"
TRACE = "1-6ab13c00-aaaaaaaaaaaaaaaaaaaaaaaa"
ROOT, CALL, CALLEE = "1" * 16, "2" * 16, "3" * 16


def trace_id(number: int) -> str:
    return f"1-6ab13c00-{number:024x}"


def status(code: int) -> dict[str, Any]:
    return {"http": {"response": {"status": code}}}


def segment(name: str = "web", **members: Any) -> dict[str, Any]:
    """A complete root segment that took 0.2 s."""
    return {
        "name": name,
        "id": ROOT,
        "trace_id": TRACE,
        "start_time": START,
        "end_time": START + 0.2,
        "origin": ECS,
        **members,
    }


def call(name: str = "orders", **members: Any) -> dict[str, Any]:
    """A subsegment that called another service for 0.1 s."""
    return {
        "name": name,
        "id": CALL,
        "start_time": START + 0.05,
        "end_time": START + 0.15,
        "namespace": "remote",
        **members,
    }


def callee(name: str = "orders", **members: Any) -> dict[str, Any]:
    """The segment of the called service, which took 0.08 s."""
    times = {"start_time": START + 0.06, "end_time": START + 0.14}
    return segment(name, **{"id": CALLEE, "parent_id": CALL, **times, **members})


def put(xray: Any, *documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Puts the documents, and answers with those that X-Ray did not take."""
    texts = [json.dumps(document) for document in documents]
    answer = xray.put_trace_segments(TraceSegmentDocuments=texts)
    unprocessed: list[dict[str, Any]] = answer["UnprocessedTraceSegments"]
    return unprocessed


def nodes(xray: Any, **asked: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The services of the graph by name and type."""
    services = xray.get_service_graph(**{**WINDOW, **asked})["Services"]
    return {(s["Name"], s.get("Type", "")): s for s in services}


def edges(xray: Any, **asked: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The edges of the graph by the names of their ends; a client's is `-> name`."""
    return edges_of(xray.get_service_graph(**{**WINDOW, **asked})["Services"])


def edges_of(services: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    names = {s["ReferenceId"]: s["Name"] for s in services}
    return {
        (
            "client" if s.get("Type") == "client" else s["Name"],
            names[edge["ReferenceId"]],
        ): edge
        for s in services
        for edge in s["Edges"]
    }


def summaries(xray: Any, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = xray.get_trace_summaries(**{**WINDOW, **asked})[
        "TraceSummaries"
    ]
    return found


def documents(xray: Any, trace: str = TRACE) -> list[dict[str, Any]]:
    """The documents of a trace, parsed."""
    traces = xray.batch_get_traces(TraceIds=[trace])["Traces"]
    return [json.loads(s["Document"]) for t in traces for s in t["Segments"]]
