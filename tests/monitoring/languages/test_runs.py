"""Queries that take long: left to a worker, followed, cancelled, taken up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import BoundedSemaphore
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import Grant, User
from apps.discovery.roles import Role
from apps.monitoring.languages import runs
from apps.monitoring.languages.asking import Asked
from apps.monitoring.models import LogQueryRows, LogQueryRun
from apps.search import store
from apps.search.engines.base import DocumentEngine, SearchRequest
from apps.search.engines.columns import Block
from apps.search.models import SavedView
from tests.conftest import signed_in
from tests.factories import a_user, an_account
from tests.monitoring.languages.stored import ACCOUNT, OTHER, line, store_lines
from tests.streams import text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
URL = "/api/v1/logs/query"
BODY = {"query": "fields @message | limit 100", "since": "2026-06-25T00:00:00Z"}
BODY |= {"until": "2026-07-02T00:00:00Z", "wait": "0"}
DAYS = 4


@pytest.fixture(autouse=True)
def lines(engine: DocumentEngine, settings: Any) -> None:
    """Nothing is quick."""
    settings.LOG_QUERY_QUICK_SECONDS = 0
    days = [line(f"day {day}", -day * 24 * 60) for day in range(DAYS)]
    store_lines(engine, *days, line("elsewhere", account=OTHER))


@pytest.fixture(autouse=True)
def no_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has enough to do: workers answer."""
    monkeypatch.setattr(runs, "_OWN_SEATS", BoundedSemaphore(0))


class Reader:
    """The store's reader, line by line; between lines it does what a test wants."""

    def __init__(self, between: Callable[[int], object]) -> None:
        self._between = between

    def scan(self, request: SearchRequest) -> Iterator[Block]:
        number = 0
        for block in store.reader().scan(request):
            for row in range(len(block)):
                yield block.take(np.array([row]))
                self._between(number)
                number += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(store.reader(), name)


def work(run_id: int, between: Callable[[int], object] = bool) -> LogQueryRun:
    """A worker takes a run up; a second passes whenever it looks at the clock."""
    seconds = count()
    runs.take_up(
        run_id,
        Reader(between),
        timezone.now,
        lambda: float(next(seconds)),
    )
    return LogQueryRun.objects.get(pk=run_id)


def started(client: Client, **more: str) -> int:
    answer = client.post(URL, BODY | more, "application/json")
    assert answer.status_code == 202
    assert answer["Location"] == f"{URL}/{answer.json()['id']}"
    return int(answer.json()["id"])


def told(client: Client, run_id: int, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{URL}/{run_id}", given).json()
    return found


def messages(found: dict[str, Any]) -> list[str]:
    return [item["@message"] for item in found["items"]]


def a_run(owner: User, query: str = "fields @message") -> LogQueryRun:
    asked = Asked.read({"query": [query], "since": ["2026-06-25T00:00:00Z"]})
    return runs.request(asked, owner, NOW)


def test_worker_answers_what_was_asked(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    assert told(viewer_client, run_id)["state"] == "requested"
    work(run_id)
    found = told(viewer_client, run_id)
    assert found["state"] == "done"
    assert "partial" not in found
    assert sorted(messages(found)) == [*(f"day {n}" for n in range(DAYS)), "elsewhere"]


def test_relative_times_are_those_of_asking(viewer_client: Client) -> None:
    run = a_run(User.objects.get(username="vera"), "stats count(*) as n")
    run.asked = "?query=stats+count(*)+as+n&since=now-13h&until=now-11h"
    run.asked_at = datetime(2026, 7, 2, tzinfo=UTC)
    run.save()
    work(run.pk)
    assert told(viewer_client, run.pk)["items"] == [{"n": 2}]


def test_kept_rows_come_in_pages_and_files(viewer_client: Client) -> None:
    run_id = started(viewer_client, query="fields @message | sort @message")
    work(run_id)
    first = told(viewer_client, run_id, size=2)
    second = told(viewer_client, run_id, size=2, after=first["next"])
    assert messages(first) + messages(second) == [f"day {n}" for n in range(4)]
    third = told(viewer_client, run_id, size=2, after=second["next"])
    assert (messages(third), third["next"]) == (["elsewhere"], None)
    text = viewer_client.get(f"{URL}/{run_id}?as=csv").content.decode()
    assert text.splitlines() == [
        "@message",
        *(f"day {n}" for n in range(4)),
        "elsewhere",
    ]


def test_quick_query_is_answered_at_once(viewer_client: Client) -> None:
    answer = viewer_client.post(URL, BODY | {"wait": "30"}, "application/json")
    assert answer.status_code == 200
    assert answer.json()["state"] == "done"
    assert len(told(viewer_client, answer.json()["id"])["items"]) == DAYS + 1


def test_part_so_far_is_shown_and_labelled(viewer_client: Client) -> None:
    run_id, seen = started(viewer_client), list[dict[str, Any]]()
    work(run_id, lambda number: seen.append(told(viewer_client, run_id)))
    part = seen[0]
    assert part["state"] == "running"
    assert 0 < len(part["items"]) < DAYS + 1
    assert "so far" in part["partial"]
    assert 0 < part["statistics"]["percent"] <= 100


@pytest.mark.parametrize("way", ["delete", "post"])
def test_cancelling_keeps_the_part_that_was_found(
    viewer_client: Client, way: str
) -> None:
    run_id = started(viewer_client)

    def ask(number: int) -> None:
        url = f"{URL}/{run_id}" + ("/cancel" if way == "post" else "")
        assert getattr(viewer_client, way)(url).status_code == 202

    work(run_id, ask)
    found = told(viewer_client, run_id)
    assert found["state"] == "cancelled"
    assert 0 < len(found["items"]) < DAYS + 1
    assert "Cancelled after" in found["partial"]


def test_what_waits_is_cancelled_at_once(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    assert viewer_client.delete(f"{URL}/{run_id}").json()["state"] == "cancelled"
    assert runs.waiting(NOW) == []


def test_time_limit_is_said(viewer_client: Client, settings: Any) -> None:
    settings.LOG_QUERY_RUN_SECONDS = 2
    run_id = started(viewer_client)
    work(run_id)
    found = told(viewer_client, run_id)
    assert found["state"] == "done"
    assert "time limit of 2 s" in found["partial"]


def test_one_worker_has_a_run(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    assert runs.claim(run_id, NOW)
    assert not runs.claim(run_id, NOW)


def test_run_of_a_dead_worker_is_begun_again(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    runs.claim(run_id, NOW - timedelta(minutes=5))
    assert runs.waiting(NOW) == [run_id]
    assert work(run_id).state == "done"


def test_worker_that_was_taken_for_dead_changes_nothing(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    other = NOW + timedelta(minutes=9)
    row = LogQueryRun.objects.filter(pk=run_id)
    run = work(run_id, lambda number: row.update(beaten_at=other))
    assert (run.state, run.beaten_at) == ("running", other)


def test_run_that_kills_its_workers_is_given_up(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    LogQueryRun.objects.filter(pk=run_id).update(attempts=3)
    run = work(run_id)
    assert run.state == "failed"
    assert "begun 3 times" in run.problem


def test_fault_ends_in_the_row(viewer_client: Client) -> None:
    def fail(number: int) -> None:
        raise RuntimeError("secret of the house")

    run = work(started(viewer_client), fail)
    assert run.state == "failed"
    assert run.problem == "A fault in Trailmap, see its log: RuntimeError"


def test_nobody_has_too_many_at_once(viewer_client: Client) -> None:
    for _ in range(runs.MOST_WAITING):
        started(viewer_client)
    answer = viewer_client.post(URL, BODY, "application/json")
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many_queries"


def test_runs_are_seen_by_their_owner_only(viewer_client: Client) -> None:
    run_id = a_run(a_user("owner")).pk
    for path in (f"{URL}/{run_id}", f"/logs/query/runs/{run_id}"):
        assert viewer_client.get(path).status_code == 404
    assert viewer_client.delete(f"{URL}/{run_id}").status_code == 404
    assert viewer_client.post(f"/logs/query/runs/{run_id}/cancel").status_code == 404
    assert viewer_client.get("/api/v1/logs/queries").json()["items"] == []


def test_run_tells_only_of_accounts_one_may_see() -> None:
    an_account(ACCOUNT)
    client = signed_in("hanna", Role.VIEWER, ACCOUNT)
    run_id = started(client)
    work(run_id)
    assert "elsewhere" not in messages(told(client, run_id))


def test_rights_that_were_lost_hide_the_answer() -> None:
    client = signed_in("hanna", Role.VIEWER)
    run_id = started(client)
    work(run_id)
    an_account(ACCOUNT)
    Grant.objects.filter(user__username="hanna").update(account=ACCOUNT)
    assert client.get(f"{URL}/{run_id}").status_code == 404


def test_rows_are_forgotten_before_the_question(viewer_client: Client) -> None:
    run_id = started(viewer_client)
    work(run_id)
    runs.forget_old(NOW + timedelta(days=3))
    assert not LogQueryRows.objects.exists()
    assert "no longer kept" in page(viewer_client, f"/logs/query/runs/{run_id}")
    LogQueryRun.objects.update(asked_at=NOW)
    runs.forget_old(NOW + timedelta(days=31))
    assert not LogQueryRun.objects.exists()


def page(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


@pytest.mark.django_db(transaction=True)
def test_page_leaves_what_takes_long_to_a_worker(viewer_client: Client) -> None:
    given = "query=fields+@message&since=2026-06-25T00:00:00Z"
    text = text_of(viewer_client.get(f"/logs/query/stream?{given}"))
    run = LogQueryRun.objects.get()
    assert "event: run" in text
    part = page(viewer_client, f"/logs/query/runs/{run.pk}")
    assert "Waiting for a worker" in part
    work(run.pk)
    part = page(viewer_client, f"/logs/query/runs/{run.pk}?seen=0")
    assert "day 2" in part
    assert "hx-trigger" not in part


def test_url_of_a_run_shows_it_again(viewer_client: Client) -> None:
    run = a_run(User.objects.get(username="vera"))
    work(run.pk)
    text = page(viewer_client, f"/logs/query/{run.asked}&run={run.pk}")
    assert "day 3" in text
    assert "data-stream" not in text
    other = page(viewer_client, f"/logs/query/?query=fields+@ptr&run={run.pk}")
    assert "data-stream" in other


def test_page_cancels_a_run(viewer_client: Client) -> None:
    run = a_run(User.objects.get(username="vera"))
    answer = viewer_client.post(f"/logs/query/runs/{run.pk}/cancel")
    assert "Cancelled." in answer.content.decode()


def test_history_has_each_question_once(viewer_client: Client) -> None:
    vera = User.objects.get(username="vera")
    a_run(vera, "fields one")
    a_run(vera, "fields one")
    a_run(vera, "fields two")
    a_run(a_user("other"), "fields secret")
    text = page(viewer_client, "/logs/query/history")
    assert (text.count("fields one"), text.count("fields two")) == (1, 1)
    assert "secret" not in text
    items = viewer_client.get("/api/v1/logs/queries").json()["items"]
    assert [item["query"] for item in items] == ["fields two", *["fields one"] * 2]


def test_query_is_saved_as_a_view(viewer_client: Client) -> None:
    given = {"name": "Mine", "parameters": "?query=fields+a&language=insights"}
    answer = viewer_client.post("/logs/query/views", given)
    assert answer["Location"] == "/logs/query/?query=fields+a&language=insights"
    assert "Mine" in page(viewer_client, "/logs/query/")
    view = SavedView.objects.get()
    assert viewer_client.post(f"/logs/query/views/{view.pk}/delete").status_code == 302
    assert not SavedView.objects.exists()


def test_groups_are_found_by_a_part_of_the_name(
    viewer_client: Client, engine: DocumentEngine
) -> None:
    store_lines(engine, line("x", group="/aws/lambda/pay"))
    text = page(viewer_client, "/logs/query/groups?find=LAMBDA&groups=/ecs/shop")
    assert text.index("/ecs/shop") < text.index("/aws/lambda/pay")
    assert text.count("checked") == 1
    assert "No log group" in page(viewer_client, "/logs/query/groups?find=nothing")
