"""Files of traces are imported: each span once, what cannot be read told apart."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.search import imports, retries, store
from apps.search.engines.base import DocumentEngine
from apps.search.importers import importers
from apps.search.models import ImportRun, QuarantinedRecord
from apps.tracing.models import Trace
from tests.factories import NOON
from tests.tracing.spans.otlpbodies import binary, export, span

pytestmark = pytest.mark.django_db
ACCOUNT = "111122223333"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "traces"
    made.mkdir()
    return made


def do_import(kind: str, *paths: Path, **options: str) -> ImportRun:
    wanted = imports.Wanted([str(path) for path in paths], kind, options)
    run = imports.request(wanted)
    assert imports.claim(run.pk, NOON)
    return imports.execute(run.pk, store.engine())


def counts(run: ImportRun) -> tuple[int, int, int]:
    return run.new, run.already_there, run.quarantined


def segment(number: int, **members: Any) -> dict[str, Any]:
    return {
        "trace_id": f"1-66f00000-{number:024x}",
        "id": f"{number:016x}",
        "name": "checkout",
        "start_time": 1_727_000_000.5 + number,
        "end_time": 1_727_000_001.0 + number,
        **members,
    }


SEGMENTS = [
    segment(1, subsegments=[{"id": "b1", "name": "work", "start_time": 1727000001}]),
    segment(2),
    segment(3),
]
TRACE = {
    "Id": SEGMENTS[0]["trace_id"],
    "Segments": [{"Id": one["id"], "Document": json.dumps(one)} for one in SEGMENTS],
}
OBJECTS = {"Segments": [{"Id": one["id"], "Document": one} for one in SEGMENTS]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SEGMENTS),
        "\n".join(json.dumps(one) for one in SEGMENTS),
        json.dumps(TRACE),
        json.dumps(OBJECTS),
        json.dumps({"Traces": [TRACE], "UnprocessedTraceIds": []}),
        json.dumps({"TraceSegmentDocuments": [json.dumps(one) for one in SEGMENTS]}),
        "\n".join(
            '{"format": "json", "version": 1}\n' + json.dumps(one) for one in SEGMENTS
        ),
    ],
)
def test_segments_are_found_in_whatever_holds_them(
    engine: DocumentEngine, folder: Path, text: str
) -> None:
    (folder / "a.json.gz").write_bytes(gzip.compress(text.encode()))

    first = do_import("xray", folder, account=ACCOUNT)
    second = do_import("xray", folder, account=ACCOUNT)

    assert counts(first) == (4, 0, 0)
    assert counts(second) == (0, 4, 0)
    assert Trace.objects.count() == 3


def test_what_is_no_segment_is_quarantined_with_its_reason(
    engine: DocumentEngine, folder: Path
) -> None:
    bad = segment(9, start_time="noon")
    (folder / "a.jsonl").write_text(
        "\n".join(json.dumps(one) for one in (SEGMENTS[0], bad, SEGMENTS[1]))
    )

    run = do_import("xray", folder)

    assert counts(run) == (3, 0, 1)
    held = QuarantinedRecord.objects.get()
    assert held.reason.startswith("start_time is 'noon': it must be seconds")
    assert held.offset == len(json.dumps(SEGMENTS[0])) + 1


def test_a_mended_file_is_read_again(engine: DocumentEngine, folder: Path) -> None:
    file = folder / "a.json"
    file.write_text(json.dumps([segment(1, id="?")]))
    do_import("xray", file)
    file.write_text(json.dumps([segment(1)]))

    QuarantinedRecord.objects.update(state=QuarantinedRecord.State.RETRY)
    retries.retry_all(store.engine())

    assert Trace.objects.count() == 1
    assert not QuarantinedRecord.objects.filter(
        state=QuarantinedRecord.State.OPEN
    ).exists()


def zipkin(number: int) -> dict[str, Any]:
    return {
        "traceId": f"{number:016x}",
        "id": f"{number:016x}",
        "timestamp": 1_727_000_000_000_000 + number,
        "duration": 10,
        "localEndpoint": {"serviceName": "web"},
    }


@pytest.mark.parametrize(
    "shaped",
    [
        lambda spans: json.dumps(spans),
        lambda spans: json.dumps([spans[:1], spans[1:]]),
        lambda spans: "\n".join(map(json.dumps, spans)),
        lambda spans: json.dumps(spans[:2]) + "\n" + json.dumps(spans[2:]),
    ],
)
def test_zipkins_spans_are_read_in_lists_traces_and_lines(
    engine: DocumentEngine, folder: Path, shaped: Callable[[Any], str]
) -> None:
    spans = [zipkin(1), zipkin(2), {"traceId": "?"}, zipkin(3)]
    (folder / "a.json").write_text(shaped(spans))

    assert counts(do_import("zipkin", folder)) == (3, 0, 1)


def test_a_span_without_a_time_is_of_the_time_of_its_file(
    engine: DocumentEngine, folder: Path
) -> None:
    undated = zipkin(1)
    del undated["timestamp"]
    (folder / "a.json").write_text(json.dumps([undated]))

    first, second = do_import("zipkin", folder), do_import("zipkin", folder)

    assert counts(first) == (1, 0, 0)
    assert counts(second) == (0, 1, 0)


def _framed(*exports: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in exports)


ONE = export(span(), span(spanId="0102030405060708"))
OTHER = export(span(spanId="0102030405060709"), span(traceId="00"))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", json.dumps(ONE).encode(), (2, 0, 0)),
        ("a.jsonl", (json.dumps(ONE) + "\n" + json.dumps(OTHER)).encode(), (3, 0, 1)),
        ("a.pb", binary(ONE), (2, 0, 0)),
        ("a.bin", _framed(binary(ONE), binary(OTHER)), (3, 0, 1)),
        ("a.bin", _framed(binary(ONE), binary(OTHER))[:-40], (2, 0, 1)),
    ],
)
def test_exports_of_opentelemetry_are_read(
    engine: DocumentEngine,
    folder: Path,
    name: str,
    content: bytes,
    expected: tuple[int, int, int],
) -> None:
    (folder / name).write_bytes(content)

    assert counts(do_import("otlp", folder)) == expected


def test_what_names_no_account_is_of_the_account_of_the_import(
    engine: DocumentEngine, folder: Path
) -> None:
    (folder / "a.json").write_text(json.dumps(ONE))

    do_import("otlp", folder, account=ACCOUNT, region="eu-west-1")

    assert Trace.objects.get().accounts.strip(",") == ACCOUNT


def test_an_account_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="12 digits"):
        importers()["xray"].check({"account": "mine"})
