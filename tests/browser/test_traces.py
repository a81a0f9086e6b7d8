"""Traces in a real browser: brush, waterfall by keyboard, log lines inline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.monitoring.kinds import LOGS
from apps.search.engines.embedded.engine import EmbeddedEngine
from tests.browser.payloads import PAYLOADS
from tests.monitoring.logs.explored import a_line, keep
from tests.processes import Site
from tests.tracing.traces.shop import (
    BANK,
    CALL,
    DAY,
    FAILED,
    OTHERS,
    PAY,
    WEB,
    shop_documents,
)

pytestmark = pytest.mark.browser
_AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the traces of a small shop, and lines of its logs."""
    folder = tmp_path_factory.mktemp("traces")
    engine = EmbeddedEngine(folder / "home" / "search", [LOGS])
    keep(
        engine,
        a_line("charge refused", 0.25, traceId=FAILED, group="/ecs/payments"),
        *(a_line(text, 0.15, traceId=FAILED) for text in PAYLOADS),
    )
    engine.close()
    made = Site(folder / "home").wait()
    segments = folder / "segments.json"
    segments.write_bytes(b"\n".join(map(orjson.dumps, shop_documents())))
    imported = made.run("import", "xray", str(segments))
    assert "14 new" in imported.stdout, imported.stdout
    yield made
    made.stop()


@pytest.fixture(scope="module")
def state(
    browser: Browser, shop: Site, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Somebody signed in, once for all tests."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(shop.link)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url(f"{shop.url}/**")
    path = tmp_path_factory.mktemp("state") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def page(browser: Browser, state: Path) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=state, viewport={"width": 1280, "height": 900}
    )
    made = context.new_page()
    made.on("pageerror", lambda error: pytest.fail(str(error)))
    yield made
    context.close()


def test_brushing_latencies_chooses_traces_and_says_what_sets_them_apart(
    page: Page, shop: Site
) -> None:
    page.goto(f"{shop.url}/traces/?{DAY}")
    expect(page.locator(".total strong")).to_have_text("11")
    box = page.locator("[data-latency]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 20, box["y"] + 60, steps=4)
    page.mouse.up()

    expect(page.locator(".total strong")).to_have_text("1")
    assert "min_ms=" in page.url
    expect(page.locator(".breakdown")).to_contain_text("1 of those brushed")
    expect(page.locator(".breakdown")).to_contain_text("payments")
    page.go_back()
    expect(page.locator(".total strong")).to_have_text("11")


def test_the_waterfall_is_walked_by_keyboard_to_the_guilty_span(
    page: Page, shop: Site
) -> None:
    page.goto(f"{shop.url}/traces/{FAILED}/")
    page.keyboard.press("j")
    expect(page.locator(f"#wf-{WEB}")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"#wf-{PAY}")).to_have_count(0)
    expect(page.locator(f"#wf-{CALL}")).to_be_focused()
    assert f"closed={CALL}" in page.url
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#wf-{PAY}")).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#span-panel")
    expect(panel).to_contain_text("ChargeFailed")
    expect(panel).to_contain_text("caused by")
    assert f"span={PAY}" in page.url
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_text_is_found_in_a_trace(page: Page, shop: Site) -> None:
    page.goto(f"{shop.url}/traces/{FAILED}/?closed={CALL}")
    page.get_by_label("Find in this trace").fill("update charges")
    page.keyboard.press("Enter")

    expect(page.locator("#wf-found")).to_have_text("1 found")
    expect(page.locator(f"#wf-{BANK}")).to_be_focused()


def test_a_trace_opens_on_the_span_that_is_to_blame(page: Page, shop: Site) -> None:
    page.goto(f"{shop.url}/traces/?{DAY}&filter=fault")
    page.locator("td.request a").first.click()

    expect(page.locator("#span-panel")).to_contain_text("ChargeFailed")
    page.wait_for_url(f"**/{FAILED}/?span={PAY}")


def test_log_lines_are_shown_under_their_spans(page: Page, shop: Site) -> None:
    page.goto(f"{shop.url}/traces/{FAILED}/")
    page.get_by_role("button", name="Logs inline").click()

    lines = page.locator(f"#wf-{PAY} + .wf-of")
    expect(lines).to_contain_text("charge refused")
    assert "logs=1" in page.url


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(page: Page, shop: Site, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in (
        f"traces/?{DAY}",
        f"traces/{FAILED}/?logs=1&span={PAY}",
        f"traces/compare/?a={FAILED}&b={OTHERS.format(1)}",
    ):
        page.goto(f"{shop.url}/{path}")
        page.wait_for_load_state("networkidle")
        page.evaluate(_AXE)
        found = page.evaluate("axe.run()")
        assert [
            (one["id"], one["nodes"][0]["html"]) for one in found["violations"]
        ] == []
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, path
