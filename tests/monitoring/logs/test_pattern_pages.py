"""Patterns as a page and over REST: what is shown, linked, and hidden from others."""

import html
import re

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.search.engines.base import DocumentEngine
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT
from tests.monitoring.logs.explored import a_line, keep

pytestmark = pytest.mark.django_db
HOUR = "since=2026-07-01T12:00:00Z&until=2026-07-01T13:00:00Z"


@pytest.fixture
def lines(engine: DocumentEngine) -> None:
    keep(engine, *[a_line(f"order {n} placed", n, level="INFO") for n in range(9)])
    keep(engine, a_line("payment 7 declined <b>", 30, level="ERROR"))
    keep(engine, a_line("order 1 placed", -30), a_line("warming up", -20))
    keep(engine, a_line("secret thing", 5, account=OTHER_ACCOUNT))


def page(client: Client, query: str = HOUR) -> str:
    answer = client.get(f"/logs/patterns/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def rows(shown: str) -> list[str]:
    body = shown.split("<tbody>")[1].split("</tbody>")[0]
    return [re.sub(r"<[^>]+>|\s+", " ", row) for row in body.split("</tr>")[:-1]]


def test_patterns_are_counted_and_news_marked(
    lines: None, viewer_client: Client
) -> None:
    shown = page(viewer_client)

    assert "<strong>11</strong> lines" in shown
    first, *others = rows(shown)
    assert "9 82 %" in " ".join(first.split())
    assert "\u00d79.0" in first
    assert any("new" in row and "declined" in row for row in others)
    assert any("gone" in row and "warming" in row for row in others)
    assert "declined &lt;b&gt;" in shown


def test_the_newest_kinds_of_line_come_first_if_asked(
    lines: None, viewer_client: Client
) -> None:
    assert "new" in rows(page(viewer_client, f"{HOUR}&order=new"))[0]
    assert "gone" in rows(page(viewer_client, f"{HOUR}&order=gone"))[0]


def test_a_pattern_opens_its_lines_and_can_be_left_out(
    lines: None, viewer_client: Client
) -> None:
    shown = page(viewer_client, f"{HOUR}&q=order")
    link = re.search(r'<a class="log" href="([^"]+)"', shown)
    without = re.search(r'href="([^"]+)" aria-label="Leave this pattern out"', shown)
    assert link and without

    opened = viewer_client.get(html.unescape(link[1])).content.decode()
    left = viewer_client.get(html.unescape(without[1])).content.decode()

    assert "<strong>9</strong> lines" in opened
    assert "<strong>0</strong> lines" in left


def test_only_lines_one_may_see_become_patterns(lines: None) -> None:
    shown = page(signed_in("here", Role.VIEWER, ACCOUNT))

    assert "secret" not in shown
    assert "<strong>10</strong> lines" in shown


def test_the_api_answers_the_same(lines: None, viewer_client: Client) -> None:
    answer = viewer_client.get(f"/api/v1/logs/patterns?{HOUR}&q=@level:*").json()

    assert answer["lines"] == {"total": 10, "read": 10}
    first, second = answer["items"]
    assert (first["pattern"], first["count"]) == ("order <*> placed", 9)
    assert second["is_new"] and second["levels"] == {"ERROR": 1}
    assert answer["before"]["since"] == "2026-07-01T11:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"), [("against=x", "against"), ("size=0", "size"), ("q=(", "q")]
)
def test_the_api_names_the_parameter_at_fault(
    viewer_client: Client, query: str, field: str
) -> None:
    answer = viewer_client.get(f"/api/v1/logs/patterns?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize("query", ["q=(", "since=x", "against=x&order=x", ""])
def test_no_parameter_is_a_fault(viewer_client: Client, query: str) -> None:
    assert viewer_client.get(f"/logs/patterns/?{query}").status_code == 200
