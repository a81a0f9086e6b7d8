"""Log groups and their sources in a real browser: from adding a source to its lines."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.payloads import PAYLOADS
from tests.factories import ACCOUNT
from tests.monitoring.logs.test_envelopes import data, packed
from tests.processes import Site

pytestmark = pytest.mark.browser
_AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
_GROUPS = ("/ecs/checkout", "/ecs/cart", "/aws/lambda/cart", *PAYLOADS)


def deliver(endpoint: str, key: str, *documents: Any) -> None:
    """As Firehose does; raises where it is not taken."""
    records = [{"data": base64.b64encode(packed(one)).decode()} for one in documents]
    urllib.request.urlopen(
        urllib.request.Request(
            endpoint,
            json.dumps({"requestId": "r-1", "records": records}).encode(),
            {"X-Amz-Firehose-Access-Key": key, "X-Amz-Firehose-Request-Id": "r-1"},
        )
    )


@pytest.fixture(scope="module")
def delivered(browser: Browser, site: Site, signed_in: Path) -> Site:
    """A site with a Firehose source that delivered lines of groups, hostile ones
    among them."""
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    page.goto(f"{site.url}/logs/sources/new/firehose")
    page.get_by_label("Name", exact=True).fill("All logs")
    page.get_by_label("Account", exact=True).select_option(ACCOUNT)
    page.get_by_label("Region").fill("eu-west-1")
    page.get_by_label("Name of the Firehose stream").fill("logs")
    page.get_by_role("button", name="Add", exact=True).click()
    key = page.locator("#new-key").inner_text()
    endpoint = page.locator("#endpoint").inner_text()
    deliver(endpoint, key, *(data(logGroup=name) for name in _GROUPS))
    context.close()
    return site


def test_a_key_is_not_made_again_by_reloading(page: Page, delivered: Site) -> None:
    page.goto(f"{delivered.url}/logs/sources/")
    page.get_by_role("link", name="All logs").click()
    page.get_by_role("button", name="Make a new key").click()
    key = page.locator("#new-key")
    expect(key).to_be_visible()

    page.reload()

    expect(page.get_by_role("heading", name="What to set up in AWS")).to_be_visible()
    expect(key).to_have_count(0)


def test_groups_are_found_while_typing(page: Page, delivered: Site) -> None:
    page.goto(f"{delivered.url}/logs/groups/")
    page.get_by_label("Find log groups").press_sequentially("cart ecs")

    expect(page.locator("table.log-groups tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/logs/groups/\?q=cart(%20|\+)ecs$"))
    page.get_by_role("link", name="/ecs/cart").click()
    expect(page.locator(".big-state")).to_contain_text("collected")


def test_what_is_checked_is_collected_and_stopped(page: Page, delivered: Site) -> None:
    page.goto(f"{delivered.url}/logs/groups/?q=checkout")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Collect", exact=True).click()
    expect(page.get_by_text("1 log group is collected from now on")).to_be_visible()
    expect(page).to_have_url(f"{delivered.url}/logs/groups/?q=checkout")
    expect(page.locator("table.log-groups tbody")).to_contain_text("polled")

    page.get_by_label("Choose /ecs/checkout").check()
    page.get_by_role("button", name="Stop collecting").click()

    expect(page.locator("table.log-groups tbody")).not_to_contain_text("polled")


def test_a_group_leads_to_its_own_lines(page: Page, delivered: Site) -> None:
    page.goto(f"{delivered.url}/logs/groups/?q=checkout")
    page.get_by_role("link", name="/ecs/checkout").click()
    expect(page).to_have_url(re.compile(r"/logs/groups/\d+/$"))
    page.goto(page.url + "?since=2026-06-30&until=2026-07-02")
    page.get_by_role("link", name="Explore its lines").click()

    expect(page.locator(".total strong")).to_have_text("1")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(page: Page, delivered: Site, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in (
        "groups/",
        "groups/1/",
        "sources/",
        "sources/new/bucket",
        "sources/1/",
    ):
        page.goto(f"{delivered.url}/logs/{path}")
        page.wait_for_load_state("networkidle")
        page.evaluate(_AXE)
        found = page.evaluate("axe.run()")["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_names_from_outside_stay_text(page: Page, delivered: Site) -> None:
    for path in ("groups/", "sources/", *(f"groups/{at}/" for at in (4, 5, 6))):
        page.goto(f"{delivered.url}/logs/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hacked") is None, path
