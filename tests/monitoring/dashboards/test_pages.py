"""Pages of dashboards: shown, searched, changed, and never of other accounts."""

import html
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.saving import Change
from apps.monitoring.models import Dashboard, SeriesInterest
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.dashboards.things import (
    a_key,
    a_layout,
    a_line,
    a_panel,
    a_spec,
    a_text,
    draw_samples,
    store_series,
)

pytestmark = pytest.mark.django_db
SPAN = "since=2026-07-01T12:00:00Z&until=2026-07-01T13:00:00Z"


@pytest.fixture
def operator() -> Client:
    return signed_in("olga", Role.OPERATOR)


def a_board(*, is_shared: bool = True, **layout: Any) -> Dashboard:
    owner = a_user(f"owner-{Dashboard.objects.count()}", Role.OPERATOR)
    return saving.create(a_spec(**layout), Change(owner, NOON), is_shared=is_shared)


def body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def panel_of(client: Client, kind: str, more: str = "", **line: Any) -> str:
    """A panel of a kind over an hour, of a board of its own."""
    chart = {"kind": "line", "period": 60, "lines": [a_line(**line)]}
    board = a_board(panels=[a_panel(kind=kind, chart=chart)])
    return body(client, f"/dashboards/{board.slug}/panels/p1?{SPAN}{more}")


def test_the_list_shows_what_is_shared_and_ones_own(viewer_client: Client) -> None:
    a_board(title="Everybody's")
    a_board(title="Hidden one", is_shared=False)

    shown = body(viewer_client, "/dashboards/")

    assert "Everybody&#x27;s" in shown and "Hidden one" not in shown
    assert "No dashboard" in body(viewer_client, "/dashboards/?q=nothing")


def test_an_empty_list_says_where_to_go(viewer_client: Client) -> None:
    shown = body(viewer_client, "/dashboards/")

    assert "Nobody has made a dashboard yet" in shown
    assert 'href="/dashboards/auto/"' in shown


def test_a_page_has_its_panels_asked_for_one_by_one(viewer_client: Client) -> None:
    store_series(a_key("pay"), a_key("mail"))
    board = a_board(
        panels=[a_panel(), a_text(id="p2", x=12, text="# Hello ${function}")]
    )

    shown = body(viewer_client, f"/dashboards/{board.slug}/?{SPAN}&var-function=pay")

    assert f'hx-get="/dashboards/{board.slug}/panels/p1?since=2026-07-01T12' in shown
    assert "var-function=pay" in shown and "Errors of pay" in shown
    assert '<option value="pay" selected>pay</option>' in shown
    assert "<h1>Hello pay</h1>" in shown


def test_it_opens_with_its_own_time(viewer_client: Client) -> None:
    board = a_board(time={"since": "now-6h", "until": "now"})

    assert "Last 6 hours" in body(viewer_client, f"/dashboards/{board.slug}/")


def test_a_time_that_is_none_is_told(viewer_client: Client) -> None:
    board = a_board()

    for path in ("", "panels/p1"):
        shown = body(viewer_client, f"/dashboards/{board.slug}/{path}?since=soon")
        assert "&#x27;soon&#x27; is not a time" in shown


def test_what_is_not_shared_is_not_there(viewer_client: Client) -> None:
    board = a_board(is_shared=False)

    for path in ("", "panels/p1", "history", "export", "export.json"):
        answer = viewer_client.get(f"/dashboards/{board.slug}/{path}")
        assert answer.status_code == 404, path


def test_a_chart_is_drawn_from_the_store(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1, 2, 3])

    shown = panel_of(viewer_client, "chart", "&var-function=pay")

    figure = json.loads(shown.partition('type="application/json"')[2].partition(">")[2]
                        .partition("</script>")[0])  # fmt: skip
    assert figure["data"][-1]["name"] == "Errors Sum · pay"
    assert figure["data"][-1]["y"][:3] == [1, 2, 3]


def test_a_value_is_the_newest_with_its_change(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1, 2, 40])

    shown = panel_of(viewer_client, "value", "&var-function=pay")

    assert "<dd>40</dd>" in shown and "12:02:00" in shown
    assert '<path d="M0.0' in shown


def test_a_table_has_a_row_for_each_line(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1, 2, 6])
    draw_samples(a_key("mail"), [5])

    shown = panel_of(viewer_client, "table")

    assert shown.index(">mail</th>") < shown.index(">pay</th>")
    assert "<td>6</td><td>3</td><td>1</td><td>6</td>" in shown


def test_the_numbers_of_a_panel_are_a_table_too(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1, 2, 3])

    shown = panel_of(viewer_client, "chart", "&var-function=pay&as=table")

    assert shown.count("<tr>") == 4 and "12:02:00" in shown


def test_a_panel_shows_nothing_of_accounts_one_may_not_see() -> None:
    client = signed_in("vera", Role.VIEWER, ACCOUNT)
    draw_samples(a_key("pay"), [1])
    draw_samples(a_key("merger", account=OTHER_ACCOUNT), [77])

    everything = panel_of(client, "chart", account="*")
    exactly = panel_of(client, "chart", account=OTHER_ACCOUNT, dimensions={})

    assert "pay" in everything and "merger" not in everything
    assert OTHER_ACCOUNT not in everything
    assert "1 metric is not shown: not known, or of an account that you may" in exactly


def test_choices_are_those_one_may_see() -> None:
    client = signed_in("vera", Role.VIEWER, ACCOUNT)
    store_series(a_key("pay"), a_key("merger", account=OTHER_ACCOUNT))
    board = a_board()

    shown = body(client, f"/dashboards/{board.slug}/")

    assert "pay" in shown and "merger" not in shown


def test_what_is_drawn_is_charged_to_the_dashboard(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1])

    panel_of(viewer_client, "chart", "&var-function=pay")

    board = Dashboard.objects.get()
    lately = SeriesInterest.objects.filter(is_kept=False)
    assert [one.by for one in lately] == [f"dashboard:{board.pk}"]


def test_a_panel_without_series_says_what_it_looks_for(viewer_client: Client) -> None:
    shown = panel_of(viewer_client, "chart")

    assert "AWS/Lambda Errors {FunctionName=all}: no metric is known" in shown


def test_hostile_names_are_shown_as_text(viewer_client: Client) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    draw_samples(a_key(name), [1])
    board = a_board(title=name, panels=[a_panel(title=name)])

    for path in ("/dashboards/", f"/dashboards/{board.slug}/"):
        assert "<img" not in body(viewer_client, path)
    assert "<img" not in body(
        viewer_client, f"/dashboards/{board.slug}/panels/p1?{SPAN}"
    )


def test_a_new_dashboard_opens_in_the_editor(operator: Client) -> None:
    answer = operator.post("/dashboards/new", {"name": "Shop"})

    assert answer["Location"] == "/dashboards/shop/edit"
    assert "No panels yet" in body(operator, "/dashboards/shop/edit")


def test_it_can_be_kept_to_oneself_and_shared_again(operator: Client) -> None:
    operator.post("/dashboards/new", {"name": "Shop"})

    operator.post("/dashboards/shop/share")
    assert not Dashboard.objects.get().is_shared
    operator.post("/dashboards/shop/share", {"shared": "on"})
    assert Dashboard.objects.get().is_shared


def test_nobody_takes_the_dashboard_of_another_for_themselves(operator: Client) -> None:
    board = a_board()

    operator.post(f"/dashboards/{board.slug}/share")

    assert Dashboard.objects.get().is_shared


def test_versions_are_listed_and_come_back(operator: Client) -> None:
    board = a_board()
    saving.save(board, a_spec(title="Worse"), Change(a_user("bob"), NOON, "Tried"))

    assert "Tried" in body(operator, f"/dashboards/{board.slug}/history")
    operator.post(f"/dashboards/{board.slug}/history/1/restore")

    assert (Dashboard.objects.get().name, Dashboard.objects.get().version) == (
        "Shop",
        3,
    )


def test_copying_and_deleting(operator: Client) -> None:
    board = a_board()

    operator.post(f"/dashboards/{board.slug}/copy")
    operator.post(f"/dashboards/{board.slug}/delete")

    copy = Dashboard.objects.get()
    assert (copy.name, copy.is_shared) == ("Copy of Shop", False)


def test_both_exports_are_files(viewer_client: Client) -> None:
    board = a_board()

    ours = viewer_client.get(f"/dashboards/{board.slug}/export.json")
    theirs = viewer_client.get(f"/dashboards/{board.slug}/export.json?form=cloudwatch")

    assert json.loads(ours.content) == a_spec().as_json()
    assert json.loads(theirs.content)["widgets"][0]["type"] == "metric"
    assert 'filename="shop.cloudwatch.json"' in theirs["Content-Disposition"]
    shown = body(viewer_client, f"/dashboards/{board.slug}/export")
    assert "Begins with its first value" in shown


def test_a_chart_is_added_to_a_new_dashboard_or_to_one_there_is(
    operator: Client,
) -> None:
    chart = json.dumps({"kind": "value", "title": "Now", "lines": [a_line()]})
    assert "a new one" in body(
        operator, f"/dashboards/add/?{urlencode({'chart': chart})}"
    )

    operator.post("/dashboards/add/", {"chart": chart, "name": "Fresh"})
    operator.post("/dashboards/add/", {"chart": chart, "dashboard": "fresh"})
    changed = {"chart": chart, "dashboard": "fresh", "panel": "p1", "title": "Other"}
    operator.post("/dashboards/add/", changed)

    panels = saving.spec_of(Dashboard.objects.get()).panels
    assert [(one.id, one.kind, one.title) for one in panels] == [
        ("p1", "value", "Other"), ("p2", "value", "Now"),
    ]  # fmt: skip


def link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    [found] = re.findall(r'href="([^"]+)"[^>]*>(?:<svg.*?</svg>)? ' + words, page)
    return html.unescape(found)


def test_a_panel_is_opened_as_a_chart_and_saved_back(operator: Client) -> None:
    line = a_line(dimensions={"FunctionName": "pay"})
    draw_samples(a_key("pay"), [1])
    board = a_board(panels=[a_panel(chart={"lines": [line]}), a_text(id="p2", y=6)])

    menu = body(operator, f"/dashboards/{board.slug}/panels/p1?since=now-2h")
    chart = body(operator, link(menu, "Open the chart"))
    form = body(operator, link(chart, "Save to the dashboard"))
    [made] = re.findall(r'name="chart" value="([^"]+)"', form)
    sent = json.loads(html.unescape(made)) | {"kind": "area"}
    saved = {"chart": json.dumps(sent), "dashboard": board.slug, "panel": "p1"}
    operator.post("/dashboards/add/", saved)

    assert "Save it in place of Errors of ${function}" in form
    spec = saving.spec_of(Dashboard.objects.get())
    assert [one.id for one in spec.panels] == ["p1", "p2"]
    assert spec.panels[0].chart["kind"] == "area"


def test_saving_back_says_which_variables_it_would_fix(operator: Client) -> None:
    draw_samples(a_key("pay"), [1])
    board = a_board()

    menu = body(operator, f"/dashboards/{board.slug}/panels/p1?var-function=pay")
    chart = body(operator, link(menu, "Open the chart"))
    form = body(operator, link(chart, "Save to the dashboard"))

    assert "The panel has the variable <code>function</code>" in form


def test_the_way_back_outlives_a_change_of_the_chart(operator: Client) -> None:
    board = a_board()
    asked = {"chart": json.dumps({"lines": [a_line()]}), "dashboard": board.slug}
    asked |= {"panel": "p1", "title": "Better"}

    changed = operator.get(f"/metrics/chart/change?{urlencode(asked)}")

    assert f"dashboard={board.slug}&panel=p1" in changed["Location"]


def test_who_may_not_save_a_chart_is_not_offered_it(viewer_client: Client) -> None:
    draw_samples(a_key("pay"), [1])
    board = a_board()

    menu = body(viewer_client, f"/dashboards/{board.slug}/panels/p1?var-function=pay")
    chart = body(viewer_client, link(menu, "Open the chart"))

    assert "Save to the dashboard" not in chart
    assert "Add to a dashboard" not in chart
    assert f'href="/dashboards/{board.slug}/"' in chart


@pytest.mark.parametrize("chart", ["", "{", "[]", '{"kind": "cake"}', "[" * 50_000])
def test_an_address_without_a_chart_is_told(operator: Client, chart: str) -> None:
    answer = operator.get(f"/dashboards/add/?{urlencode({'chart': chart})}")

    assert answer.status_code == 404


def test_without_metrics_automatic_dashboards_say_why(viewer_client: Client) -> None:
    page = body(viewer_client, "/dashboards/auto/")

    assert "No metric is known yet that you may see" in page


def test_automatic_dashboards_are_of_what_one_may_see() -> None:
    client = signed_in("vera", Role.VIEWER, ACCOUNT)
    draw_samples(a_key("pay"), [1])
    store_series(a_key("merger", account=OTHER_ACCOUNT))

    listed = body(client, "/dashboards/auto/")
    shown = body(client, "/dashboards/auto/show?namespace=AWS/Lambda")
    panel = body(client, f"/dashboards/auto/panels/t1?namespace=AWS/Lambda&{SPAN}")

    assert "Lambda functions" in listed and "SQS queues" in listed
    assert "pay" in shown and "merger" not in shown
    assert "pay" in panel and "merger" not in panel
    assert client.get("/dashboards/auto/show?namespace=Nothing").status_code == 404


def test_an_automatic_dashboard_can_be_kept(operator: Client) -> None:
    store_series(a_key("pay"))

    operator.post("/dashboards/auto/copy", {"namespace": "AWS/Lambda"})

    kept = Dashboard.objects.get()
    assert (kept.slug, kept.is_shared) == ("lambda-functions", False)


def test_an_import_is_shown_with_what_is_different(operator: Client) -> None:
    text = json.dumps({"widgets": [{"type": "explorer", "properties": {}}]})

    answer = operator.post("/dashboards/import/", {"text": text, "name": "Fleet"})

    assert "widgets of type &#x27;explorer&#x27;" in answer.content.decode()
    assert Dashboard.objects.get().name == "Fleet"


def test_our_own_export_is_imported_whole(operator: Client) -> None:
    answer = operator.post("/dashboards/import/", {"text": json.dumps(a_layout())})

    assert answer["Location"] == "/dashboards/shop/"
    assert saving.spec_of(Dashboard.objects.get()) == a_spec()


@pytest.mark.parametrize("text", ["", "{", '{"title": "x", "panels": [{}]}'])
def test_what_cannot_be_imported_is_told_and_kept(operator: Client, text: str) -> None:
    answer = operator.post("/dashboards/import/", {"text": text})

    assert "Nothing was imported" in answer.content.decode()
    assert not Dashboard.objects.exists()


CHOICES = (
    "/dashboards/choices?name=function&kind=dimension&namespace=AWS/Lambda"
    "&dimension=FunctionName&var-function="
)


def test_of_many_values_one_is_found_by_typing(viewer_client: Client) -> None:
    store_series(*(a_key(f"worker-{at:03}") for at in range(250)), a_key("Zebra"))
    board = a_board()

    page = body(viewer_client, f"/dashboards/{board.slug}/?var-function=Zebra")

    assert "All 251: type to find one" in page
    assert 'name="var-function" value="Zebra"' in page
    assert '"Zebra"' in body(viewer_client, CHOICES + "zeb")
    assert "worker" not in body(viewer_client, CHOICES + "zeb")
    assert "251 fit: type more of it" in body(viewer_client, CHOICES)


def test_choices_are_of_accounts_one_may_see() -> None:
    store_series(a_key("mine"), a_key("theirs", account=OTHER_ACCOUNT))

    offered = body(signed_in("vera", Role.VIEWER, ACCOUNT), CHOICES)

    assert '"mine"' in offered
    assert "theirs" not in offered


@pytest.mark.parametrize("wrong", ["kind=nothing&name=a", "name=%00&kind=region", ""])
def test_choices_of_no_variable_are_not_found(
    viewer_client: Client, wrong: str
) -> None:
    assert viewer_client.get(f"/dashboards/choices?{wrong}").status_code == 404


def test_several_values_outlive_the_choice_of_another(viewer_client: Client) -> None:
    store_series(a_key("pay"), a_key("mail"), a_key("cart"))
    board = a_board()
    asked = f"/dashboards/{board.slug}/?var-function=pay&var-function=mail"

    page = body(viewer_client, asked)
    [value] = re.findall(r'<option value="([^"]+)" selected>2 chosen', page)
    again = body(
        viewer_client, f"/dashboards/{board.slug}/?{urlencode({'var-function': value})}"
    )

    assert "var-function=pay&amp;var-function=mail" in again
