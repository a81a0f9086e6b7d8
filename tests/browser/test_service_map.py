"""The service map in hands: pan, zoom, keys, choosing, replay, pictures."""

from __future__ import annotations

import struct
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.payloads import PAYLOADS
from tests.processes import Site

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# Long ago, so that nothing of the site's own lies there.
UNTIL = int(time.time()) // 86_400 * 86_400 - 9 * 86_400
BEFORE = UNTIL - 2 * 3_600


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


WINDOW = f"since={moment(UNTIL - 3_600)}&until={moment(UNTIL)}"


def fill() -> None:
    """The shop before and in its outage, and a day before names of attackers. Run in
    the home of the site."""
    from tests.tracing.maps import kept, made  # noqa: PLC0415 - in another process

    kept.keep(made.before_the_outage(), BEFORE, 60, lambda at: 0.017)
    kept.keep(made.shop(), UNTIL - 3_600, 60, lambda at: 0.017)
    keys = [made.key(name) for name in PAYLOADS]
    hostile = made.service_map(
        [made.node(name) for name in PAYLOADS],
        [made.edge(keys[0], key) for key in keys[1:]],
    )
    kept.keep(hostile, UNTIL - 86_400, 10, lambda at: 0.1)


@pytest.fixture(scope="module", autouse=True)
def mapped(site: Site) -> None:
    code = "from tests.browser.test_service_map import fill; fill()"
    done = site.run("shell", "-v", "0", "-c", code)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def shop(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/map/?{WINDOW}")
    expect(page.locator(".map-canvas .node")).to_have_count(12)
    expect(page.locator("svg.map-picture[data-zoom]")).to_be_attached()
    return page


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.map-canvas .node > a[data-id^="{name}~"]').first


def place(locator: Locator) -> tuple[float, float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"], box["y"], box["width"]


def test_the_map_is_dragged_and_zoomed_and_shown_whole_again(shop: Page) -> None:
    checkout = node(shop, "checkout")
    x, y, width = place(checkout)

    shop.mouse.move(500, 250)
    shop.mouse.down()
    shop.mouse.move(560, 290, steps=4)
    shop.mouse.up()
    dragged = place(checkout)
    shop.mouse.wheel(0, -240)
    expect(shop.locator(".map-canvas > svg")).to_be_visible()
    shop.wait_for_timeout(300)
    zoomed = place(checkout)
    shop.get_by_role("button", name="Show all").click()

    assert (round(dragged[0] - x), round(dragged[1] - y)) == (60, 40)
    assert zoomed[2] > 1.2 * width
    assert "select" not in shop.url
    assert place(checkout)[2] < zoomed[2]


def test_a_node_is_chosen_its_panel_opens_and_back_closes_it(shop: Page) -> None:
    node(shop, "checkout").click()

    panel = shop.locator(".map-panel")
    expect(panel.get_by_role("heading", name="checkout")).to_be_visible()
    expect(panel).to_contain_text("Failing")
    assert parse_qs(urlsplit(shop.url).query)["select"][0].startswith("checkout~")
    panel.get_by_role("link", name="payment-provider-adapter").click()
    expect(panel.get_by_role("heading", name="checkout → payment")).to_be_visible()
    faults = panel.get_by_role("link", name="With faults").get_attribute("href")
    assert faults
    assert "edge%28%22checkout%22%2C+%22payment-provider-adapter%22%29" in faults
    shop.go_back()
    expect(panel.get_by_role("heading", name="checkout", exact=True)).to_be_visible()
    shop.get_by_role("link", name="Close").click()
    expect(panel).to_have_count(0)
    assert "select" not in shop.url


def test_keys_go_along_calls_open_and_focus(shop: Page) -> None:
    shop.locator(".map-canvas").focus()
    shop.keyboard.press("ArrowRight")
    for _ in range(3):
        shop.keyboard.press("ArrowRight")
    focused = shop.evaluate("document.activeElement.dataset.id")
    shop.keyboard.press("ArrowLeft")
    back = shop.evaluate("document.activeElement.dataset.id")

    assert focused.split("~")[0] in ("checkout", "catalogue")
    assert back.startswith("shop-api/prod~")
    shop.keyboard.press("Enter")
    expect(shop.locator(".map-panel h2")).to_have_text("shop-api/prod")
    shop.keyboard.press("f")
    expect(shop.locator(".map-chip")).to_contain_text("shop-api/prod")
    expect(shop.locator(".map-canvas .node")).to_have_count(4)
    shop.get_by_label("How many calls away").select_option("2")
    expect(shop.locator(".map-canvas .node")).to_have_count(9)
    shop.keyboard.press("g")
    shop.keyboard.press("h")
    shop.wait_for_url("**/")
    shop.keyboard.press("g")
    shop.keyboard.press("m")
    shop.wait_for_url("**/map/**")


def test_what_is_looked_for_is_found_and_what_is_hidden_goes(shop: Page) -> None:
    shop.get_by_label("Find on the map").fill("is:failing")
    shop.get_by_label("Find on the map").press("Enter")
    expect(shop.locator(".map-canvas .node.found")).to_have_count(3)

    shop.get_by_label("Hide from the map").fill("p95 >")
    shop.get_by_label("Hide from the map").press("Enter")
    expect(shop.locator(".problem")).to_contain_text("at character 6")
    shop.get_by_label("Hide from the map").fill("kind:database")
    shop.get_by_label("Hide from the map").press("Enter")
    expect(shop.locator(".map-canvas .node")).to_have_count(10)


def test_time_is_stepped_and_played(shop: Page) -> None:
    later = shop.locator("#map-later")
    expect(later).to_be_visible()

    shop.get_by_role("link", name="Earlier").click()
    shop.wait_for_url(lambda url: moment(UNTIL - 7_200).replace(":", "%3A") in url)
    expect(shop.get_by_role("button", name="Play")).to_be_visible()
    shop.locator(".strip-bars a").first.dispatch_event("click")
    shop.wait_for_url(lambda url: moment(UNTIL - 7_200).replace(":", "%3A") not in url)
    shop.go_back()
    shop.get_by_role("button", name="Play").click()
    shop.wait_for_url(lambda url: moment(UNTIL).replace(":", "%3A") in url)
    shop.get_by_role("button", name="Pause").click()

    expect(shop.get_by_role("button", name="Play")).to_be_visible()


def test_the_map_is_a_picture_and_a_drawing(shop: Page) -> None:
    shop.get_by_role("button", name="Save the picture").click()
    with shop.expect_download() as begun:
        shop.get_by_role("button", name="PNG").click()
    picture = begun.value.path().read_bytes()
    with shop.expect_download() as begun:
        shop.get_by_role("button", name="SVG").click()
    drawing = begun.value.path().read_text()

    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 2_000
    assert height > 300
    assert len(picture) > 30_000  # not an empty sheet
    assert ET.fromstring(drawing).tag.endswith("svg")  # noqa: S314 - our own


def test_two_times_are_compared(page: Page, site: Site) -> None:
    page.goto(
        f"{site.url}/map/compare/?a={moment(BEFORE)}&b={moment(UNTIL - 3_600)}"
        "&minutes=60"
    )

    expect(page.locator(".map-canvas .node.c-gone")).to_have_count(1)
    expect(page.locator(".map-canvas .edge.c-new")).to_have_count(1)
    expect(page.locator(".compare-rows tbody tr").first).to_contain_text(
        "very unlikely"
    )
    page.locator(".compare-rows tbody a").first.click()
    expect(page.locator(".map-panel h2")).to_contain_text("→")


def test_names_of_attackers_are_text(page: Page, site: Site) -> None:
    page.goto(
        f"{site.url}/map/?since={moment(UNTIL - 86_400)}&until={moment(UNTIL - 85_000)}"
    )
    expect(page.locator(".map-canvas .node")).to_have_count(len(set(PAYLOADS)))
    page.locator(".map-canvas .node > a").nth(1).click()
    expect(page.locator(".map-panel h2")).to_be_visible()

    assert page.locator("main img, main script, main iframe").count() == 0


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_of_the_map_are_accessible(
    page: Page, site: Site, theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    selected = "checkout~AWS::ECS::Container~111122223333"
    for path in (
        f"/map/?{WINDOW}&select={selected}",
        f"/map/?{WINDOW}&view=table&find=foo:1",
        f"/map/compare/?a={moment(BEFORE)}&b={moment(UNTIL - 3_600)}&minutes=60",
    ):
        page.goto(site.url + path)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")

        said = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
