"""An on-call engineer's way: from a spike on a chart to its trace, and back."""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.spike import ACCOUNT, MINUTES, REGION, SERVICE, SPIKE
from tests.processes import ROOT, Site

pytestmark = pytest.mark.browser
TRACE = "1-{:08x}-bd862e3fe1be46a994272793"


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="session")
def began(site: Site, tmp_path_factory: pytest.TempPathFactory) -> int:
    """When two hours of a shop began in which payments failed for three minutes."""
    since = int(time.time()) // 60 * 60 - (MINUTES + 10) * 60
    subprocess.run(
        [sys.executable, "-m", "tests.browser.spike", str(since)],
        cwd=ROOT,
        env={
            **os.environ,
            "TRAILMAP_HOME": str(site.home),
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        },
        check=True,
        capture_output=True,
    )
    folder = tmp_path_factory.mktemp("lines")
    for group, lines in shop_lines(since).items():
        file = folder / f"{group}.log"
        file.write_text("\n".join(lines) + "\n")
        imported = site.run(
            "import", "logs", str(file), "--group", f"/ecs/{group}",
            "--stream", f"{group}/1", "--account", ACCOUNT, "--region", REGION,
        )  # fmt: skip
        assert imported.returncode == 0, imported.stdout
    return since


def shop_lines(since: int) -> dict[str, list[str]]:
    """Orders every few seconds, and payments that fail during the spike."""
    checkout, web = [], []
    for second in range(0, MINUTES * 60, 10):
        at, trace = rfc3339(since + second), TRACE.format(since + second)
        web.append(f"{at} INFO POST /orders/{second} trace={trace}")
        checkout.append(f"{at} INFO order {second} placed by customer {second * 7}")
        if second // 60 in SPIKE:
            checkout.append(f"{at} ERROR payment {second} declined trace={trace}")
    return {SERVICE: checkout, "web": web}


def chart_url(site: Site, began: int) -> str:
    line = {
        "id": "a",
        "account": ACCOUNT,
        "region": REGION,
        "namespace": "AWS/ECS",
        "name": "Errors",
        "dimensions": {"ServiceName": SERVICE},
        "statistic": "Maximum",
    }
    spec = {"title": "Errors", "kind": "line", "period": 60, "lines": [line]}
    span = f"since={rfc3339(began)}&until={rfc3339(began + MINUTES * 60)}"
    return f"{site.url}/metrics/chart/?chart={quote(json.dumps(spec))}&{span}"


def brush(page: Page, first: float, last: float) -> None:
    """Drag over a chart between two shares of its width."""
    box = page.locator(".chart .nsewdrag").first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * first, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * last, middle, steps=8)
    page.mouse.up()


def test_from_a_spike_to_its_trace_and_back(page: Page, site: Site, began: int) -> None:
    page.goto(chart_url(site, began))
    expect(page.locator(".chart .scatterlayer path").first).to_be_attached()
    passed = [*from_chart_to_pattern(page), *from_pattern_to_line(page)]

    page.get_by_role("link", name="Open the trace").click()
    lanes = page.locator(".lanes")
    expect(lanes).to_contain_text("/ecs/web")
    expect(lanes).to_contain_text("/ecs/checkout")
    expect(lanes).to_contain_text("1 error")

    for url, selector, text in reversed(passed):
        go_back(page)
        expect(page).to_have_url(url)
        expect(page.locator(selector).first).to_contain_text(text)


def go_back(page: Page) -> None:
    """Until another document is there: the one that is left has the texts, too."""
    page.evaluate("document.documentElement.dataset.left = ''")
    page.go_back()
    expect(page.locator("html[data-left]")).to_have_count(0)


# A page that was passed: its URL, and a text in a place of it.
Passed = tuple[str, str, str]


def from_chart_to_pattern(page: Page) -> list[Passed]:
    """Brush the spike, read the lines of that minute, and find what is new."""
    passed = [(page.url, ".card-head", "Errors")]
    brush(page, 59 / MINUTES, 64 / MINUTES)
    expect(page).not_to_have_url(passed[0][0])
    passed.append((page.url, ".card-head", "Errors"))
    page.get_by_role("link", name="Logs of this time").click()
    expect(page.locator(".total strong")).to_be_visible()
    total = page.locator(".total strong").inner_text()
    passed.append((page.url, ".total strong", total))
    page.get_by_role("link", name="Patterns").click()
    expect(page.locator("#patterns")).to_contain_text("placed by customer")
    passed.append((page.url, "#patterns", "placed by customer"))
    page.get_by_role("link", name="New first").click()
    newest = page.locator("#patterns tbody tr").first
    expect(newest).to_contain_text("declined")
    expect(newest).to_contain_text("new")
    return [*passed, (page.url, "#patterns tbody tr", "declined")]


def from_pattern_to_line(page: Page) -> list[Passed]:
    """Show the lines of the newest pattern, and open one."""
    page.locator("#patterns tbody tr").first.locator("td.message a").click()
    expect(page.locator(".chips")).to_contain_text("declined")
    expect(page.locator(".total strong")).to_have_text("18")
    passed = [(page.url, ".total strong", "18")]
    page.locator("#rows-body td.time a").first.click()
    expect(page.locator("#detail")).to_contain_text("declined")
    return [*passed, (page.url, "#detail", "declined")]


@pytest.fixture
def logs(page: Page, site: Site, began: int) -> Page:
    span = f"since={rfc3339(began)}&until={rfc3339(began + MINUTES * 60)}"
    page.goto(f"{site.url}/explore/logs/?{span}&q=declined")
    expect(page.locator(".total strong")).to_have_text("18")
    return page


def test_a_line_stands_among_its_neighbours_and_back_returns(logs: Page) -> None:
    searched = logs.url
    logs.locator("#rows-body td.time a").last.click()
    logs.locator("#detail").get_by_role("link", name="Lines around it").click()

    this = logs.locator("#rows-body tr.this")
    expect(this).to_contain_text("declined")
    expect(this).to_be_in_viewport()
    expect(logs.locator("#rows-body tr[data-id]")).to_have_count(101)
    logs.get_by_role("link", name="50 earlier lines").click()
    expect(logs.locator("#rows-body tr[data-id]")).to_have_count(151)
    logs.go_back()
    expect(logs.locator("#detail")).to_contain_text("declined")
    logs.go_back()
    expect(logs).to_have_url(searched)


def test_wrapping_stays_for_the_next_page(logs: Page, site: Site) -> None:
    logs.get_by_role("button", name="Wrap").click()
    expect(logs.locator("body")).to_have_class(re.compile("wrapped"))

    logs.goto(f"{site.url}/logs/patterns/")

    expect(logs.locator("body")).to_have_class(re.compile("wrapped"))
    logs.get_by_role("button", name="Wrap").click()
    expect(logs.locator("body")).not_to_have_class(re.compile("wrapped"))


def test_the_live_tail_follows_another_query(
    logs: Page, site: Site, tmp_path: Path
) -> None:
    logs.keyboard.press("l")
    expect(logs.locator("#tail-bar")).to_be_visible()
    logs.locator("#q").fill("brandnew")
    logs.get_by_role("button", name="Search", exact=True).click()
    expect(logs).to_have_url(re.compile("q=brandnew"))
    expect(logs.locator("#tail-bar")).to_be_visible()

    (tmp_path / "one.log").write_text(f"{rfc3339(time.time())} INFO brandnew line\n")
    site.run("import", "logs", str(tmp_path / "one.log"), "--group", "/ecs/x",
             "--account", ACCOUNT, "--region", REGION)  # fmt: skip

    expect(logs.locator("#rows-body")).to_contain_text("brandnew", timeout=20_000)
