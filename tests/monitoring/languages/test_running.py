"""The three languages over stored lines: the API, the page and its stream."""

import csv
import json
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.search.engines.base import DocumentEngine
from tests.conftest import signed_in
from tests.factories import an_account
from tests.monitoring.languages.stored import (
    ACCOUNT,
    OTHER,
    SPAN,
    line,
    store_lines,
)
from tests.streams import text_of

pytestmark = pytest.mark.django_db
_REPORT = (
    "REPORT RequestId: 8f507cfc-0000-4697-b07a-ac58fc914c95\tDuration: 100.50 ms\t"
    "Billed Duration: 101 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t"
)


@pytest.fixture(autouse=True)
def lines(engine: DocumentEngine) -> None:
    store_lines(
        engine,
        line("ERROR connection refused", 1),
        line('{"status": 503, "path": "/pay/1"}', 2, group="/ecs/pay"),
        line("INFO fine", 3, account=OTHER),
        line(_REPORT, 4, group="/aws/lambda/f"),
        line("=HYPERLINK(1)", 5, group="/ecs/odd"),
    )


def asked(client: Client, query: str, language: str = "insights", **more: Any) -> Any:
    given = {"query": query, "language": language, **more}
    given |= {"since": "2026-07-01", "until": "2026-07-02"}
    return client.get("/api/v1/logs/query", given)


def said(client: Client, query: str, language: str, **more: Any) -> list[str]:
    items = asked(client, query, language, **more).json()["items"]
    return [item["@message"] for item in items]


def test_each_language_finds_the_line(viewer_client: Client) -> None:
    wanted = ["ERROR connection refused"]
    assert said(viewer_client, "refused", "trailmap") == wanted
    assert said(viewer_client, '"connection refused"', "pattern") == wanted
    found = said(viewer_client, "filter @message like /refused/", "insights")
    assert found == wanted


def test_patterns_read_json_and_columns(viewer_client: Client) -> None:
    assert len(said(viewer_client, "{ $.status >= 500 }", "pattern")) == 1
    assert said(viewer_client, "[level=INFO, word]", "pattern") == ["INFO fine"]


def test_recognised_fields_are_there_to_compute_with(viewer_client: Client) -> None:
    query = 'filter @type = "REPORT" | stats max(@duration) as d, count(*) as n'
    assert asked(viewer_client, query).json()["items"] == [{"d": 100.5, "n": 1}]


def test_any_number_of_groups_can_be_chosen(viewer_client: Client) -> None:
    query = "stats count(*) as n"
    groups = ["/ecs/pay", "/ecs/shop", *(f"/none/{at}" for at in range(60))]
    found = asked(viewer_client, query, groups=",".join(groups)).json()
    assert found["items"] == [{"n": 3}]


def test_lines_of_other_accounts_are_not_seen() -> None:
    an_account(ACCOUNT)
    client = signed_in("hanna", Role.VIEWER, ACCOUNT)
    assert said(client, "INFO", "pattern") == []
    assert said(client, "fine", "trailmap") == []
    assert asked(client, "stats count(*) as n").json()["items"] == [{"n": 4}]


def test_error_says_where_and_what(viewer_client: Client) -> None:
    found = asked(viewer_client, "fields a | pattern a")
    assert found.status_code == 400
    assert "pattern" in found.json()["error"]["message"]
    assert "character 12" in found.json()["error"]["message"]


def test_answer_counts_what_was_scanned(viewer_client: Client) -> None:
    found = asked(viewer_client, "stats count(*) as n").json()
    assert found["statistics"]["scanned"] == found["statistics"]["total"] == 5
    assert "partial" not in found


def test_time_limit_makes_a_labelled_part(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch, engine: DocumentEngine
) -> None:
    store_lines(engine, line("day before", -24 * 60))
    later = count(0, 100)
    slow = SimpleNamespace(monotonic=lambda: next(later))
    monkeypatch.setattr("apps.monitoring.languages.api.time", slow)
    # The embedded index has a block a day, OpenSearch one a page.
    monkeypatch.setattr("apps.search.engines.opensearch.reader.PAGE", 2)
    given = {"query": "stats count(*) as n", "since": "2026-06-01"}
    found = viewer_client.get("/api/v1/logs/query", given | {"until": "2026-07-02"})
    assert "Scanned" in found.json()["partial"]


def test_files_have_all_rows(viewer_client: Client) -> None:
    query = "fields @message | sort @timestamp"
    text = asked(viewer_client, query, **{"as": "csv"}).content.decode()
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["@message"]
    assert rows[-1] == ["'=HYPERLINK(1)"]
    text = asked(viewer_client, query, **{"as": "ndjson"}).content.decode()
    assert json.loads(text.splitlines()[0])["@message"] == "ERROR connection refused"


def test_rows_come_in_pages(viewer_client: Client) -> None:
    query = "fields @message | sort @timestamp"
    pages, after = [], ""
    while after is not None:
        found = asked(viewer_client, query, size=2, after=after).json()
        pages.append([item["@message"][:5] for item in found["items"]])
        after = found["next"]
    assert pages == [["ERROR", '{"sta'], ["INFO ", "REPOR"], ["=HYPE"]]


@pytest.mark.parametrize("given", [{"size": "0"}, {"size": "x"}, {"after": "x-y"}])
def test_paging_that_makes_no_sense_is_refused(
    viewer_client: Client, given: dict[str, str]
) -> None:
    found = asked(viewer_client, "fields @message", **given)
    assert found.status_code == 400
    assert found.json()["error"]["field"] in given


def test_long_queries_can_be_posted(viewer_client: Client) -> None:
    body = {"query": "stats count(*) as n", "groups": ["/ecs/pay"]}
    body |= {"since": "2026-07-01", "until": "2026-07-02"}
    found = viewer_client.post("/api/v1/logs/query", body, "application/json")
    assert found.json()["items"] == [{"n": 1}]


def page(client: Client, query: str) -> str:
    found = client.get("/logs/query/", {"query": query, "since": "2026-07-01"})
    return found.content.decode()


def test_page_names_its_stream_and_examples(viewer_client: Client) -> None:
    text = page(viewer_client, "fields @message")
    assert "data-stream=" in text
    assert "/ecs/pay" in text
    assert "Top talkers" in text


def test_page_marks_the_place_of_an_error(viewer_client: Client) -> None:
    text = page(viewer_client, "filter a ==")
    assert "cannot be read" in text
    assert "character 11" in text


def test_place_is_marked_in_its_line(viewer_client: Client) -> None:
    text = page(viewer_client, "fields a\n| bogus b\n| limit 1")
    assert "<code>| bogus b\n  ^</code>" in text
    assert "at line 2, column 3" in text


@pytest.mark.django_db(transaction=True)
def test_stream_tells_progress_then_the_answer(viewer_client: Client) -> None:
    given = f"/logs/query/stream?{SPAN}&query=stats+count(*)+by+bin(5m)"
    text = text_of(viewer_client.get(given))
    assert text.index("event: progress") < text.index("event: answer")
    assert "log-query-figure" in text


@pytest.mark.django_db(transaction=True)
def test_hostile_text_stays_text(viewer_client: Client, engine: DocumentEngine) -> None:
    store_lines(engine, line("<script>alert(1)</script>", 9))
    given = f"/logs/query/stream?{SPAN}&query=fields+@message"
    text = text_of(viewer_client.get(given))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
