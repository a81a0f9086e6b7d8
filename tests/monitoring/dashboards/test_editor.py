"""The editor changes what is in the page, and saves it over what it began from."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.saving import Change
from apps.monitoring.models import Dashboard
from tests.conftest import signed_in
from tests.factories import NOON, a_user
from tests.monitoring.dashboards.things import a_line, a_panel, a_spec, a_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("olga", Role.OPERATOR)


@pytest.fixture
def board() -> Dashboard:
    panels = [a_panel(), a_text(id="p2", x=12)]
    owner = Change(a_user("ann", Role.OPERATOR), NOON)
    return saving.create(a_spec(panels=panels), owner, is_shared=True)


def sent(client: Client, board: Dashboard, do: str, **fields: str) -> Any:
    """What the page answers after a button was pressed."""
    form = {"draft": board.spec, "version": str(board.version), "do": do} | fields
    return client.post(f"/dashboards/{board.slug}/edit", form)


def draft(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.context["text"])
    return found


def places(answer: Any) -> dict[str, list[int]]:
    return {
        one["id"]: [one["x"], one["y"], one["w"], one["h"]]
        for one in draft(answer)["panels"]
    }


def fields_of_first(**fields: str) -> dict[str, str]:
    """The fields of the first panel, as the page fills them."""
    chart = json.dumps({"kind": "line", "lines": [a_line()]})
    place = {"panel-x": "0", "panel-y": "0", "panel-w": "12", "panel-h": "6"}
    said = {"chosen": "p1", "panel-title": "Errors", "panel-chart": chart}
    return place | said | fields


def test_a_step_changes_the_page_and_not_yet_the_dashboard(
    client: Client, board: Dashboard
) -> None:
    answer = sent(client, board, "move:down:p1")

    assert places(answer) == {"p1": [0, 1, 12, 6], "p2": [12, 0, 12, 6]}
    assert "Not saved" in answer.content.decode()
    assert Dashboard.objects.get().version == 1


def test_dropping_puts_a_panel_where_it_was_dropped(
    client: Client, board: Dashboard
) -> None:
    assert places(sent(client, board, "drop:p1:6:2:8:4"))["p1"] == [6, 2, 8, 4]
    for wrong in ("drop:p1:23:0:9:1", "drop:p1:x:0:1:1", "drop:p1", "drop:p9:0:0:1:1"):
        assert places(sent(client, board, wrong))["p1"] == [0, 0, 12, 6]


@pytest.mark.parametrize(
    ("kind", "drawn"), [("chart", "line"), ("table", "table"), ("value", "value")]
)
def test_a_new_panel_is_chosen_at_once(
    client: Client, board: Dashboard, kind: str, drawn: str
) -> None:
    answer = sent(client, board, f"add:{kind}")

    added = draft(answer)["panels"][-1]
    assert (added["id"], added["kind"], added["chart"]["kind"]) == ("p3", kind, drawn)
    assert answer.context["draft"].chosen == "p3"


def test_texts_copies_removals_and_gaps(client: Client, board: Dashboard) -> None:
    assert draft(sent(client, board, "add:text"))["panels"][-1]["text"] == "New text"
    assert places(sent(client, board, "copy:p1"))["p3"] == [0, 6, 12, 6]
    assert list(places(sent(client, board, "remove:p1"))) == ["p2"]
    assert places(sent(client, board, "close-up"))["p1"] == [0, 0, 12, 6]


def test_fields_of_the_chosen_panel_are_taken(client: Client, board: Dashboard) -> None:
    fields = fields_of_first(**{"panel-title": "Failures", "panel-w": "8"})

    answer = sent(client, board, "apply", **fields)

    assert draft(answer)["panels"][0]["title"] == "Failures"
    assert places(answer)["p1"] == [0, 0, 8, 6]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"panel-chart": "{"}, "The chart: Line 1, column 2: this is not JSON"),
        ({"panel-chart": '{"kind":"cake"}'}, "panels[0].chart.kind: expected one of"),
        ({"panel-w": "wide"}, "panels[0].w: a whole number from 1 to 24 is expected"),
        ({"title": " "}, "title: a dashboard needs a title"),
    ],
)
def test_fields_that_are_wrong_are_told_and_nothing_is_saved(
    client: Client, board: Dashboard, fields: dict[str, str], said: str
) -> None:
    answer = sent(client, board, "save", **fields_of_first(**fields))

    assert answer.context["draft"].problem.startswith(said)
    assert Dashboard.objects.get().version == 1


def test_the_whole_can_be_changed_as_json(client: Client, board: Dashboard) -> None:
    text = json.dumps(a_spec(title="Other").as_json())

    assert draft(sent(client, board, "json", json=text))["title"] == "Other"
    wrong = sent(client, board, "json", json='{"title": "x", "panels": [7]}')
    assert wrong.context["draft"].problem == ("panels[0]: an object is expected, not 7")
    assert wrong.context["json"] == '{"title": "x", "panels": [7]}'


def test_variables_come_and_go(client: Client, board: Dashboard) -> None:
    fields = {"variable-name": "stage", "variable-kind": "list"}

    added = sent(
        client, board, "add-variable", **fields, **{"variable-values": "prod, test"}
    )
    gone = sent(client, board, "remove-variable:function")
    wrong = sent(client, board, "add-variable", **fields)

    assert draft(added)["variables"][1]["values"] == ["prod", "test"]
    assert draft(gone)["variables"] == []
    assert "variables[1].values" in wrong.context["draft"].problem


def test_saving_keeps_who_and_what(client: Client, board: Dashboard) -> None:
    answer = sent(client, board, "save", what="Renamed", title="Shop 2")

    saved = Dashboard.objects.get()
    assert answer["Location"] == "/dashboards/shop/"
    assert (saved.name, saved.version) == ("Shop 2", 2)
    newest = saved.versions.all()[0]
    assert (newest.what, str(newest.saved_by)) == ("Renamed", "olga")


def test_two_who_edit_do_not_overwrite_each_other_unseen(
    client: Client, board: Dashboard
) -> None:
    saving.save(board, a_spec(title="Ann's"), Change(a_user("bob"), NOON))

    late = sent(client, board, "save", title="Mine")

    assert "bob saved version 2" in late.context["draft"].problem
    assert Dashboard.objects.get().name == "Ann's"
    again = {"draft": late.context["text"], "version": "2", "do": "save"}
    client.post("/dashboards/shop/edit", again)
    assert (Dashboard.objects.get().name, Dashboard.objects.get().version) == (
        "Mine",
        3,
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"title": ""}'])
def test_a_page_that_sends_no_dashboard_begins_again(
    client: Client, board: Dashboard, text: str
) -> None:
    answer = sent(client, board, "save", draft=text)

    assert answer["Location"] == "/dashboards/shop/edit"
    assert Dashboard.objects.get().version == 1


def test_the_own_dashboard_of_another_cannot_be_edited(client: Client) -> None:
    owner = Change(a_user("ann", Role.OPERATOR), NOON)
    hidden = saving.create(a_spec(), owner, is_shared=False)

    assert client.get(f"/dashboards/{hidden.slug}/edit").status_code == 404
    assert sent(client, hidden, "save").status_code == 404
