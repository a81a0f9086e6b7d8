"""Metrics as people find, draw and change them."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from apps.monitoring.metrics import samples
from apps.monitoring.metrics.columns import Samples
from apps.monitoring.metrics.keys import MetricKey
from apps.monitoring.metrics.lines import Interval
from apps.monitoring.models import MetricSeries
from tests.factories import ACCOUNT
from tests.processes import Site

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
MINUTES = 180
HOSTILE = '<img src=x onerror=alert(1)>"%{y}'
# Minutes of long ago are rolled up while the site runs.
DAY = (datetime.now(UTC) - timedelta(days=2)).date()
RANGE = {"since": f"{DAY}T12:00:00Z", "until": f"{DAY}T15:00:00Z"}
SERVICES = ("orders", "checkout", HOSTILE)


def key(service: str) -> MetricKey:
    dimensions = {"ServiceName": service, "ClusterName": "shop"}
    return MetricKey.of((ACCOUNT, "eu-west-1"), "AWS/ECS", "CPUUtilization", dimensions)


def fill(start: int) -> None:
    """Three hours of three services with a peak; one hour of it never read. Run in
    the home of the site."""
    times = start + 60 * np.arange(MINUTES, dtype=np.int64)
    for service in SERVICES:
        row = MetricSeries.made_of(key(service), datetime.now(UTC))
        row.save()
        values = np.where(np.arange(MINUTES) // 10 == 15, 80.0, 20.0)
        is_kept = (times < start + 3600) | (times >= start + 7200)
        column = values[is_kept]
        made = Samples(times[is_kept], np.ones(column.size), column, column, column)
        samples.write(row.pk, 60, made, start)
        for since, until in ((0, 3600), (7200, 10800)):
            part = Interval(start + since, start + until)
            samples.note_covered([row.pk], 60, part, start + 90_000)


@pytest.fixture(scope="module", autouse=True)
def measured(site: Site) -> None:
    start = int(datetime.fromisoformat(RANGE["since"]).timestamp())
    code = f"from tests.browser.test_charts import fill; fill({start})"
    done = site.run("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stdout


def chart_url(site: Site, *services: str, **fields: object) -> str:
    lines = [
        {
            "id": f"m{number}",
            "account": ACCOUNT,
            "region": "eu-west-1",
            "namespace": "AWS/ECS",
            "name": "CPUUtilization",
            "dimensions": dict(key(service).dimensions),
        }
        for number, service in enumerate(services, start=1)
    ]
    spec = {"title": "CPU", "lines": lines, **fields}
    query = urlencode({"chart": json.dumps(spec), **RANGE})
    return f"{site.url}/metrics/chart/?{query}"


def drawn(page: Page) -> None:
    expect(page.locator(".metric-chart .xy path.js-line").last).to_be_visible()


def drag(page: Page, begin: float, end: float) -> None:
    box = page.locator(".metric-chart .nsewdrag").first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * begin, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, middle, steps=8)
    page.mouse.up()


def test_metrics_are_found_while_typing_and_drawn_together(
    page: Page, site: Site
) -> None:
    page.goto(f"{site.url}/metrics/")
    expect(page.locator(".metric-rows tbody tr")).to_have_count(3)

    page.get_by_label("Find metrics").press_sequentially("cpu ord")
    expect(page.locator(".metric-rows tbody tr")).to_have_count(1)
    assert "q=cpu" in page.url
    page.get_by_label("Find metrics").fill("cpu")
    expect(page.locator(".metric-rows tbody tr")).to_have_count(3)
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Draw what is chosen").click()

    expect(page.locator(".legend-table tbody tr")).to_have_count(3)


def test_a_peak_is_brushed_and_back_returns(page: Page, site: Site) -> None:
    page.goto(chart_url(site, "orders"))
    drawn(page)
    before = page.url

    drag(page, 0.82, 0.9)
    page.wait_for_url(lambda url: "14%3A2" in url)
    expect(page.locator(".legend-table tbody tr td").nth(1)).to_have_text("80 %")
    logs = page.get_by_role("link", name="Logs of this time").get_attribute("href")
    assert logs and "orders" in logs and "14%3A2" in logs
    page.go_back()

    page.wait_for_url(before)
    drawn(page)


def test_the_form_changes_the_chart_and_back_keeps_it(page: Page, site: Site) -> None:
    page.goto(chart_url(site, "orders", "checkout"))
    drawn(page)

    page.get_by_label("Add an expression").fill("m1 + m2")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator(".legend-table tbody tr")).to_have_count(3)
    expect(page.locator(".legend-table tbody tr").nth(2)).to_contain_text("160")
    page.get_by_role("button", name="Remove line m2").click()
    expect(page.locator(".note-problem")).to_contain_text("There is no line 'm2'")
    page.go_back()

    expect(page.locator(".legend-table tbody tr")).to_have_count(3)
    drawn(page)


def test_time_that_was_not_read_is_hatched(page: Page, site: Site) -> None:
    page.goto(chart_url(site, "orders"))
    drawn(page)

    note = page.locator(".note-uncollected")
    expect(note).to_contain_text(f"from {DAY} 13:00 to {DAY} 14:00 UTC")
    fills = page.locator(".metric-chart pattern")
    expect(fills).not_to_have_count(0)


def test_a_chart_is_a_picture_a_table_and_a_file(page: Page, site: Site) -> None:
    page.goto(chart_url(site, "orders"))
    drawn(page)

    with page.expect_download() as begun:
        page.get_by_role("button", name="PNG").click()
    picture = begun.value.path().read_bytes()
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    lines = begun.value.path().read_text().splitlines()
    page.get_by_role("button", name="Table").click()

    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 1000 and height > 300
    assert lines[1] == f"{DAY}T12:00:00Z,20.0"
    expect(page.locator("#chart-table tbody tr")).to_have_count(120)


def test_names_from_outside_are_text_in_the_chart(page: Page, site: Site) -> None:
    page.goto(chart_url(site, HOSTILE))
    drawn(page)
    page.locator(".metric-chart").hover()

    expect(page.locator(".legend-table tbody tr")).to_contain_text("<img src=x")
    assert page.locator(".metric-chart img").count() == 0


@pytest.mark.parametrize("kind", ["area", "bar", "value", "table"])
def test_every_kind_is_drawn(page: Page, site: Site, kind: str) -> None:
    page.goto(chart_url(site, "orders", kind=kind, compare="1d"))

    places = {
        "area": ".metric-chart .scatterlayer path.js-fill",
        "bar": ".metric-chart .barlayer path",
        "value": ".single-values dd",
        "table": ".legend-table tbody td",
    }
    expect(page.locator(places[kind]).first).to_be_attached()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_metrics_are_accessible(
    page: Page, site: Site, theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    for url in (f"{site.url}/metrics/", chart_url(site, "orders", "checkout")):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")

        said = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
