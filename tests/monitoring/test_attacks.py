"""Charts, dashboards and alarms before those who mean harm: what is too much, too
deep or of somebody else is refused in words, and nothing breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from apps.discovery.roles import Role
from apps.monitoring.dashboards import saving
from apps.monitoring.dashboards.saving import Change
from apps.monitoring.models import MetricSeries
from tests.conftest import signed_in
from tests.factories import ACCOUNT, NOON, OTHER_ACCOUNT, a_user
from tests.monitoring.alarms.test_pages import a_change, an_alarm
from tests.monitoring.dashboards.things import (
    REGION,
    a_key,
    a_layout,
    a_line,
    a_panel,
    a_spec,
    a_text,
    draw_samples,
)
from tests.streams import text_of

pytestmark = pytest.mark.django_db
SPAN = {"since": "2026-07-01T12:00:00Z", "until": "2026-07-01T13:00:00Z"}
SECRET = 7_654_321.0
PAY = a_line(dimensions={"FunctionName": "pay"})
DEEP = "[" * 30_000 + "]" * 30_000


def chart_of(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"lines": list(lines), **fields}


def asked(chart: object, **more: str) -> str:
    text = chart if isinstance(chart, str) else json.dumps(chart)
    return urlencode({"chart": text, **SPAN, **more})


def content_of(answer: Any) -> str:
    return text_of(answer) if answer.streaming else str(answer.content.decode())


def expressions(*texts: str) -> dict[str, Any]:
    lines = [{"id": f"e{at}", "expression": text} for at, text in enumerate(texts)]
    return chart_of(PAY, *lines)


STRANGE = {
    "nested": expressions("(" * 500 + "a" + ")" * 500),
    "negated": expressions("-" * 1_000 + "a"),
    "powers": expressions("9 ^ 9 ^ 9 ^ 9 ^ 9 * a"),
    "chain": expressions(*["e0 + a", *(f"e{at} * e{at}" for at in range(45))]),
    "circle": expressions("e1", "e0"),
    "itself": expressions("e0 + 1"),
    "by zero": expressions("a / 0", "0 / 0 * a", "LOG(0 * a)", "a / (a - a)"),
    "functions": expressions("SUM(" * 100 + "METRICS()" + ")" * 100),
    "search": expressions("SEARCH('{AWS/Lambda} Errors', 'Sum', 1)", "METRICS()"),
    "period 1": chart_of(PAY, period=1),
    "period of text": chart_of(PAY, period="60"),
    "a flag as period": chart_of(PAY, period=True),
    "huge number": chart_of(PAY, y={"from": 1e308, "to": -1e308}),
    "fill": chart_of(PAY | {"fill": "1e999"}),
    "same ids": chart_of(PAY, PAY),
    "lines": chart_of(*[PAY] * 51),
    "dimensions": chart_of(PAY | {"dimensions": {str(at): "x" for at in range(31)}}),
    "nul": chart_of(PAY | {"namespace": "A\0B", "label": "\0"}),
    "surrogate": '{"lines":[{"expression":"\\ud800"}]}',
    "not a number": '{"lines":[],"y":{"from":NaN}}',
    "infinite": '{"lines":[],"period":Infinity}',
    "deep": DEEP,
    "deep inside": '{"lines":' + DEEP + "}",
    "a list": "[]",
    "a text": '"x"',
    "huge": chart_of(PAY, title="x" * 70_000),
    "band": chart_of(PAY, band={"of": "zz", "width": 1e9}),
    "list as kind": chart_of(PAY, kind=["line"]),
    "object as axis": chart_of(PAY | {"axis": {}}),
    "list as id": chart_of(PAY | {"id": ["a"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize(
    "path", ["/metrics/chart/", "/metrics/chart.csv", "/api/v1/metrics/data"]
)
def test_a_strange_chart_is_drawn_or_refused(
    viewer_client: Client, name: str, path: str
) -> None:
    draw_samples(a_key("pay"), [1, 0, 3])

    answer = viewer_client.get(f"{path}?{asked(STRANGE[name])}")

    assert answer.status_code in (200, 400), answer.content[-300:]
    assert "Traceback" not in content_of(answer)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_chart_is_posted(viewer_client: Client, name: str) -> None:
    chart = STRANGE[name]
    sent = chart if isinstance(chart, str) else json.dumps(chart)

    answer = viewer_client.post("/api/v1/metrics/data", sent, "application/json")

    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        json.loads(answer.content, parse_constant=pytest.fail)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_chart_is_changed_in_the_form(
    viewer_client: Client, name: str
) -> None:
    form = {"lines-0-label": "x", "period": "1" * 30, "y-unit": "x", "y-from": "nan"}

    answer = viewer_client.get(f"/metrics/chart/change?{asked(STRANGE[name], **form)}")

    assert answer.status_code in (302, 400)


TOO_MUCH = {
    "panels": a_layout(panels=[a_panel(id=f"p{at}") for at in range(10_000)]),
    "variables": a_layout(variables=[{"name": f"v{at}"} for at in range(1_000)]),
    "text": a_layout(panels=[a_text(text="x" * 30_000)]),
    "size": a_layout(description="x" * 3_000_000),
    "rows": a_layout(panels=[a_panel(h=10**9)]),
    "list as kind": a_layout(panels=[a_panel(kind=["chart"])]),
    "not a number": '{"title":"x","panels":[{"id":"a","kind":"text","x":NaN}]}',
    "deep": DEEP,
    "deep inside": '{"title":"x","panels":' + DEEP + "}",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_of_a_dashboard_is_refused(admin_client: Client, name: str) -> None:
    spec = TOO_MUCH[name]
    text = spec if isinstance(spec, str) else json.dumps(spec)

    posted = admin_client.post(
        "/api/v1/dashboards", '{"spec":' + text + "}", "application/json"
    )
    pasted = admin_client.post("/dashboards/import/", {"text": text, "name": "x"})

    assert posted.status_code in (400, 413)
    assert pasted.status_code in (400, 413, 200)
    assert b"Something went wrong" not in pasted.content


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_texts_that_cannot_be_stored_are_refused(
    admin_client: Client, text: str
) -> None:
    sent = json.dumps({"spec": a_layout(title=text)})

    answer = admin_client.post("/api/v1/dashboards", sent, "application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/alarms/?q=%00",
        "/alarms/?account=%00",
        "/dashboards/?q=%00",
        "/api/v1/metrics?namespace=%00&q=%00",
        "/api/v1/alarms?state=%00",
        "/metrics/?q=%00&namespace=%00",
        "/dashboards/add/?chart={}&dashboard=%00&panel=%00",
        "/metrics/chart/?dashboard=%00&panel=%00",
        "/metrics/collection/%00/",
        "/dashboards/auto/show?namespace=%00",
    ],
)
def test_nul_in_an_address_breaks_nothing(admin_client: Client, path: str) -> None:
    assert admin_client.get(path).status_code in (200, 400, 404)


MARKDOWN = (
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "[a]: javascript:alert(1)\n\n[a]",
    "<a href='javascript:alert(1)'>x</a>",
)


@pytest.mark.parametrize("text", MARKDOWN)
def test_texts_of_dashboards_run_nothing(viewer_client: Client, text: str) -> None:
    change = Change(a_user("eve", Role.OPERATOR), NOON)
    spec = a_spec(title=text, panels=[a_text(text=text, title=text)])
    board = saving.create(spec, change, is_shared=True)

    page = viewer_client.get(f"/dashboards/{board.slug}/").content.decode().lower()

    _, _, main = page.partition('id="main"')
    assert "<script>alert" not in main
    assert 'href="javascript' not in main
    assert 'href="data' not in main
    assert "<img" not in main


class TestAnotherAccount:
    """Vera sees one account; the secret is a number of another."""

    @pytest.fixture(autouse=True)
    def _secret(self) -> None:
        key = a_key("pay", account=OTHER_ACCOUNT)
        draw_samples(key, [SECRET, SECRET, SECRET])
        draw_samples(a_key("pay"), [1, 1, 1])

    @pytest.fixture
    def vera(self) -> Client:
        return signed_in("vera", Role.VIEWER, ACCOUNT)

    THEIRS = PAY | {"id": "b", "account": OTHER_ACCOUNT}
    SNEAKY = (
        chart_of(THEIRS),
        chart_of(PAY, THEIRS, {"id": "e", "expression": "a + b"}),
        chart_of(PAY, THEIRS | {"is_hidden": True}, {"id": "e", "expression": "b"}),
        chart_of(PAY, THEIRS, {"id": "e", "expression": "SUM(METRICS())"}),
        chart_of(PAY, {"id": "e", "expression": "SEARCH('pay', 'Sum', 60)"}),
        chart_of(THEIRS | {"statistic": "p99"}, compare="1d", band={"of": "b"}),
        chart_of(THEIRS | {"fill": "previous"}, kind="value"),
        chart_of(THEIRS, kind="table"),
    )

    @pytest.mark.parametrize("chart", SNEAKY)
    @pytest.mark.parametrize(
        "path", ["/metrics/chart/", "/metrics/chart.csv", "/api/v1/metrics/data"]
    )
    def test_charts_do_not_tell(
        self, vera: Client, chart: dict[str, Any], path: str
    ) -> None:
        assert not self.told(vera, f"{path}?{asked(chart)}")

    @pytest.mark.parametrize("account", [OTHER_ACCOUNT, "*", "${account}"])
    @pytest.mark.parametrize("kind", ["chart", "table", "value"])
    def test_panels_do_not_tell(self, vera: Client, account: str, kind: str) -> None:
        panel = a_panel(kind=kind, chart=chart_of(PAY | {"account": account}))
        variables = [{"name": "account", "kind": "account"}]
        spec = a_spec(panels=[panel], variables=variables)
        change = Change(a_user("olga", Role.OPERATOR), NOON)
        board = saving.create(spec, change, is_shared=True)
        query = urlencode({**SPAN, "var-account": OTHER_ACCOUNT})

        for path in ("", "panels/p1", "export.json"):
            for more in ("", "&as=table"):
                url = f"/dashboards/{board.slug}/{path}?{query}{more}"
                assert not self.told(vera, url)

    @pytest.mark.parametrize(
        "path",
        [
            "/metrics/?since=2026-07-01T12:00:00Z",
            "/api/v1/metrics",
            f"/api/v1/metrics?account={OTHER_ACCOUNT}",
            "/dashboards/auto/show?namespace=AWS/Lambda",
            "/dashboards/choices?name=a&kind=account",
            "/metrics/collection/",
            "/",
        ],
    )
    def test_lists_do_not_tell(self, vera: Client, path: str) -> None:
        shown = vera.get(path).content.decode()

        assert OTHER_ACCOUNT not in shown.replace(f"account={OTHER_ACCOUNT}", "")

    def test_a_chosen_series_of_others_is_not_drawn(self, vera: Client) -> None:
        theirs = MetricSeries.objects.get(account=OTHER_ACCOUNT)

        answer = vera.get(f"/metrics/draw?series={theirs.pk}")

        assert OTHER_ACCOUNT not in answer["Location"]

    def test_markers_are_of_accounts_one_may_see(self, vera: Client) -> None:
        dimensions = [{"Name": "FunctionName", "Value": "pay"}]
        settings: dict[str, Any] = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
        settings |= {"Dimensions": dimensions}
        alarm = an_alarm(
            "their-secret", "ALARM", account=OTHER_ACCOUNT, settings=settings
        )
        a_change(alarm, NOON.replace(minute=10), summary="their-secret went off")

        for chart in (chart_of(PAY), chart_of(PAY, self.THEIRS)):
            page = vera.get(f"/metrics/chart/?{asked(chart)}").content.decode()
            assert "their-secret" not in page

    def test_alarms_of_others_are_not_there(self, vera: Client) -> None:
        alarm = an_alarm("theirs", "ALARM", account=OTHER_ACCOUNT)

        for path in (f"/alarms/{alarm.pk}/", f"/api/v1/alarms/{alarm.pk}"):
            assert vera.get(path).status_code == 404
        assert ">theirs<" not in vera.get("/alarms/").content.decode()
        assert vera.get("/api/v1/alarms").json()["items"] == []

    def told(self, vera: Client, url: str) -> bool:
        answer = vera.get(url)
        seen = content_of(answer).replace(",", "")
        return any(one in seen for one in ("7654321", "7.654", "7654322"))


def test_the_secret_is_told_to_who_may_see_it(viewer_client: Client) -> None:
    """That what the others look for would be found."""
    draw_samples(a_key("pay", account=OTHER_ACCOUNT), [SECRET])
    told = TestAnotherAccount().told
    chart = chart_of(TestAnotherAccount.THEIRS)

    for path in ("/metrics/chart/", "/metrics/chart.csv", "/api/v1/metrics/data"):
        assert told(viewer_client, f"{path}?{asked(chart)}")
    assert REGION == "eu-west-1"
