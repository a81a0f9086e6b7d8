"""Queries at AWS: asked once, followed, stopped, paid, whatever happens between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.monitoring.models import LogQueryRun
from sandbox.logs import queries
from tests.monitoring.languages.passing.asking import FOREIGN, Asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sandbox counts the newest lines and then waits."""
    gate = threading.Event()

    def size_of(message: str) -> int:
        if message.startswith("ERROR one"):
            gate.wait(20)
        return 1_000_000

    monkeypatch.setattr(queries, "size_of", size_of)
    yield
    gate.set()


def test_cloudwatch_answers(asking: Asking) -> None:
    run_id = asking.start()
    asking.work()
    found = asking.told(run_id)
    assert found["state"] == "done"
    assert [row["@message"] for row in found["items"]] == ["ERROR one", "ERROR three"]
    assert found["columns"] == ["@message"]
    assert found["statistics"]["scanned"] == 5
    assert found["statistics"]["matched"] == 2


def test_what_it_cost_is_recorded(asking: Asking) -> None:
    run_id = asking.start()
    assert asking.day().dollars == pytest.approx(0.2)
    asking.work()
    scanned = asking.told(run_id)["statistics"]["bytes"]
    assert scanned > 0
    cost = scanned * 0.005 / 10**9
    assert asking.told(run_id)["aws"]["dollars"] == pytest.approx(cost)
    assert asking.day().dollars == pytest.approx(cost)
    assert (asking.day().queries, asking.day().bytes) == (1, scanned)


def test_what_only_cloudwatch_reads_is_answered(asking: Asking) -> None:
    asking.world.say('{"level": 1, "what": "indexed"}', ago=30)
    run_id = asking.start(FOREIGN)
    asking.work()
    (row,) = asking.told(run_id)["items"]
    assert "indexed" in row["@message"]


def test_times_and_numbers_are_themselves_again(asking: Asking) -> None:
    run_id = asking.start("stats count(*) as n by bin(1h) as hour")
    asking.work()
    (row,) = asking.told(run_id)["items"]
    assert row["n"] == 5
    assert row["hour"].endswith("Z")


def test_end_of_the_range_is_excluded(asking: Asking) -> None:
    until = asking.world.now() - timedelta(seconds=60)
    text = until.isoformat().replace("+00:00", "Z")
    run_id = asking.start("stats count(*) as n", until=text)
    asking.work()
    assert (
        asking.told(run_id)["items"] == [{"n": 0}] or not asking.told(run_id)["items"]
    )


def test_page_labels_the_answer(asking: Asking) -> None:
    run_id = asking.start()
    asking.work()
    text = asking.client.get(f"/logs/query/runs/{run_id}").content.decode()
    assert "From CloudWatch itself" in text
    assert "ERROR three" in text


def test_few_run_at_once(asking: Asking, settings: Any, slow: None) -> None:
    settings.LOG_QUERIES_AT_AWS = 2
    for _ in range(3):
        asking.start()
    asking.work(3)
    states = sorted(LogQueryRun.objects.values_list("state", flat=True))
    assert states == ["requested", "running", "running"]
    assert asking.calls("StartQuery") == 2


def test_what_waits_is_cancelled_for_nothing(asking: Asking) -> None:
    run_id = asking.start()
    asking.client.delete(f"/api/v1/logs/query/{run_id}")
    asking.work()
    assert asking.run(run_id).state == "cancelled"
    assert asking.calls("StartQuery") == 0
    assert asking.day().dollars == pytest.approx(0)


def test_cancelling_stops_it_at_aws(asking: Asking, slow: None) -> None:
    run_id = asking.start()
    asking.work(2)
    assert asking.run(run_id).state == "running"
    asking.client.delete(f"/api/v1/logs/query/{run_id}")
    asking.work(2)
    assert asking.calls("StopQuery") == 1
    found = asking.told(run_id)
    assert found["state"] == "cancelled"
    assert "Cancelled" in found["partial"]
    assert found["statistics"]["bytes"] == 4_000_000
    assert asking.day().dollars == pytest.approx(4_000_000 * 0.005 / 10**9)


def test_it_is_stopped_at_the_price_agreed_to(asking: Asking, slow: None) -> None:
    run_id = asking.start()
    LogQueryRun.objects.update(most_bytes=3_000_000)
    asking.work(3)
    assert asking.calls("StopQuery") == 1
    found = asking.told(run_id)
    assert found["state"] == "done"
    assert "Stopped at the price agreed to" in found["partial"]


def test_query_whose_start_was_not_heard_is_not_paid_twice(asking: Asking) -> None:
    asking.world.strike("error-after", "logs.StartQuery", count=1)
    run_id = asking.start()
    asking.work(3)
    assert asking.calls("DescribeQueries") == 1
    assert len(asking.told(run_id)["items"]) == 2
    logs = asking.world.cloud.client("logs", *asking.place, "tests.amazonaws.com")
    assert len(logs.describe_queries()["queries"]) == 1


def test_throttled_start_is_tried_again(asking: Asking) -> None:
    asking.world.strike("throttle", "logs.StartQuery", count=6)
    run_id = asking.start()
    asking.work(3)
    assert asking.told(run_id)["state"] == "done"


def test_run_of_a_dead_worker_goes_on(asking: Asking, slow: None) -> None:
    run_id = asking.start()
    asking.work()
    LogQueryRun.objects.update(next_at=asking.world.now() + timedelta(minutes=2))
    asking.work()
    before = asking.calls("GetQueryResults")
    asking.world.pass_time(120)
    asking.work()
    assert asking.calls("GetQueryResults") == before + 1
    assert asking.calls("StartQuery") == 1
    assert asking.run(run_id).state == "running"


def test_query_that_aws_cannot_read_fails_for_nothing(asking: Asking) -> None:
    run_id = asking.start("filterIndex a = 1 | bogus")
    asking.work()
    run = asking.run(run_id)
    assert run.state == "failed"
    assert "MalformedQueryException" in run.problem
    text = asking.client.get(f"/logs/query/runs/{run_id}").content.decode()
    assert "was not answered" in text


def test_missing_permission_is_said(asking: Asking) -> None:
    asking.world.strike("denied", "logs.StartQuery", count=1)
    run_id = asking.start()
    asking.work()
    assert "logs.start_query" in asking.run(run_id).problem


def test_filter_pattern_is_read_free_of_charge(asking: Asking) -> None:
    run_id = asking.start("ERROR", language="pattern")
    asking.work()
    found = asking.told(run_id)
    assert sorted(row["@message"] for row in found["items"]) == [
        "ERROR one",
        "ERROR three",
    ]
    assert {row["@logGroup"] for row in found["items"]} == {"/shop"}
    assert (asking.day().dollars, asking.calls("StartQuery")) == (0, 0)


def test_pages_without_events_are_not_the_end(asking: Asking) -> None:
    asking.world.strike("empty-pages", "logs.FilterLogEvents")
    run_id = asking.start("ERROR", language="pattern")
    asking.work()
    assert len(asking.told(run_id)["items"]) == 2


def test_many_lines_are_cut_and_said(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.monitoring.languages.passing.filtering.DEFAULT_ROWS", 3)
    run_id = asking.start('" "', language="pattern")
    asking.work()
    found = asking.told(run_id)
    assert len(found["items"]) == 3
    assert "AWS has more" in found["partial"]


def test_it_is_in_the_history(asking: Asking) -> None:
    asking.start()
    asking.work()
    text = asking.client.get("/logs/query/history").content.decode()
    assert "at CloudWatch" in text
