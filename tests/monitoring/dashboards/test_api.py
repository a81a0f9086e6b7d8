"""What dashboards are on screen they are over REST."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.saving import Change
from apps.monitoring.models import Dashboard
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.dashboards.things import (
    a_key,
    a_layout,
    a_panel,
    a_spec,
    store_series,
)

pytestmark = pytest.mark.django_db
URL = "/api/v1/dashboards"


@pytest.fixture
def operator() -> Client:
    return signed_in("olga", Role.OPERATOR)


def send(client: Client, method: str, path: str, data: Any = None) -> Any:
    """Status and body of an answer."""
    text = json.dumps(data)
    answer = client.generic(method, URL + path, text, content_type="application/json")
    return answer.status_code, json.loads(answer.content or b"null")


def test_a_dashboard_is_made_read_saved_and_deleted(operator: Client) -> None:
    status, made = send(operator, "POST", "", {"spec": a_layout()})
    assert (status, made["slug"], made["version"]) == (201, "shop", 1)

    status, read = send(operator, "GET", "/shop")
    assert (status, read["spec"]) == (200, a_spec().as_json())

    changed = {"spec": a_layout(title="Shop 2"), "version": 1}
    status, saved = send(operator, "PUT", "/shop", changed)
    assert (status, saved["name"], saved["version"]) == (200, "Shop 2", 2)

    assert send(operator, "DELETE", "/shop")[0] == 204
    assert send(operator, "GET", "/shop")[0] == 404


def test_saving_over_what_one_has_not_read_is_a_conflict(operator: Client) -> None:
    send(operator, "POST", "", {"spec": a_layout()})
    send(operator, "PUT", "/shop", {"spec": a_layout(title="First"), "version": 1})

    late = {"spec": a_layout(title="Second"), "version": 1}
    status, answer = send(operator, "PUT", "/shop", late)

    assert (status, answer["error"]["code"]) == (409, "conflict")
    assert Dashboard.objects.get().name == "First"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"spec": {"title": ""}}, "spec.title"),
        ({"spec": a_layout(panels=[a_panel(w=99)])}, "spec.panels[0].w"),
        ({}, "spec"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    operator: Client, data: Any, field: str
) -> None:
    status, answer = send(operator, "POST", "", data)

    assert (status, answer["error"]["field"]) == (400, field)


def test_a_version_is_needed_to_save(operator: Client) -> None:
    send(operator, "POST", "", {"spec": a_layout()})

    status, answer = send(operator, "PUT", "/shop", {"spec": a_layout()})

    assert (status, answer["error"]["field"]) == (400, "version")


def test_the_list_goes_page_by_page(operator: Client) -> None:
    change = Change(a_user("ann", Role.OPERATOR), NOON)
    for at in range(101):
        saving.create(a_spec(title=f"Board {at:03}"), change, is_shared=True)

    _, first = send(operator, "GET", "")
    _, last = send(operator, "GET", f"?after={first['next']}")

    assert (len(first["items"]), len(last["items"]), last["next"]) == (100, 1, None)
    found = send(operator, "GET", "?q=Board 007")[1]["items"]
    assert [one["slug"] for one in found] == ["board-007"]


def test_viewers_read_and_do_not_write(viewer_client: Client) -> None:
    change = Change(a_user("ann", Role.OPERATOR), NOON)
    saving.create(a_spec(), change, is_shared=True)
    saving.create(a_spec(title="Hidden"), change, is_shared=False)

    assert len(send(viewer_client, "GET", "")[1]["items"]) == 1
    assert send(viewer_client, "GET", "/hidden")[0] == 404
    for method, path in (("POST", ""), ("PUT", "/shop"), ("DELETE", "/shop")):
        data = {"spec": a_layout(), "version": 1}
        assert send(viewer_client, method, path, data)[0] == 403, method
    assert send(viewer_client, "POST", "/import", {"body": {}})[0] == 403


def test_bodies_of_cloudwatch_go_in_and_out(operator: Client) -> None:
    store_series(a_key("pay"))
    body = {
        "widgets": [
            {"type": "text", "width": 6, "height": 2, "properties": {"markdown": "Hi"}},
            {"type": "custom", "properties": {"title": "Mine"}},
        ]
    }

    status, made = send(operator, "POST", "/import", {"body": body, "name": "Ours"})
    _, out = send(operator, "GET", "/ours/cloudwatch")

    assert (status, len(made["spec"]["panels"])) == (201, 1)
    assert made["notes"][0]["where"] == "widgets[1] “Mine”"
    assert out["body"]["widgets"][0]["properties"] == {"markdown": "Hi"}
    assert out["notes"] == []


def test_an_import_that_cannot_be_read_makes_nothing(operator: Client) -> None:
    status, answer = send(operator, "POST", "/import", {"body": "{"})

    assert (status, answer["error"]["field"]) == (400, "body")
    unknown = {"body": {"widgets": []}, "account": OTHER_ACCOUNT}
    assert send(operator, "POST", "/import", unknown)[0] == 400
    assert not Dashboard.objects.exists()


def test_automatic_dashboards_are_of_what_one_may_see() -> None:
    client = signed_in("vera", Role.VIEWER, ACCOUNT)
    store_series(a_key("pay"), a_key("merger", account=OTHER_ACCOUNT))

    _, listed = send(client, "GET", "/auto")
    _, one = send(client, "GET", "/auto?namespace=AWS/Lambda")

    assert [(item["namespace"], item["series"]) for item in listed["items"]] == [
        ("AWS/Lambda", 1)
    ]
    assert one["spec"]["title"] == "Lambda functions"
    assert send(client, "GET", "/auto?namespace=Nothing")[0] == 404


def test_the_schema_tells_of_dashboards(client: Client) -> None:
    schema = client.get("/api/v1/schema").content.decode()

    for path in ("", "/auto", "/import", "/{slug}", "/{slug}/cloudwatch"):
        assert f"/api/v1/dashboards{path}:" in schema
