"""Segments and answers of the X-Ray guide, and a recorded trace, hold here too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.xray import XRay
from tests.conftest import cases_folder
from tests.sandbox.xray.shop import TRACE, put

pytestmark = pytest.mark.cases


def example(file: str) -> Any:
    path = cases_folder() / "traces" / file
    return json.loads(path.read_text()) if path.exists() else None


def pages() -> Iterator[dict[str, Any]]:
    for file in ("xray_segment_examples.json", "xray_api_examples.json"):
        found = example(file) or []
        yield from found if isinstance(found, list) else [found]


def blocks() -> Iterator[Any]:
    for page in pages():
        yield from (block["value"] for block in page["json_blocks"])


def example_segments() -> list[dict[str, Any]]:
    return [b for b in blocks() if isinstance(b, dict) and "start_time" in b]


def documents_of(trace: dict[str, Any]) -> list[dict[str, Any]]:
    documents = [segment["Document"] for segment in trace["Segments"]]
    return [json.loads(d) if isinstance(d, str) else d for d in documents]


def example_traces() -> list[dict[str, Any]]:
    """Traces as BatchGetTraces answered them."""
    answers = [b for b in blocks() if isinstance(b, dict)]
    found = [trace for answer in answers for trace in answer.get("Traces", ())]
    return found + [case["trace"] for case in example("xray_trace.json") or ()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, found in (("sent", example_segments), ("trace", example_traces)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found())


def test_the_guides_segments_are_taken(xray: Any, sent: dict[str, Any]) -> None:
    """What the guide shows without a trace is a subsegment: it stands in one here."""
    if "trace_id" not in sent:
        times = {name: sent[name] for name in ("start_time", "end_time")}
        holder = {"name": "web", "id": "9" * 16, "trace_id": TRACE, **times}
        sent = {**holder, "subsegments": [sent]}

    assert put(xray, sent) == []


@pytest.fixture
def read_again(
    sandbox: Sandbox, clock: SetClock, xray: Any, trace: dict[str, Any]
) -> list[dict[str, Any]]:
    """The documents of the trace, after only those were put that services sent."""
    made = [d for d in documents_of(trace) if not d.get("inferred")]
    service = sandbox.service("xray")
    assert isinstance(service, XRay)
    service.put_documents((SHOP, HOME_REGION), made, clock.now())
    [answer] = xray.batch_get_traces(TraceIds=[trace["Id"]])["Traces"]
    return documents_of(answer)


def parents(documents: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(d["name"], d["parent_id"], d.get("origin", "")) for d in documents}


def test_the_same_segments_are_inferred(
    trace: dict[str, Any], read_again: list[dict[str, Any]]
) -> None:
    expected = [d for d in documents_of(trace) if d.get("inferred")]

    assert parents([d for d in read_again if d.get("inferred")]) == parents(expected)


def test_the_duration_is_the_same(
    trace: dict[str, Any], xray: Any, read_again: list[dict[str, Any]]
) -> None:
    [answer] = xray.batch_get_traces(TraceIds=[trace["Id"]])["Traces"]

    assert answer["Duration"] == pytest.approx(trace["Duration"], abs=0.001)


def test_the_graph_has_a_node_for_each_origin(
    trace: dict[str, Any], xray: Any, read_again: list[dict[str, Any]]
) -> None:
    services = xray.get_trace_graph(TraceIds=[trace["Id"]])["Services"]

    origins = {d["origin"] for d in documents_of(trace) if "origin" in d}
    assert origins <= {s.get("Type") for s in services}
    assert "client" in {s.get("Type") for s in services}
