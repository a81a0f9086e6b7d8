"""The REST API: answers, limits, and errors of one shape."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.discovery.models import ApiToken, User
from tests.conftest import Fill
from tests.factories import ACCOUNT, a_record, an_event

pytestmark = pytest.mark.django_db
SINCE = "since=2026-07-01&until=2026-07-02"


def ask(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


@pytest.fixture
def client_of_data(fill: Fill, viewer_client: Client) -> Client:
    fill(an_event())
    return viewer_client


def test_a_search_gives_rows_a_count_and_the_next_page(
    fill: Fill, viewer_client: Client
) -> None:
    fill(*[an_event(eventTime=f"2026-07-01T12:00:{n:02}Z") for n in range(5)])

    first = ask(viewer_client, f"search/trail?{SINCE}&size=3")
    second = ask(viewer_client, f"search/trail?{SINCE}&size=3&after={first['next']}")

    assert first["total"] == {"value": 5, "exact": True}
    times = [item["time"][-3:-1] for item in [*first["items"], *second["items"]]]
    assert times == ["04", "03", "02", "01", "00"]
    assert second["next"] is None


def test_a_document_comes_with_its_record_and_what_was_derived(
    fill: Fill, viewer_client: Client
) -> None:
    record = a_record(eventID="e-1")
    fill(an_event(**record))

    found = ask(viewer_client, f"search/trail/e-1.{ACCOUNT}")

    assert found["record"] == record
    assert found["derived"]["@actor"] == record["userIdentity"]["arn"]
    assert ask(viewer_client, "search/trail/e-1") == found


def test_a_histogram_keeps_values_and_the_rest_apart(
    fill: Fill, viewer_client: Client
) -> None:
    fill(an_event(errorCode="Denied"), an_event())

    found = ask(
        viewer_client,
        "search/trail/histogram?since=2026-07-01T12:00:00Z&until=2026-07-01T12:01:00Z"
        "&interval=60&by=errorCode",
    )

    assert found["starts"] == ["2026-07-01T12:00:00Z"]
    assert found["series"] == {"Denied": [1]}
    assert found["without"] == [1]


def test_facets_count_values(fill: Fill, viewer_client: Client) -> None:
    fill(an_event(), an_event(), an_event(eventName="PutObject"))

    found = ask(viewer_client, f"search/trail/facets?{SINCE}&fields=eventName&size=1")

    assert found["fields"]["eventName"] == {
        "values": [{"value": "GetObject", "count": 2}],
        "others": 1,
        "exact": True,
    }


@pytest.mark.parametrize(
    ("path", "status", "field", "message"),
    [
        ("search/trail?q=(a", 400, "q", "never closed at character 1"),
        ("search/trail?since=soon", 400, "since", "is not a time"),
        ("search/trail?size=0", 400, "size", "1 to 1,000"),
        ("search/trail?size=1001", 400, "size", "1 to 1,000"),
        ("search/trail?size=" + "9" * 5_000, 400, "size", "1 to 1,000"),
        ("search/trail?size=%D9%A5", 400, "size", "1 to 1,000"),
        ("search/trail?after=nonsense", 400, "after", ""),
        ("search/trail?q=eventName:" + "%3F" * 900, 400, "q", "too complex"),
        ("search/trail?" + "f=a:1&" * 200, 400, "q", "too many filters"),
        ("search/trail/facets", 400, "fields", "1 to 20"),
        (f"search/trail/histogram?{SINCE}&interval=1", 400, "interval", "at least 44"),
        ("search/nonsense", 404, "kind", "no kind 'nonsense'"),
        ("search/trail/lost", 404, None, "no event lost"),
    ],
)
def test_errors_say_what_where_and_what_to_do(
    client_of_data: Client, path: str, status: int, field: str | None, message: str
) -> None:
    error = ask(client_of_data, path, status)["error"]

    assert set(error) <= {"code", "message", "field"}
    assert error.get("field") == field
    assert message in error["message"]


def test_who_is_not_known_is_told_how_to_be(db: None) -> None:
    answer = Client().get("/api/v1/search/trail")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_is_stored_only_as_its_hash(viewer_client: Client) -> None:
    shown = viewer_client.post("/settings/tokens", {"name": "ci", "days": "30"})
    token = ApiToken.objects.get(user=User.objects.get(username="vera"))

    text = shown.content.decode()
    start = text.index("tm_")
    secret = text[start : text.index("<", start)]
    assert secret not in json.dumps([str(v) for v in vars(token).values()])
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=headers).json()["name"] == "vera"
    assert secret not in viewer_client.get("/settings/").content.decode()


@pytest.mark.parametrize("token", ["", "x", "tm_" + "a" * 64, "\xff\xfe", "a b c"])
def test_a_wrong_token_is_refused(db: None, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_the_api_describes_itself(db: None) -> None:
    schema = Client().get("/api/v1/schema").content.decode()

    for path in ("/search/{kind_name}", "/me", "/accounts"):
        assert path in schema
