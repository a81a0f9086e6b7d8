"""The browser and the chart page: found, drawn, changed, all of it in the URL."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from django.utils import timezone

from apps.discovery.models import Account
from apps.discovery.roles import Role
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.models import SeriesInterest, WantedStatistic
from tests.conftest import signed_in
from tests.factories import ACCOUNT, OTHER_ACCOUNT, a_user
from tests.monitoring.charts.examples import REGION, a_key, a_line, a_spec
from tests.monitoring.charts.stored import HOUR, MINUTE, NOW, a_series, cover, keep
from tests.streams import text_of as streamed

pytestmark = pytest.mark.django_db
NOON_HOUR = {"since": "2026-07-01T11:00:00Z", "until": "2026-07-01T12:00:00Z"}


def text_of(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def chart(spec: dict[str, Any], **more: str) -> dict[str, str]:
    return {"chart": json.dumps(spec), **NOON_HOUR, **more}


def chart_in(url: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(parse_qs(urlparse(url).query)["chart"][0])
    return value


def changed(client: Client, spec: dict[str, Any], **form: Any) -> dict[str, Any]:
    answer = client.get("/metrics/chart/change", chart(spec) | form)
    assert answer.status_code == 302, answer.content.decode()
    assert "since=2026-07-01" in answer.url  # type: ignore[attr-defined]
    return chart_in(answer.url)  # type: ignore[attr-defined]


class TestBrowser:
    def test_without_accounts_it_says_to_connect_one(
        self, admin_client: Client
    ) -> None:
        assert "Connect an account" in admin_client.get("/metrics/").content.decode()

    def test_before_the_first_look_it_says_so(self, admin_client: Client) -> None:
        Account.objects.create(number=ACCOUNT, is_connected=True)

        assert "No metrics are known yet" in text_of(admin_client.get("/metrics/"))

    def test_every_word_must_match_somewhere(self, admin_client: Client) -> None:
        a_series(a_key("CPUUtilization", ServiceName="orders"))
        a_series(a_key("CPUUtilization", ServiceName="mailer"))
        a_series(a_key("MemoryUtilization", ServiceName="orders"))

        page = text_of(admin_client.get("/metrics/", {"q": "ORDERS cpu"}))

        assert "<strong>1</strong> metric" in page
        assert "mailer" not in page

    def test_those_named_so_come_first(self, admin_client: Client) -> None:
        a_series(a_key("Latency", ServiceName="errors"))
        a_series(a_key("Errors", ServiceName="zz"))

        page = text_of(admin_client.get("/metrics/", {"q": "errors"}))

        assert page.index(">Errors<") < page.index(">Latency<")

    def test_nothing_found_says_what_was_searched(self, admin_client: Client) -> None:
        a_series(a_key())

        page = text_of(admin_client.get("/metrics/?q=zz&region=eu-west-1"))

        assert "No metric matches" in page
        assert "Show all metrics" in page

    def test_a_namespace_opens_into_its_metrics(self, admin_client: Client) -> None:
        a_series(a_key("CPUUtilization"))
        a_series(MetricKey((ACCOUNT), REGION, "Shop", "Orders"))

        page = text_of(admin_client.get("/metrics/", {"namespace": "Shop"}))

        assert "name=Orders" in page
        assert "name=CPUUtilization" not in page

    def test_the_last_hours_are_drawn(self, admin_client: Client) -> None:
        now = int(timezone.now().timestamp()) // 300 * 300
        keep(a_series(a_key()), now - HOUR, [5.0] * 60)

        page = text_of(admin_client.get("/metrics/"))

        assert page.count("<polyline") == 1
        assert "5 %" in page

    def test_only_what_one_may_see(self) -> None:
        a_series(a_key())
        secret = MetricKey.of((OTHER_ACCOUNT, REGION), "Secret", "Merger", {})
        a_series(secret)

        page = text_of(signed_in("vera", Role.VIEWER, ACCOUNT).get("/metrics/"))

        assert "CPUUtilization" in page
        assert "Merger" not in page and "Secret" not in page

    def test_what_is_chosen_joins_the_chart(self, admin_client: Client) -> None:
        one, two = a_series(a_key("A")), a_series(a_key("B"))
        spec = a_spec(a_line("m1"))
        query = {"series": [str(one.pk), str(two.pk)], "chart": json.dumps(spec)}

        answer = admin_client.get("/metrics/draw", query)

        lines = chart_in(answer.url)["lines"]  # type: ignore[attr-defined]
        assert [(line["id"], line["name"]) for line in lines] == [
            ("m1", "CPUUtilization"),
            ("m2", "A"),
            ("m3", "B"),
        ]

    def test_series_of_others_are_not_drawn(self) -> None:
        hidden = a_series(MetricKey.of((OTHER_ACCOUNT, REGION), "S", "N", {}))
        client = signed_in("vera", Role.VIEWER, ACCOUNT)

        answer = client.get("/metrics/draw", {"series": str(hidden.pk)})

        assert chart_in(answer.url)["lines"] == []  # type: ignore[attr-defined]


class TestChart:
    def test_it_shows_numbers_states_and_links(self, admin_client: Client) -> None:
        row = a_series(a_key())
        keep(row, NOW - HOUR, [10.0, 30.0])
        cover(row, NOW - HOUR, NOW - 50 * MINUTE)

        page = text_of(admin_client.get("/metrics/chart/", chart(a_spec())))

        assert "10 %" in page and "30 %" in page and "20 %" in page
        assert "Hatched: not collected from 2026-07-01 11:10" in page
        assert "/explore/logs" in page.replace("/logs/", "/explore/logs/")
        assert "ServiceName" in page

    def test_who_looks_has_it_collected_more_often(self, admin_client: Client) -> None:
        row = a_series(a_key())

        admin_client.get("/metrics/chart/", chart(a_spec(a_line(statistic="p99"))))

        assert SeriesInterest.objects.get(by="user:admin").series_id == row.pk
        wanted = WantedStatistic.objects.get()
        assert (wanted.statistic, wanted.period_seconds) == ("p99", 60)

    def test_what_cannot_be_read_is_said_by_place(self, admin_client: Client) -> None:
        answer = admin_client.get("/metrics/chart/", chart(a_spec(kind="pie")))

        assert answer.status_code == 400
        assert "kind: expected one of line" in text_of(answer)

    def test_no_lines_say_where_to_choose(self, admin_client: Client) -> None:
        page = text_of(admin_client.get("/metrics/chart/"))

        assert "A chart begins with a metric" in page

    def test_single_values(self, admin_client: Client) -> None:
        keep(a_series(a_key()), NOW - HOUR, [10.0, 30.0])

        spec = a_spec(kind="value")
        page = text_of(admin_client.get("/metrics/chart/", chart(spec)))

        assert '<dl class="single-values">' in page
        assert "data-figure" not in page

    def test_hostile_names_stay_text(self, admin_client: Client) -> None:
        spec = a_spec(a_line(label="<script>alert(1)</script>"), title="</title><b>")
        a_series(a_key())

        page = text_of(admin_client.get("/metrics/chart/", chart(spec)))

        assert "<script>alert" not in page and "<b>" not in page


class TestBuilder:
    def test_fields_change_the_chart(self, admin_client: Client) -> None:
        form = {
            "title": "Load",
            "kind": "area",
            "period": "300",
            "compare": "1w",
            "band": "a",
            "width": "3",
            "y-from": "0",
            "y-to": "",
            "y-unit": "things",
        }

        assert changed(admin_client, a_spec(), **form) | {"lines": []} == {
            "title": "Load",
            "kind": "area",
            "period": 300,
            "compare": "1w",
            "band": {"of": "a", "width": 3.0},
            "y": {"from": 0.0, "to": None, "unit": "things"},
            "lines": [],
        }

    def test_fields_change_a_line(self, admin_client: Client) -> None:
        form = {
            "lines-0-statistic": "p95",
            "lines-0-label": "slow",
            "lines-0-fill": "number",
            "lines-0-number": "7",
            "lines-0-axis": "right",
            "lines-0-is_hidden": "on",
        }

        (line,) = changed(admin_client, a_spec(a_line(label="x", fill=3)), **form)[
            "lines"
        ]

        assert (line["statistic"], line["label"], line["fill"]) == ("p95", "slow", 7.0)
        assert (line["axis"], line["is_hidden"]) == ("right", True)

    def test_expressions_and_rates_are_added(self, admin_client: Client) -> None:
        form = {"add-expression": "a * 2", "rate": "a"}

        lines = changed(admin_client, a_spec(), **form)["lines"]

        assert [line.get("expression") for line in lines] == [None, "a * 2", "RATE(a)"]
        assert [line["id"] for line in lines] == ["a", "e1", "e2"]

    def test_a_band_goes_with_its_line(self, admin_client: Client) -> None:
        spec = a_spec(a_line(), a_line("b"), band={"of": "a", "width": 2})

        found = changed(admin_client, spec, remove="a")

        assert [line["id"] for line in found["lines"]] == ["b"]
        assert "band" not in found

    @pytest.mark.parametrize(
        ("field", "value"),
        [("lines-0-statistic", "median"), ("period", "x"), ("y-from", "high")],
    )
    def test_what_is_wrong_is_said_with_a_way_back(
        self, admin_client: Client, field: str, value: str
    ) -> None:
        form = chart(a_spec()) | {field: value, "y-unit": ""}

        answer = admin_client.get("/metrics/chart/change", form)

        assert answer.status_code == 400
        assert "Go back to the chart as it was" in text_of(answer)


class TestCsv:
    def test_numbers_with_their_times(self, admin_client: Client) -> None:
        keep(a_series(a_key()), NOW - HOUR, [1.5, None, 3])
        spec = a_spec(a_line(label="=cmd()"))

        text = streamed(admin_client.get("/metrics/chart.csv", chart(spec)))

        assert text.splitlines()[:4] == [
            "time,'=cmd() [Percent]",
            "2026-07-01T11:00:00Z,1.5",
            "2026-07-01T11:01:00Z,",
            "2026-07-01T11:02:00Z,3.0",
        ]

    def test_a_wrong_chart_is_refused(self, admin_client: Client) -> None:
        answer = admin_client.get("/metrics/chart.csv", {"chart": "{"})

        assert answer.status_code == 400


class TestRest:
    def test_metrics_come_page_by_page(self, admin_client: Client) -> None:
        for number in range(3):
            a_series(a_key(f"M{number}"))

        first = admin_client.get("/api/v1/metrics?size=2&q=m").json()
        rest = admin_client.get(f"/api/v1/metrics?size=2&after={first['next']}").json()

        names = [item["name"] for item in first["items"] + rest["items"]]
        assert names == ["M0", "M1", "M2"]
        assert rest["next"] is None

    def test_numbers_of_one_metric_with_what_was_read(
        self, admin_client: Client
    ) -> None:
        row = a_series(a_key())
        keep(row, NOW - HOUR, [1, 2])
        cover(row, NOW - HOUR, NOW - 30 * MINUTE)
        query = {
            "account": ACCOUNT,
            "region": REGION,
            "namespace": "AWS/ECS",
            "name": "CPUUtilization",
            "dimension.ServiceName": "orders",
            "statistic": "Maximum",
            "period": "60",
        }

        answer = admin_client.get("/api/v1/metrics/data", query | NOON_HOUR).json()

        (line,) = answer["lines"]
        assert line["times"] == ["2026-07-01T11:00:00Z", "2026-07-01T11:01:00Z"]
        assert line["values"] == [1, 2]
        assert line["unit"] == "Percent"
        assert line["covered"] == [
            {"since": "2026-07-01T11:00:00Z", "until": "2026-07-01T11:30:00Z"}
        ]
        assert answer["not_collected"][0]["since"] == "2026-07-01T11:30:00Z"

    def test_a_chart_is_asked_by_post(self, admin_client: Client) -> None:
        keep(a_series(a_key()), NOW - HOUR, [4])
        url = "/api/v1/metrics/data?since=2026-07-01T11:00:00Z&until=2026-07-01T12:00Z"

        answer = admin_client.post(
            url,
            a_spec(a_line(), {"id": "e", "expression": "a / 2"}),
            content_type="application/json",
        )

        assert [line["values"] for line in answer.json()["lines"]] == [[4], [2]]

    def test_a_wrong_chart_is_refused_by_place(self, admin_client: Client) -> None:
        answer = admin_client.get(
            "/api/v1/metrics/data", {"chart": json.dumps(a_spec(a_line(axis="up")))}
        )

        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "lines[0].axis"

    def test_others_see_neither_metrics_nor_numbers(self) -> None:
        keep(a_series(a_key()), NOW - HOUR, [4])
        client = Client()
        client.force_login(
            a_user("eve", Role.VIEWER, OTHER_ACCOUNT),
            backend="django.contrib.auth.backends.ModelBackend",
        )

        listed = client.get("/api/v1/metrics").json()
        data = client.get("/api/v1/metrics/data", chart(a_spec())).json()

        assert listed["items"] == []
        assert data["lines"][0]["values"] == []
        assert "not known" in data["lines"][0]["problem"]
