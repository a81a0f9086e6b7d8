"""Explore as it is served: results, empty states, errors, parts of the page."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from apps.audit.records import MalformedRecord
from apps.discovery.roles import Role
from apps.search.models import SavedView
from apps.search.viewers import rights_changed
from tests.conftest import Fill, signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, an_event
from tests.streams import text_of

pytestmark = pytest.mark.django_db
DAY = "since=2026-07-01&until=2026-07-02"


def page(client: Client, query: str = DAY, part: str = "") -> str:
    answer = client.get(f"/explore/trail/{part}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_shows_rows_their_count_and_a_table_twin(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(), an_event(errorCode="AccessDenied"))

    shown = page(viewer_client)

    assert "<strong>2</strong> events" in shown
    assert shown.count('<tr id="row-') == 2
    assert 'id="histogram-table"' in shown


def test_an_empty_answer_says_where_there_is_data(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(eventName="PutObject"))

    shown = page(
        viewer_client, "q=eventName:PutObject&since=2020-01-01&until=2020-01-02"
    )

    assert "No event in this time range matches" in shown
    assert "1 matches at other times" in shown
    assert "since=2026-07-01T12%3A00%3A00Z" in shown


def test_an_empty_store_says_how_to_fill_it(viewer_client: Client) -> None:
    assert "import cloudtrail FOLDER" in page(viewer_client)


def test_a_broken_query_is_shown_with_its_place(viewer_client: Client) -> None:
    shown = page(viewer_client, "q=eventName:(a")

    assert "The query cannot be read" in shown
    assert "at character 11; expected a matching )" in shown


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%ff%fe",
        "since=x",
        "since=now&until=now-1h",
        "row=%0A",
        "row=../../x",
        "cols=" + "a," * 500,
        "sort=x&by=%00&account=%00&region=%00",
        "f=(&f=~(&f=-",
        "q=" + "(" * 3_000,
        "q=" + "z" * 300,
        "after=x",
    ],
)
@pytest.mark.parametrize("part", ["", "rows", "facets", "fields", "complete", "value"])
def test_no_parameter_is_a_fault(
    viewer_client: Client, fill: Fill, part: str, query: str
) -> None:
    fill(an_event())

    answer = viewer_client.get(f"/explore/trail/{part}?{query}")

    assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    "page_url", ["/actors/", "/resources/", "/actors/actor?name=x"]
)
@pytest.mark.parametrize(
    "query", ["q=(", "since=x", "f=(", "name=%00", "q=" + "z" * 300]
)
def test_pages_of_names_take_any_parameter(
    viewer_client: Client, page_url: str, query: str
) -> None:
    joined = page_url + ("&" if "?" in page_url else "?") + query

    assert viewer_client.get(joined).status_code == 200


def test_the_next_rows_continue_the_table(fill: Fill, viewer_client: Client) -> None:
    fill(*[an_event() for _ in range(150)])
    first = page(viewer_client)
    start = first.index("after=") + len("after=")
    cursor = first[start : first.index('"', start)]

    more = page(viewer_client, f"{DAY}&after={cursor}", "rows")

    assert first.count('<tr id="row-') == 100
    assert more.count('<tr id="row-') == 50


def test_a_value_can_be_filtered_for_out_and_followed(
    fill: Fill, viewer_client: Client
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/alice"

    menu = page(viewer_client, f"{DAY}&path=@actor&value={quote(arn)}", "value")

    clause = quote(f'@actor:"{arn}"', safe="")
    assert f"f={clause}" in menu
    assert f"f=-{clause}" in menu
    assert "/actors/actor?name=" in menu


@pytest.mark.django_db(transaction=True)
def test_an_export_holds_the_whole_query(fill: Fill, viewer_client: Client) -> None:
    fill(*[an_event() for _ in range(1_500)])

    answer = viewer_client.get(f"/explore/trail/export.csv?{DAY}&cols=eventName")

    lines = text_of(answer).splitlines()
    assert lines[0] == "time,eventName,id"
    assert len(lines) == 1_501
    assert "Content-Encoding" not in answer.headers


def test_an_export_that_is_too_broad_is_refused_before_it_begins(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event())

    answer = viewer_client.get(
        f"/explore/trail/export.csv?{DAY}&q=eventName:{'%3F' * 900}"
    )

    assert answer.status_code == 400


def test_a_stream_ends_with_the_rights_it_began_with(
    viewer_client: Client, fill: Fill
) -> None:
    request = viewer_client.get("/explore/trail/").wsgi_request
    request.user.visible_accounts()  # type: ignore[union-attr]
    assert not rights_changed(request)

    request.user.grants.update(account=None, role=1)  # type: ignore[union-attr]
    viewer_client.logout()

    assert rights_changed(request)


def test_a_view_is_saved_shown_and_deleted(viewer_client: Client) -> None:
    viewer_client.post(
        "/explore/trail/views",
        {"name": "denied", "parameters": "?q=errorCode:*&row=x", "shared": "on"},
    )
    view = SavedView.objects.get()

    assert "denied" in page(viewer_client)
    other = signed_in("other", None)
    assert other.post(f"/views/{view.pk}/delete").status_code == 404
    viewer_client.post(f"/views/{view.pk}/delete")
    assert not SavedView.objects.exists()


def test_a_document_shows_what_happened_around_it(
    fill: Fill, viewer_client: Client
) -> None:
    fill(
        an_event(
            eventID="before", eventTime="2026-07-01T11:59:59Z", eventName="Before"
        ),
        an_event(eventID="it"),
        an_event(eventID="after", eventTime="2026-07-01T12:00:01Z", eventName="After"),
    )

    shown = page(viewer_client, part=f"document/it.{ACCOUNT}")

    assert shown.index("Before") < shown.index('class="this"') < shown.index("After")


def test_a_document_that_is_not_there_is_said_to_be(viewer_client: Client) -> None:
    answer = viewer_client.get("/explore/trail/document/lost")

    assert answer.status_code == 404
    assert "There is no event lost." in answer.content.decode()


@pytest.mark.parametrize("fields", [{"eventID": "a\nb"}, {"recipientAccountId": "a/b"}])
def test_ids_that_fit_no_address_are_refused_at_the_door(
    fields: dict[str, str],
) -> None:
    with pytest.raises(MalformedRecord):
        an_event(**fields)


def test_a_page_counts_within_what_one_may_see(fill: Fill) -> None:
    fill(an_event(), an_event(recipientAccountId=OTHER_ACCOUNT))

    assert "<strong>1</strong> event" in page(signed_in("here", Role.VIEWER, ACCOUNT))


def test_an_answer_that_was_cut_is_not_said_to_be_empty(
    fill: Fill, viewer_client: Client, settings: Any
) -> None:
    fill(an_event())
    settings.SEARCH_SECONDS = 0.0

    shown = page(viewer_client, f"{DAY}&q=errorCode:*")

    assert "Not everything was searched" in shown
    assert "No event in this time range" not in shown


def test_links_to_other_pages_keep_time_and_scope(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event())

    shown = page(viewer_client, f"{DAY}&account={ACCOUNT}&q=x")

    kept = f"since=2026-07-01&amp;until=2026-07-02&amp;account={ACCOUNT}"
    assert f'href="/actors/?{kept}"' in shown
    assert f'href="/map/?{kept}"' in shown


def test_who_may_see_nothing_is_not_told_to_import(fill: Fill) -> None:
    fill(an_event())

    shown = page(signed_in("new", None))

    assert "Nothing is stored that you may see" in shown
    assert "FOLDER" not in shown
