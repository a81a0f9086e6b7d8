"""Queries that go on in the process that began them, while anybody looks or none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.monitoring.languages import answering, running
from apps.monitoring.languages.running import Inquiry, Progress
from apps.monitoring.models import LogQueryRun
from apps.search.engines.base import DocumentEngine
from apps.search.shutdown import stopping
from tests.monitoring.languages.stored import line, store_lines
from tests.streams import text_of

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/logs/query"
BODY = {"query": "fields @message", "since": "2026-06-25T00:00:00Z"}
BODY |= {"until": "2026-07-02T00:00:00Z", "wait": "0"}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Scans stand still after their first step until the gate opens."""
    opened, steps = threading.Event(), Inquiry.steps

    def slow(inquiry: Inquiry, *given: Any) -> Iterator[Progress]:
        for number, progress in enumerate(steps(inquiry, *given)):
            if number:
                opened.wait(20)
            yield progress

    monkeypatch.setattr(running.Inquiry, "steps", slow)
    monkeypatch.setattr(answering, "BEAT_SECONDS", 0)
    yield opened
    opened.set()
    ended()


@pytest.fixture(autouse=True)
def lines(engine: DocumentEngine, settings: Any) -> None:
    settings.LOG_QUERY_QUICK_SECONDS = 0
    store_lines(engine, *(line(f"day {day}", -day * 24 * 60) for day in range(3)))


def ended() -> None:
    """Every run that goes on has come to its end."""
    for thread in threading.enumerate():
        if thread.name.startswith("log-query-"):
            thread.join(20)


def started(client: Client) -> int:
    answer = client.post(URL, BODY, "application/json")
    assert answer.status_code == 202
    return int(answer.json()["id"])


def told(client: Client, run_id: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{URL}/{run_id}").json()
    return found


def test_it_goes_on_where_it_was(viewer_client: Client, gate: threading.Event) -> None:
    run_id = started(viewer_client)
    assert told(viewer_client, run_id)["state"] == "running"
    gate.set()
    ended()
    found = told(viewer_client, run_id)
    assert (found["state"], len(found["items"])) == ("done", 3)
    assert LogQueryRun.objects.get().attempts == 1


def test_reader_who_leaves_the_page_ends_nothing(
    viewer_client: Client, gate: threading.Event
) -> None:
    text = text_of(viewer_client.get("/logs/query/stream", BODY))
    assert "event: run" in text
    gate.set()
    ended()
    assert LogQueryRun.objects.get().state == "done"


def test_it_is_cancelled(viewer_client: Client, gate: threading.Event) -> None:
    run_id = started(viewer_client)
    viewer_client.delete(f"{URL}/{run_id}")
    gate.set()
    ended()
    assert told(viewer_client, run_id)["state"] == "cancelled"


def test_process_that_stops_leaves_it_to_another(
    viewer_client: Client, gate: threading.Event
) -> None:
    run_id = started(viewer_client)
    stopping.set()
    try:
        gate.set()
        ended()
    finally:
        stopping.clear()
    assert told(viewer_client, run_id)["state"] == "requested"


def test_a_process_has_few_at_once(
    viewer_client: Client, gate: threading.Event
) -> None:
    ids = [started(viewer_client) for _ in range(3)]
    states = [told(viewer_client, run_id)["state"] for run_id in ids]
    assert states == ["running", "running", "requested"]
    gate.set()
    ended()
    assert told(viewer_client, started(viewer_client))["state"] != "requested"
