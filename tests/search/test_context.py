"""What stands around a document: its stream only, more of it, and back."""

import html
import re

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.search.engines.base import DocumentEngine
from tests.conftest import Fill, signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, an_event
from tests.monitoring.logs.explored import a_line, keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream(engine: DocumentEngine) -> None:
    keep(engine, *[a_line(f"tick {n}", n, id=f"tick-{n}") for n in range(200)])
    keep(engine, a_line("elsewhere", 100.5, stream="other/1", id="elsewhere"))
    keep(engine, a_line("hidden", 100.5, account=OTHER_ACCOUNT, id="hidden"))


def around(client: Client, query: str = "", document: str = "tick-100") -> str:
    answer = client.get(f"/explore/logs/context/{document}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def messages(shown: str) -> list[str]:
    return re.findall(r'<span class="log">(.*?)</span>', shown)


def test_fifty_lines_on_either_side_are_shown_oldest_first(
    stream: None, viewer_client: Client
) -> None:
    shown = around(viewer_client)

    assert messages(shown) == [f"tick {n}" for n in range(50, 151)]
    this = re.findall(r'<tr id="row-([^"]+)"[^>]*aria-current="true"', shown)
    assert this == ["tick-100"]


@pytest.mark.parametrize(
    ("way", "expected"), [("earlier", range(50)), ("later", range(151, 200))]
)
def test_either_side_goes_on(
    stream: None, viewer_client: Client, way: str, expected: range
) -> None:
    shown = around(viewer_client)
    link = re.search(rf'hx-get="([^"]+more={way}[^"]+)"', shown)
    assert link

    more = viewer_client.get(html.unescape(link[1])).content.decode()

    assert messages(more) == [f"tick {n}" for n in expected]
    assert 'class="more"' not in more


def test_back_to_the_search_keeps_all_of_it(
    stream: None, viewer_client: Client
) -> None:
    shown = around(viewer_client, "q=tick&cols=@message&since=2026-07-01&row=tick-7")

    assert "/explore/logs/?q=tick&amp;since=2026-07-01&amp;cols=%40message" in shown


def test_a_line_of_another_account_has_no_context_for_others(stream: None) -> None:
    client = signed_in("here", Role.VIEWER, ACCOUNT)

    assert client.get("/explore/logs/context/hidden").status_code == 404
    assert client.get("/api/v1/search/logs/context/hidden").status_code == 404


def test_events_without_streams_stand_among_all_events(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(eventID="this", eventName="This"), an_event(eventName="Other"))

    answer = viewer_client.get(f"/explore/trail/context/this.{ACCOUNT}")

    assert answer.status_code == 200
    assert "Other" in answer.content.decode()


def test_the_api_answers_the_same(stream: None, viewer_client: Client) -> None:
    answer = viewer_client.get("/api/v1/search/logs/context/tick-100?size=2").json()

    assert [one["id"] for one in answer["before"]] == ["tick-98", "tick-99"]
    assert answer["item"]["id"] == "tick-100"
    assert [one["id"] for one in answer["after"]] == ["tick-101", "tick-102"]


@pytest.mark.parametrize("query", ["more=earlier&after=x", "more=later", "more=x"])
def test_no_parameter_is_a_fault(
    stream: None, viewer_client: Client, query: str
) -> None:
    answer = viewer_client.get(f"/explore/logs/context/tick-1?{query}")

    assert answer.status_code in (200, 400)


def test_a_line_links_to_what_is_around_it_and_to_its_trace(
    engine: DocumentEngine, viewer_client: Client
) -> None:
    trace = "1-6a450080-bd862e3fe1be46a994272793"
    keep(engine, a_line("x", id="a", traceId=trace), a_line("y", id="b", traceId="/\n"))

    shown = viewer_client.get("/explore/logs/document/a").content.decode()
    odd = viewer_client.get("/explore/logs/document/b").content.decode()

    assert 'href="/explore/logs/context/a' in shown
    assert f'href="/logs/trace/{trace}/' in shown
    assert "/logs/trace/" not in odd
