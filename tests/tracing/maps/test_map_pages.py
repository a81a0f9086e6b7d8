"""Pages of the map, its files and its API."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.roles import Role
from apps.tracing.maps.servicemap import ServiceMap
from apps.tracing.models import TraceCoverage, TraceScope
from tests.conftest import signed_in
from tests.factories import OTHER_ACCOUNT, an_account
from tests.monitoring.alarms.test_pages import an_alarm
from tests.tracing.maps import kept, made

pytestmark = pytest.mark.django_db
NOW = int(time.time()) // 60 * 60
HALF_AN_HOUR = 1_800


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


WINDOW = f"since={moment(NOW - HALF_AN_HOUR)}&until={moment(NOW)}"
CHECKOUT = quote("checkout~AWS::ECS::Container~111122223333")


def keep(map_: ServiceMap, minutes_ago: int = 10) -> None:
    """One minute with all calls of the map."""
    kept.keep(map_, NOW - minutes_ago * 60, 1, lambda _: 1.0)


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_without_traces_the_page_says_how_to_get_some(viewer_client: Client) -> None:
    page = text(viewer_client, "/map/")

    assert "No traces yet" in page
    assert "import xray" in page


def test_an_empty_window_leads_to_the_last_traces(viewer_client: Client) -> None:
    keep(made.shop(), minutes_ago=600)

    page = text(viewer_client, "/map/")

    assert "No traces in this time" in page
    assert "Go to the last traces" in page


def test_a_time_that_is_none_is_told(viewer_client: Client) -> None:
    answer = viewer_client.get("/map/?since=soon")

    assert answer.status_code == 400
    assert "is not a time" in answer.content.decode()


def test_the_map_is_drawn_with_what_was_counted(viewer_client: Client) -> None:
    keep(made.shop())

    page = text(viewer_client, f"/map/?{WINDOW}")

    assert page.count("data-x=") == 12
    assert "41.3/min · \u2715\u20098.5 %" in page  # 1,240 calls in half an hour
    assert "12 nodes, 12 edges" in page
    assert "<strong>sampled</strong> traces" in page


def test_an_expression_that_cannot_be_read_is_pointed_at(viewer_client: Client) -> None:
    keep(made.shop())

    page = text(viewer_client, f"/map/?{WINDOW}&find=foo:1")

    assert "There is no field foo at character 1" in page
    assert page.count("data-x=") == 12


def test_hiding_everything_offers_to_show_it(viewer_client: Client) -> None:
    keep(made.shop())

    assert "Everything is hidden" in text(viewer_client, f"/map/?{WINDOW}&hide=*")


def test_the_panel_of_a_node_leads_to_its_traces_and_logs(
    viewer_client: Client,
) -> None:
    keep(made.shop())

    page = text(viewer_client, f"/map/panel?{WINDOW}&select={CHECKOUT}")

    assert "1,240 sampled" in page
    assert "7.4 %" in page
    assert (
        quote('service("checkout") { fault = true }', safe="/").replace("%20", "+")
        in page
    )
    assert "/explore/logs/?q=%40logGroup%3A%2Acheckout%2A" in page
    assert page.count("<rect") > 3


def test_the_panel_of_an_edge_leads_to_the_traces_of_the_edge(
    viewer_client: Client,
) -> None:
    keep(made.shop())
    selected = quote("checkout~AWS::ECS::Container~111122223333 -> "
                     "stock~Database::SQL~111122223333")  # fmt: skip

    page = text(viewer_client, f"/map/panel?{WINDOW}&select={selected}")

    assert "checkout → stock" in page
    assert "edge%28%22checkout%22%2C+%22stock%22%29" in page


def test_what_is_chosen_and_not_there_is_told(viewer_client: Client) -> None:
    keep(made.shop())

    assert "nobody is not on the map" in text(
        viewer_client, f"/map/panel?{WINDOW}&select=nobody"
    )


def test_the_table_says_what_the_picture_says_in_any_order(
    viewer_client: Client,
) -> None:
    keep(made.shop())

    page = text(viewer_client, f"/map/?{WINDOW}&view=table&sort=-faults")

    assert page.index(">payment-provider-adapter<") < page.index(">catalogue<")
    assert 'aria-sort="descending"' in page


def test_files_have_every_node_and_every_edge(viewer_client: Client) -> None:
    keep(made.shop())

    nodes = text(viewer_client, f"/map/map.csv?{WINDOW}").splitlines()
    edges = text(viewer_client, f"/map/map.csv?{WINDOW}&part=edges").splitlines()

    assert len(nodes) == len(edges) == 13
    assert "111122223333,AWS::ECS::Container,checkout,1240,92,14,0" in "\n".join(nodes)


def test_names_are_no_formulas_in_files(viewer_client: Client) -> None:
    keep(made.service_map([made.node("=1+1")], []))

    assert "'=1+1" in text(viewer_client, f"/map/map.csv?{WINDOW}")


def test_the_picture_as_a_file_needs_nothing_else(viewer_client: Client) -> None:
    keep(made.shop())

    answer = viewer_client.get(f"/map/map.svg?{WINDOW}&theme=dark")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own

    assert answer["Content-Disposition"].startswith("attachment")
    assert root.get("data-theme") == "dark"
    style = root.find("{http://www.w3.org/2000/svg}style")
    assert style is not None
    assert "--surface" in str(style.text)
    assert "url(" not in str(style.text)


def test_the_strip_opens_any_time_as_long_as_the_window(viewer_client: Client) -> None:
    keep(made.shop(), minutes_ago=10)
    keep(made.shop(), minutes_ago=200)

    page = text(viewer_client, f"/map/strip?{WINDOW}")

    assert page.count('class="calls"') == 2
    first = page.split('<a href="')[2].split('"')[0].replace("&amp;", "&")
    times = parse_qs(urlsplit(first).query)
    length = datetime.fromisoformat(times["until"][0]) - datetime.fromisoformat(
        times["since"][0]
    )
    assert length == timedelta(minutes=30)


def test_time_that_was_not_read_is_said(viewer_client: Client) -> None:
    keep(made.shop())
    scope = TraceScope.objects.create(
        account=an_account(), region="eu-west-1", is_enabled=True
    )
    TraceCoverage.objects.create(
        scope=scope,
        since=timezone.now() - timedelta(days=1),
        until=timezone.now() - timedelta(minutes=20),
    )

    page = text(viewer_client, f"/map/?{WINDOW}")

    assert "was not read from" in page
    assert str(scope) in page


def test_services_of_accounts_that_one_may_not_see_are_hidden() -> None:
    keep(made.shop())
    client = signed_in("olga", Role.VIEWER, OTHER_ACCOUNT)

    page = text(client, f"/map/?{WINDOW}")
    panel = text(client, f"/map/panel?{WINDOW}&select={CHECKOUT}")
    api = client.get(f"/api/v1/map?{WINDOW}").json()

    assert "checkout" not in page
    assert "1,240" not in panel
    assert api["nodes"] == []


def test_alarms_are_badges(viewer_client: Client) -> None:
    keep(made.shop())
    settings = {
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "ServiceName", "Value": "checkout"}],
    }
    alarm = an_alarm("checkout-cpu", "ALARM", settings=settings, account="111122223333")

    found = viewer_client.get(f"/map/badges?{WINDOW}").json()

    (badge,) = found["badges"].values()
    assert f'href="/alarms/{alarm.pk}/"' in badge
    assert "checkout-cpu" in badge


def test_the_api_has_the_figures(viewer_client: Client) -> None:
    keep(made.shop())

    found = viewer_client.get(
        f"/api/v1/map?{WINDOW}&focus=checkout&direction=up&find=is:failing"
    ).json()
    by_name = {one["name"]: one for one in found["nodes"]}

    assert set(by_name) == {"checkout", "shop-api/prod"}
    assert by_name["checkout"]["figures"]["faults"] == 92
    assert by_name["checkout"]["health"] == "failing"
    assert [one["name"] for one in found["nodes"] if one["found"]] == ["checkout"]
    assert found["edges"][0]["target"].startswith("checkout~")


@pytest.mark.parametrize(
    ("query", "field"),
    [("find=foo:1", "find"), ("hide=(", "hide"), ("focus=nobody", "focus")],
)
def test_the_api_names_what_it_cannot_read(
    viewer_client: Client, query: str, field: str
) -> None:
    keep(made.shop())

    answer = viewer_client.get(f"/api/v1/map?{WINDOW}&{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


COMPARED = (
    f"a={moment(NOW - 5 * HALF_AN_HOUR)}&b={moment(NOW - HALF_AN_HOUR)}&minutes=30"
)


def keep_both() -> None:
    keep(made.shop())
    keep(made.before_the_outage(), minutes_ago=140)


def test_two_windows_are_compared_on_one_map(viewer_client: Client) -> None:
    keep_both()

    page = text(viewer_client, f"/map/compare/?{COMPARED}")

    assert page.count(" c-new") >= 2
    assert " c-gone" in page
    assert "very unlikely by chance" in page
    assert "mail-relay" in page


def test_a_comparison_tells_what_of_its_windows_was_not_read(
    viewer_client: Client,
) -> None:
    keep_both()
    TraceScope.objects.create(account=an_account(), region="eu-west-1", is_enabled=True)

    page = text(viewer_client, f"/map/compare/?{COMPARED}")

    assert page.count("was not read from") == 2
    assert "What is new or gone may only not have been read." in page


def test_a_comparison_of_nothing_leads_back(viewer_client: Client) -> None:
    assert "No traces in either window" in text(viewer_client, "/map/compare/")


def test_windows_that_cannot_be_are_told(viewer_client: Client) -> None:
    same = viewer_client.get("/map/compare/?a=now-1h&b=now-1h")
    none = viewer_client.get("/map/compare/?a=soon")

    assert same.status_code == none.status_code == 400
    assert "Both windows are the same" in same.content.decode()


def test_the_api_says_what_differs_and_how_surely(viewer_client: Client) -> None:
    keep_both()

    found = viewer_client.get(f"/api/v1/map/diff?{COMPARED}").json()
    worst = found["edges"][0]

    assert worst["change"] == "worse"
    assert worst["shifts"][0]["measure"] == "faults"
    assert worst["shifts"][0]["p"] < 0.001
    assert {one["change"] for one in found["edges"]} == {"worse", "new", "gone", None}


def test_home_names_what_fails(viewer_client: Client) -> None:
    keep(made.shop())

    page = text(viewer_client, "/")

    assert "3 <span>failing, last hour" in page
    assert "select=payment-provider-adapter~AWS%3A%3ALambda" in page


def test_all_time_is_a_window_too(viewer_client: Client) -> None:
    keep(made.shop())
    query = "since=2000-01-01&until=now"

    assert text(viewer_client, f"/map/?{query}&by=none").count("data-x=") == 12
    assert "1,240 sampled" in text(
        viewer_client, f"/map/panel?{query}&select={CHECKOUT}"
    )
    assert "strip-bars" in text(viewer_client, f"/map/strip?{query}")
