"""Spans are found by their fields, whichever format they came in."""

from __future__ import annotations

from typing import Any

import pytest

from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.language import parse
from apps.tracing.kinds import SPANS
from apps.tracing.spans import otlp, zipkin
from apps.tracing.spans.ingestion import SpanIntake
from apps.tracing.spans.segments import spans_of
from tests.factories import ACCOUNT, NOON
from tests.tracing.spans.otlpbodies import export, span

pytestmark = pytest.mark.django_db
W3C = "5b8efff798038103d269b633813fc60c"
XRAY = "1-5b8efff7-98038103d269b633813fc60c"
BEGAN = 1_544_712_660


def keep(*spans: Any) -> None:
    intake = SpanIntake(store.engine())
    intake.take_spans("test", [(one, 0) for one in spans])
    intake.commit()


def found(query: str) -> list[str]:
    page = store.reader().find(SearchRequest(SPANS, NOON, parse(query)), 100)
    return sorted(hit.id.rsplit(".", 1)[1][-2:] for hit in page.hits)


@pytest.fixture(autouse=True)
def one_trace(engine: DocumentEngine) -> None:
    """A request whose spans came in three formats."""
    http = {"request": {"method": "GET"}, "response": {"status": 503}}
    segment = {
        "trace_id": W3C,
        "id": "000000000000000a",
        "name": "web",
        "start_time": BEGAN,
        "end_time": BEGAN + 1,
        "http": http,
        "subsegments": [{"id": "000000000000000b", "name": "work"}],
    }
    told = {
        "traceId": W3C,
        "id": "000000000000000c",
        "parentId": "000000000000000b",
        "timestamp": BEGAN * 1_000_000,
        "duration": 5,
        "localEndpoint": {"serviceName": "cart"},
        "tags": {"http.method": "GET", "http.status_code": "503"},
    }
    exported = span(
        {"http.request.method": "GET", "http.response.status_code": 503},
        spanId="000000000000000d",
        parentSpanId="000000000000000c",
    )
    (sent,) = otlp.told_by(export(exported))
    keep(
        *spans_of(segment, ACCOUNT, ""),
        zipkin.span_of(told, ACCOUNT, ""),
        otlp.span_of(sent, ACCOUNT, ""),
    )


def test_one_language_reaches_every_format() -> None:
    assert found(f'trace_id:"{XRAY}"') == ["0a", "0b", "0c", "0d"]
    assert found("http.response.status:503") == ["0a", "0c", "0d"]
    assert found("http.request.method:GET @outcome:fault") == ["0a", "0c", "0d"]
    assert found('parent_id:"000000000000000c"') == ["0d"]
    assert found('tags.http.method:"GET"') == ["0c"]
    assert found("attributes.http.response.status_code:503") == ["0d"]


@pytest.mark.parametrize("depth", [150, 400, 900])
def test_a_record_nested_too_deeply_is_quarantined_and_the_rest_goes_on(
    depth: int,
) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = {"a": deep}
    segment = {
        "trace_id": "1-5b8efff7-98038103d269b633813fc60d",
        "id": "00000000000000e1",
        "name": "web",
        "start_time": BEGAN,
        "end_time": BEGAN + 1,
        "subsegments": [{"id": "00000000000000e2", "metadata": deep}],
    }
    reasons: list[str] = []
    intake = SpanIntake(
        store.engine(),
        lambda batch: reasons.extend(broken.reason for _, broken in batch.broken),
    )

    intake.take_spans("test", [(one, 0) for one in spans_of(segment, ACCOUNT, "")])
    intake.commit()

    assert found('trace_id:"1-5b8efff7-98038103d269b633813fc60d"') == ["e1"]
    assert len(reasons) == 1
    assert "nested" in reasons[0]
