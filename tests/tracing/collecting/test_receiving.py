"""Spans that are posted are durable before they are acknowledged, and nobody writes
into accounts that are not theirs."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from django.db.models import F
from django.test import Client
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)

from apps.discovery.models import ApiToken
from apps.discovery.roles import Role
from apps.search import store
from apps.search.engines.base import DocumentEngine, EngineUnavailable
from apps.search.models import QuarantinedRecord
from apps.tracing.collecting import diagnosis, inbox, receiving
from apps.tracing.models import SpanDelivery, Trace
from apps.tracing.spans.ingestion import SpanIntake
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_user
from tests.tracing.collecting.test_files import segment, zipkin
from tests.tracing.spans.otlpbodies import binary, export, span

pytestmark = pytest.mark.django_db


class Sender:
    """A program with somebody's token."""

    def __init__(self, role: Role | None, account: str | None = None) -> None:
        _, self.token = ApiToken.objects.create(a_user(role=role, account=account))
        self.client = Client(enforce_csrf_checks=True)

    def post(
        self, path: str, body: Any, kind: str = "application/json", **headers: str
    ) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.post(path, content, content_type=kind, headers=known)

    def segments(self, *documents: Any, where: str = "") -> Any:
        texts = [one if isinstance(one, str) else json.dumps(one) for one in documents]
        return self.post("/TraceSegments" + where, {"TraceSegmentDocuments": texts})


@pytest.fixture
def sender(engine: DocumentEngine) -> Sender:
    return Sender(Role.OPERATOR)


def work() -> None:
    inbox.ingest_waiting(store.engine(), timezone.now)


def spans() -> int:
    return sum(Trace.objects.values_list("spans", flat=True))


def test_segments_are_kept_and_what_is_none_is_named(sender: Sender) -> None:
    answer = sender.segments(segment(1), segment(2, start_time="noon"), "{", segment(3))

    assert answer.status_code == 200
    first, second = answer.json()["UnprocessedTraceSegments"]
    assert (first["Id"], first["ErrorCode"]) == (f"{2:016x}", "InvalidStartTime")
    assert first["Message"].startswith("start_time is 'noon'")
    assert second["Id"] == ""
    work()
    assert spans() == 2
    assert not SpanDelivery.objects.exists()


def test_the_sdk_of_aws_understands_the_answer(sender: Sender) -> None:
    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        path = urlsplit(request.url).path
        got = sender.post(path, request.body)
        return AWSResponse(
            request.url, got.status_code, HTTPHeaders(), _Raw(got.content)
        )

    xray = boto3.client(
        "xray",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    xray.meta.events.register("before-send.xray.PutTraceSegments", answer)
    texts = [json.dumps(segment(1)), json.dumps(segment(2, name=""))]

    told = xray.put_trace_segments(TraceSegmentDocuments=texts)

    (refused,) = told["UnprocessedTraceSegments"]
    assert refused["Id"] == f"{2:016x}"
    assert refused["ErrorCode"] == "MissingName"
    assert SpanDelivery.objects.count() == 1


class _Raw(io.BytesIO):
    """As responses of urllib3 are read."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def test_zipkins_spans_are_kept_and_what_is_none_is_quarantined(
    sender: Sender,
) -> None:
    answer = sender.post("/api/v2/spans", [zipkin(1), {"id": "?"}, zipkin(2)])
    work()

    assert (answer.status_code, answer.content) == (202, b"")
    assert spans() == 2
    assert QuarantinedRecord.objects.get().reason.startswith("id is '?'")


def test_zipkin_is_told_where_nothing_is_a_span(sender: Sender) -> None:
    answer = sender.post("/api/v2/spans", [{"id": "?"}])

    assert answer.status_code == 400
    assert "id is '?'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("is_binary", [True, False])
def test_exports_are_kept_and_what_is_no_span_is_counted(
    sender: Sender, is_binary: bool
) -> None:
    body = export(span(), span(traceId="00"), span(spanId="0102030405060708"))
    content = binary(body) if is_binary else json.dumps(body).encode()
    kind = "application/x-protobuf" if is_binary else "application/json"

    answer = sender.post(
        "/v1/traces", gzip.compress(content), kind, **{"Content-Encoding": "gzip"}
    )
    work()

    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    if is_binary:
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        rejected, message = partial.rejected_spans, partial.error_message
    else:
        told = answer.json()["partialSuccess"]
        rejected, message = int(told["rejectedSpans"]), told["errorMessage"]
    assert rejected == 1
    assert "traceId" in message
    assert spans() == 2


def test_an_export_without_problems_is_answered_with_nothing(sender: Sender) -> None:
    assert sender.post("/v1/traces", export(span())).json() == {}


def test_a_place_is_that_of_spans_that_name_none(sender: Sender) -> None:
    own = export(span(), resource={"cloud.account.id": OTHER_ACCOUNT})

    sender.post(f"/v1/traces?account={ACCOUNT}&region=eu-west-1", own)
    sender.segments(segment(1), where=f"?account={ACCOUNT}&region=eu-west-1")
    work()

    found = set(Trace.objects.values_list("accounts", flat=True))
    assert found == {f",{ACCOUNT},", f",{OTHER_ACCOUNT},"}


@pytest.mark.parametrize(
    ("role", "account", "status"),
    [
        (Role.VIEWER, None, 403),
        (None, None, 403),
        (Role.VIEWER, ACCOUNT, 403),
        (Role.OPERATOR, ACCOUNT, 200),
        (Role.OPERATOR, None, 200),
    ],
)
def test_senders_are_operators(
    engine: DocumentEngine, role: Role | None, account: str | None, status: int
) -> None:
    sender = Sender(role, account)

    assert sender.segments(where=f"?account={ACCOUNT}").status_code == status


def test_nobody_writes_into_accounts_of_others(engine: DocumentEngine) -> None:
    sender = Sender(Role.OPERATOR, ACCOUNT)
    other = segment(1, aws={"account_id": OTHER_ACCOUNT})

    answer = sender.segments(other, segment(2), where=f"?account={ACCOUNT}")
    nameless = sender.segments(segment(3))
    foreign = sender.post(f"/api/v2/spans?account={OTHER_ACCOUNT}", [zipkin(4)])
    work()

    (refused,) = answer.json()["UnprocessedTraceSegments"]
    assert (refused["Id"], refused["ErrorCode"]) == (f"{1:016x}", "AccessDenied")
    (refused,) = nameless.json()["UnprocessedTraceSegments"]
    assert "?account=" in refused["Message"]
    assert foreign.status_code == 403
    assert set(Trace.objects.values_list("accounts", flat=True)) == {f",{ACCOUNT},"}


@pytest.mark.parametrize("path", ["/TraceSegments", "/api/v2/spans", "/v1/traces"])
def test_without_a_token_nothing_is_taken(db: object, path: str) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post(path, b"[]", content_type="application/json").status_code == 401
    assert not SpanDelivery.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/TraceSegments", b"{", "application/json", 400),
        ("/TraceSegments", b"[]", "application/json", 400),
        ("/TraceSegments?account=me", b"{}", "application/json", 400),
        ("/TraceSegments?region=EU%20west", b"{}", "application/json", 400),
        ("/api/v2/spans", b"{}", "application/json", 400),
        ("/api/v2/spans", b"[" * 100_000, "application/json", 400),
        ("/api/v2/spans", b"\x0a", "application/x-protobuf", 415),
        ("/v1/traces", b"\xff\xff", "application/x-protobuf", 400),
        ("/v1/traces", b"null", "application/json", 400),
        ("/v1/traces", b"x", "text/plain", 415),
    ],
)
def test_what_is_no_body_is_refused(
    sender: Sender, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = sender.post(path, body, kind)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert not SpanDelivery.objects.exists()


def test_what_inflates_without_end_is_refused(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MAX_BODY_BYTES", 2 << 20)
    bomb = gzip.compress(b" " * (4 << 20))

    gzipped = sender.post("/api/v2/spans", bomb, **{"Content-Encoding": "gzip"})
    plain = sender.post("/api/v2/spans", b" " * (4 << 20))
    damaged = sender.post("/api/v2/spans", b"x", **{"Content-Encoding": "gzip"})

    assert (gzipped.status_code, plain.status_code) == (413, 413)
    assert damaged.status_code == 400


def test_when_too_much_waits_senders_come_later(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.segments(segment(1))
    monkeypatch.setattr(inbox, "MAX_WAITING_BYTES", 1)

    answer = sender.segments(segment(2))

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert SpanDelivery.objects.count() == 1


@pytest.fixture
def dying_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit ends as if the process did, before anything is durable."""
    real = SpanIntake.commit

    def commit(self: SpanIntake) -> None:
        monkeypatch.setattr(SpanIntake, "commit", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(SpanIntake, "commit", commit)


def test_a_worker_that_dies_loses_nothing(sender: Sender, dying_once: None) -> None:
    sender.segments(segment(1), segment(2))
    with pytest.raises(KeyboardInterrupt):
        work()

    work()  # it is another's work still
    assert spans() == 0
    SpanDelivery.objects.update(claimed_at=timezone.now() - timedelta(minutes=2))
    work()

    assert spans() == 2
    assert not SpanDelivery.objects.exists()


def test_what_a_worker_dies_of_does_not_keep_back_the_rest(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(self: SpanIntake, origin: str, portion: object) -> int:
        if portion.spans[0][0].id == f"{1:016x}":  # type: ignore[attr-defined]
            raise MemoryError
        return real(self, origin, portion)  # type: ignore[arg-type]

    real = SpanIntake.take
    monkeypatch.setattr(SpanIntake, "take", take)
    sender.segments(segment(1))
    sender.segments(segment(2))

    for _ in range(5):
        with contextlib.suppress(MemoryError):
            work()
        SpanDelivery.objects.update(claimed_at=F("claimed_at") - timedelta(seconds=35))

    assert spans() == 1
    assert SpanDelivery.objects.count() == 1


def test_what_was_stored_before_a_worker_died_is_not_counted_twice(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.segments(segment(1))
    row = SpanDelivery.objects.get()
    work()
    row.save(force_insert=True)

    work()

    assert spans() == 1


def test_while_the_store_does_not_answer_spans_wait(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(self: SpanIntake) -> None:
        raise EngineUnavailable("gone")

    sender.segments(segment(1))
    with monkeypatch.context() as patch:
        patch.setattr(SpanIntake, "commit", commit)
        work()
    assert SpanDelivery.objects.get().claimed_at is None

    work()

    assert spans() == 1


def test_doctor_says_that_posted_spans_wait(sender: Sender) -> None:
    (idle,) = diagnosis.posted()
    sender.segments(segment(1))
    (fresh,) = diagnosis.posted()
    SpanDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=7))
    (late,) = diagnosis.posted()

    assert (idle.problem, fresh.problem) == (None, None)
    assert late.problem == "spans have waited for 7 minutes"
