"""What Firehose and Lambda post is durable before they hear that it is."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from django.test import Client

from apps.discovery.models import Account
from apps.monitoring.kinds import LOGS
from apps.monitoring.logs import firehose
from apps.monitoring.logs.delivery import Delivery
from apps.monitoring.logs.keys import new_key
from apps.monitoring.models import LogGroup, LogSource
from apps.search import store
from apps.search.engines.base import (
    DocumentEngine,
    EngineUnavailable,
    SearchRequest,
)
from apps.search.models import QuarantinedRecord
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, an_account
from tests.monitoring.logs.test_envelopes import data, packed

pytestmark = pytest.mark.django_db
ID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"


class Sender:
    """Firehose, or a function, with the key of a source."""

    def __init__(self, source: LogSource, key: str) -> None:
        self.source = source
        self.key = key
        self.client = Client(enforce_csrf_checks=True)

    def post(self, body: Any, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {
            "X-Amz-Firehose-Access-Key": self.key,
            "X-Amz-Firehose-Request-Id": ID,
        }
        return self.client.post(
            f"/ingest/{self.source.kind}/{self.source.pk}",
            content,
            content_type="application/json",
            headers={**known, **headers},
        )

    def records(self, *documents: Any) -> Any:
        return self.post(body_of(*documents))


def body_of(*documents: Any) -> dict[str, Any]:
    records = [{"data": base64.b64encode(packed(one)).decode()} for one in documents]
    return {"requestId": ID, "timestamp": 1, "records": records}


def a_sender(kind: str, account: Account | None = None) -> Sender:
    source = LogSource.objects.create(
        kind=kind, name=kind, account=account or an_account(), region="eu-west-1"
    )
    return Sender(source, new_key(source, NOON))


@pytest.fixture
def sender(engine: DocumentEngine) -> Sender:
    return a_sender("firehose")


def stored() -> int:
    return store.reader().count(SearchRequest(LOGS, NOON)).value


def test_lines_are_there_once_the_answer_is_200(sender: Sender) -> None:
    answer = sender.records(data(), data(logStream="two"))

    assert (answer.status_code, stored()) == (200, 2)
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["requestId"] == ID
    assert answer.json()["timestamp"] > 1_600_000_000_000
    assert "errorMessage" not in answer.json()


def test_what_is_sent_again_is_there_once(sender: Sender) -> None:
    sender.records(data())
    sender.records(data())

    sender.source.refresh_from_db()
    assert (stored(), sender.source.lines, sender.source.already_there) == (1, 1, 1)


def test_the_group_is_known_from_its_lines(sender: Sender) -> None:
    sender.records(data())

    group = LogGroup.objects.get()
    assert (group.account, group.region, group.name) == (ACCOUNT, "eu-west-1", "/shop")
    assert group.delivered_at is not None


@pytest.mark.parametrize("key", ["", "wrong", "é"])
def test_without_the_key_nothing_is_taken(sender: Sender, key: str) -> None:
    sender.key = key

    assert (sender.records(data()).status_code, stored()) == (401, 0)


def test_a_source_without_a_key_takes_nothing(sender: Sender) -> None:
    LogSource.objects.update(key_digest="")

    assert sender.records(data()).status_code == 401


def test_a_key_that_was_replaced_no_longer_works(sender: Sender) -> None:
    new_key(sender.source, NOON)

    assert sender.records(data()).status_code == 401


def test_a_key_is_good_for_its_source_alone(sender: Sender) -> None:
    other = a_sender("lambda", sender.source.account)
    other.key = sender.key

    assert other.post({"awslogs": {"data": ""}}).status_code == 401


def test_lines_of_a_foreign_account_are_not_believed(sender: Sender) -> None:
    answer = sender.records(data(owner=OTHER_ACCOUNT))

    assert (answer.status_code, stored()) == (200, 0)
    assert OTHER_ACCOUNT in QuarantinedRecord.objects.get().reason


def test_lines_of_an_account_that_was_allowed_are(sender: Sender) -> None:
    LogSource.objects.update(owners=[OTHER_ACCOUNT])

    sender.records(data(owner=OTHER_ACCOUNT))

    assert stored() == 1


def test_what_cannot_be_read_is_kept_aside_and_the_rest_taken(sender: Sender) -> None:
    body = body_of(data())
    body["records"] += [{"data": "!!"}, {"other": 1}, "text"]

    answer = sender.post(body)

    assert (answer.status_code, stored()) == (200, 1)
    assert QuarantinedRecord.objects.filter(kind="logs").exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"text", b"[]", {"requestId": ID}, {"requestId": "other", "records": []}],
)
def test_what_is_no_request_of_firehose_is_refused(sender: Sender, body: Any) -> None:
    answer = sender.post(body)

    assert answer.status_code == 400
    assert answer.json()["errorMessage"]


def test_the_body_may_be_gzipped(sender: Sender) -> None:
    body = gzip.compress(json.dumps(body_of(data())).encode())

    answer = sender.post(body, **{"Content-Encoding": "gzip"})

    assert (answer.status_code, stored()) == (200, 1)


@pytest.mark.parametrize(
    ("cut", "encoding", "status"), [(20, "gzip", 400), (0, "br", 415)]
)
def test_what_cannot_be_unpacked_is_refused(
    sender: Sender, cut: int, encoding: str, status: int
) -> None:
    body = gzip.compress(json.dumps(body_of(data())).encode())[cut:]

    answer = sender.post(body[: len(body) - 1], **{"Content-Encoding": encoding})

    assert answer.status_code == status


def test_too_much_is_refused_for_good(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firehose, "MAX_BODY_BYTES", 1_000)
    bomb = gzip.compress(b" " * 10_000)

    plain = sender.post(b" " * 1_001)
    unpacked = sender.post(bomb, **{"Content-Encoding": "gzip"})

    assert (plain.status_code, unpacked.status_code) == (413, 413)


def test_while_the_store_takes_nothing_firehose_tries_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise EngineUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Delivery, "commit", unavailable)
        refused = sender.records(data())
    problem = LogSource.objects.get().problem
    taken = sender.records(data())

    assert (refused.status_code, taken.status_code, stored()) == (503, 200, 1)
    assert "disk is full" in problem
    assert LogSource.objects.get().problem == ""


def test_a_paused_source_is_sent_its_lines_later(sender: Sender) -> None:
    LogSource.objects.update(is_enabled=False)

    assert sender.records(data()).status_code == 503


def test_a_function_posts_its_event_as_it_is(engine: DocumentEngine) -> None:
    sender = a_sender("lambda")
    event = {"awslogs": {"data": base64.b64encode(packed(data())).decode()}}

    answer = sender.post(event)

    assert (answer.status_code, stored()) == (200, 1)


@pytest.mark.parametrize("event", [{}, {"awslogs": 1}, {"awslogs": {"data": None}}])
def test_what_is_no_event_of_a_function_is_refused(
    engine: DocumentEngine, event: Any
) -> None:
    assert a_sender("lambda").post(event).status_code == 400


def test_a_test_message_is_taken_and_brings_nothing(sender: Sender) -> None:
    control = data(messageType="CONTROL_MESSAGE", owner="CloudwatchLogs", logGroup="")

    assert (sender.records(control).status_code, stored()) == (200, 0)
    assert not QuarantinedRecord.objects.exists()
