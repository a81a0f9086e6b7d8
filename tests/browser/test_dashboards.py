"""Dashboards in a real browser: seen, changed by keys and pointer, narrow and wide."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.payloads import PAYLOADS
from tests.processes import Site

pytestmark = pytest.mark.browser
TEXT = "# Runbook\n\nRead *this* first: [home](/).\n\n" + "\n\n".join(PAYLOADS)


@pytest.fixture
def address(site: Site, page: Page) -> str:
    """A dashboard with two texts, one of which is hostile."""
    panels = [
        {"id": "p1", "kind": "text", "x": 0, "y": 0, "w": 12, "h": 6, "text": TEXT},
        {"id": "p2", "kind": "text", "x": 12, "y": 0, "w": 12, "h": 6, "text": "Two"},
    ]
    title = f"Board {datetime.now(UTC):%H%M%S%f}"
    body = json.dumps({"title": title, "panels": panels})
    page.goto(f"{site.url}/dashboards/import/")
    page.get_by_label("A dashboard body of CloudWatch").fill(body)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/dashboards/board-*/")
    return page.url


def box(page: Page, panel: str) -> dict[str, float]:
    found = page.locator(f"#panel-{panel}").bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"]}


def test_panels_stand_beside_each_other_and_below_each_other_on_a_phone(
    page: Page, address: str
) -> None:
    wide = box(page, "p1"), box(page, "p2")
    page.set_viewport_size({"width": 390, "height": 844})
    narrow = box(page, "p1"), box(page, "p2")

    assert wide[0]["y"] == wide[1]["y"] and wide[0]["x"] < wide[1]["x"]
    assert narrow[0]["x"] == narrow[1]["x"] and narrow[0]["y"] < narrow[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_texts_are_formatted_and_do_nothing(page: Page, address: str) -> None:
    page.goto(address)

    text = page.locator("#panel-p1 .board-text")
    expect(text.get_by_role("heading", name="Runbook")).to_be_visible()
    expect(text.get_by_role("link", name="home")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )
    assert text.locator("script, img, svg, iframe, style").count() == 0


def test_a_panel_is_moved_and_resized_by_keys_and_saved(
    page: Page, address: str
) -> None:
    page.get_by_role("link", name="Edit").click()
    second = page.get_by_role("button", name="Two")
    second.focus()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Not saved")).to_be_visible()
    expect(page.locator("#panel-p2")).to_have_attribute("data-y", "1")
    expect(page.get_by_role("button", name="Two")).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("#panel-p2")).to_have_attribute("data-w", "11")
    page.get_by_role("button", name="Save").click()

    page.wait_for_url(address)
    expect(page.locator("#panel-p2")).to_have_attribute("data-w", "11")


def test_a_panel_is_dragged_and_what_lies_there_moves_out_of_the_way(
    page: Page, address: str
) -> None:
    page.goto(f"{address}edit")
    first, second = box(page, "p1"), box(page, "p2")
    page.mouse.move(second["x"] + 120, second["y"] + 60)
    page.mouse.down()
    page.mouse.move(first["x"] + 120, first["y"] + 60, steps=8)
    page.mouse.up()

    expect(page.locator("#panel-p2")).to_have_attribute("data-x", "0")
    expect(page.locator("#panel-p1")).to_have_attribute("data-y", "6")


def test_a_mistake_in_the_json_is_told_with_its_place(page: Page, address: str) -> None:
    page.goto(f"{address}edit")
    page.get_by_text("The whole as JSON").click()
    page.get_by_label("Dashboard as JSON").fill(
        '{"title": "x", "panels": [{"id": "p"}]}'
    )
    page.get_by_role("button", name="Apply JSON").click()

    expect(page.get_by_role("alert")).to_contain_text("panels[0].kind: one of chart")
    expect(page.get_by_label("Dashboard as JSON")).to_have_value(
        '{"title": "x", "panels": [{"id": "p"}]}'
    )
