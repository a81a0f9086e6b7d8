"""Documents of the X-Ray guide, of Grafana's tests and of Zipkin's, as spans."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.discovery import traceids
from apps.tracing.spans.segmentfiles import documents_in, spans_in
from apps.tracing.spans.segments import spans_of
from apps.tracing.spans.span import Outcome, Span
from apps.tracing.spans.zipkin import dated, span_of
from tests.conftest import cases_folder

pytestmark = pytest.mark.cases

ACCOUNT, REGION = "111122223333", "us-west-2"
TRACES = cases_folder() / "traces"


def load(name: str) -> Any:
    file = TRACES / name
    return json.loads(file.read_text()) if file.exists() else []


def segment_examples() -> list[Any]:
    """Those of the guide that are JSON: whole segments, and subsegments alone."""
    examples = load("xray_segment_examples.json") or {"json_blocks": []}
    return [
        pytest.param(block["value"], id=f"{number} {block['caption'].strip('* ')}")
        for number, block in enumerate(examples["json_blocks"])
        if "name" in block["value"]
    ]


def api_examples() -> list[Any]:
    """Answers of the API that hold traces."""
    examples = load("xray_api_examples.json") or {"json_blocks": []}
    return [
        pytest.param(block["value"], id=f"{number} {block['caption'].strip('* ')}")
        for number, block in enumerate(examples["json_blocks"])
        if any("Segments" in trace for trace in block["value"].get("Traces", ()))
    ]


def grafana_traces() -> list[Any]:
    return [
        pytest.param(case["trace"], case["expected_spans"], id=case["name"])
        for case in load("xray_trace.json")
    ]


def zipkin_files() -> list[str]:
    return sorted(file.name for file in (TRACES / "zipkin").glob("*.json"))


def edge_cases() -> list[Any]:
    return [
        pytest.param(case["traces"], id=case["name"])
        for case in load("dependency_edges.json")
        if "traces" in case
    ]


def entities(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield document
    for inner in document.get("subsegments", ()):
        yield from entities(inner)


def whole(example: dict[str, Any]) -> dict[str, Any]:
    """The guide prints subsegments without the segment they lie in."""
    if "trace_id" in example:
        return example
    return {
        "trace_id": "1-581cf771-a006649127e371903a2de979",
        "id": "70de5b6f19ff9a0a",
        "name": "example.com",
        "start_time": example["start_time"],
        "end_time": example["end_time"],
        "subsegments": [example],
    }


def of_entity(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if name != "subsegments"}


def assert_is_read(spans: list[Span], document: dict[str, Any]) -> None:
    """Nothing of the document is lost, and its times are exact to the microsecond."""
    sent = list(entities(document))
    assert [span.record for span in spans] == [of_entity(one) for one in sent]
    assert [span.id for span in spans] == [one["id"] for one in sent]
    assert [span.start_us / 1e6 for span in spans] == [
        pytest.approx(one["start_time"], abs=1e-6) for one in sent
    ]


@pytest.mark.parametrize("example", segment_examples())
def test_an_example_of_the_guide_is_read(cases: Any, example: dict[str, Any]) -> None:
    document = whole(example)

    assert_is_read(spans_of(document, ACCOUNT, REGION), document)


@pytest.mark.parametrize("answer", api_examples())
def test_an_answer_of_the_api_is_read(cases: Any, answer: dict[str, Any]) -> None:
    documents = [
        json.loads(segment["Document"])
        for trace in answer["Traces"]
        for segment in trace["Segments"]
    ]

    assert list(documents_in(answer)) == documents
    for document in documents:
        assert_is_read(spans_of(document, ACCOUNT, REGION), document)


@pytest.mark.parametrize(("trace", "expected"), grafana_traces())
def test_a_trace_is_read_as_grafana_reads_it(
    cases: Any, trace: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    spans = {}
    for one in spans_in(trace, ACCOUNT, REGION):
        assert isinstance(one, Span)
        spans[one.id] = one

    wanted = [one for one in expected if one["spanID"] in spans]
    assert len(wanted) == len(spans)
    for like in wanted:
        span = spans[like["spanID"]]
        tags = {tag["key"]: tag["value"] for tag in like["tags"] or ()}
        assert span.name == like["operationName"]
        assert span.service.name == like["serviceName"]
        assert span.start_us // 1_000 == like["startTime"]
        assert span.duration_us / 1_000 == pytest.approx(like["duration"], abs=1)
        assert span.is_in_progress is tags["in progress"]
        failed = tags.get("error", False) or tags.get("http.response.status", 0) >= 400
        assert (span.outcome is not Outcome.OK) is failed
        assert span.service.type == tags.get("origin", span.service.type)
        if like["parentSpanID"] in spans:
            assert span.parent_id == like["parentSpanID"]


@pytest.mark.parametrize("name", zipkin_files())
def test_a_trace_of_zipkin_is_read(cases: Any, name: str) -> None:
    sent = load(f"zipkin/{name}")

    spans = [span_of(one, "", "") for one in sent]
    dated(spans, 0)

    for one, span in zip(sent, spans, strict=True):
        assert _without_id(one).items() <= span.record.items()
        assert int(span.id, 16) == int(one["id"], 16)
        assert span.trace_id == traceids.normal(one["traceId"].rjust(32, "0"))
        assert span.start_us == one.get("timestamp", span.start_us)
        assert span.duration_us == one.get("duration", 0)
        assert span.start_us > 0


def _without_id(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "id"}


@pytest.mark.parametrize("traces", edge_cases())
def test_spans_of_zipkins_dependency_cases_keep_who_and_whom(
    cases: Any, traces: list[list[dict[str, Any]]]
) -> None:
    for one in (one for trace in traces for one in trace):
        span = span_of(one, "", "")

        assert span.kind.value == one.get("kind", "").lower()
        assert span.service.name == _service(one, "localEndpoint")
        peer = span.peer.name if span.peer else ""
        assert peer == _service(one, "remoteEndpoint")
        assert bool(span.outcome) is ("error" in one.get("tags", {}))


def _service(one: dict[str, Any], end: str) -> str:
    name: str = (one.get(end) or {}).get("serviceName") or ""
    return name.lower()
