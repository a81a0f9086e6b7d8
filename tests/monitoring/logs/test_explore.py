"""Explore of log lines: levels, messages as text, bodies, colours, the frame."""

import json
import re

import pytest
from django.test import Client

from apps.search.engines.base import DocumentEngine
from tests.monitoring.logs.explored import a_line, keep

pytestmark = pytest.mark.django_db
DAY = "since=2026-07-01&until=2026-07-02"


def page(client: Client, query: str = DAY) -> str:
    answer = client.get(f"/explore/logs/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_level_is_a_sign_a_word_and_a_colour(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    keep(engine, a_line("boom", level="ERROR"))

    shown = page(viewer_client)

    chip = re.search(r'<span class="level level-error">(.*?)</span>', shown, re.DOTALL)
    assert chip
    assert "#circle-alert" in chip[1]
    assert "ERROR" in chip[1]
    assert '<tr id="row-' in shown and 'class="failed"' in shown


def test_a_message_is_text_without_terminal_codes(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    keep(engine, a_line("\x1b[31mred <b>\x1b[0m \u202eevil"))

    shown = page(viewer_client)

    assert '<span class="log">red &lt;b&gt; \\u202eevil</span>' in shown


def test_a_json_message_opens_into_lines(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    keep(engine, a_line('{"order":7,"items":[1]}'))

    shown = page(viewer_client)

    assert '<details class="body">' in shown
    assert "<pre>{\n  &quot;order&quot;: 7," in shown


def test_levels_keep_their_colours_however_frequent_they_are(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    keep(engine, *[a_line(level="ERROR")] * 1, a_line(level="INFO"), a_line())

    shown = page(viewer_client)

    found = re.search(r'id="histogram-figure">(.*?)</script>', shown)
    assert found
    bars = json.loads(found[1].replace("\\u003c", "<"))["data"]
    assert [(bar["name"], bar["marker"]["color"]) for bar in bars] == [
        ("No level", "series-calm"),
        ("INFO", "level-info"),
        ("ERROR", "level-error"),
    ]


def test_the_page_speaks_of_lines(viewer_client: Client) -> None:
    shown = page(viewer_client)

    assert "Search lines: words, @level:ERROR" in shown
    assert "import logs FILE" in shown
    assert 'data-explore="/explore/logs/" data-searches="lines"' in shown
    assert re.search(r'href="/explore/logs/[^"]*" aria-current="page"', shown)


@pytest.mark.parametrize("message", ["", "\n", "{", "[" * 2_000, "\x1b", "\x00"])
def test_no_message_is_a_fault(
    engine: DocumentEngine, viewer_client: Client, message: str
) -> None:
    keep(engine, a_line(message))

    assert "<strong>1</strong> line " in page(viewer_client)


def test_where_nothing_is_stored_it_leads_to_what_can_be_collected(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    shown = page(viewer_client)

    assert '<a href="/logs/groups/">collect from AWS</a>' in shown
