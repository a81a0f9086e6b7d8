"""Pages as people use them, by mouse and by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import a_log, a_record
from tests.processes import Site

pytestmark = pytest.mark.browser
CALM = "since=2026-07-01T12:00:00Z&until=2026-07-01T15:00:00Z"
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()


@pytest.fixture
def explore(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/explore/trail/?{CALM}")
    expect(page.locator("#histogram .bars path").first).to_be_visible()
    return page


def total(page: Page) -> str:
    return page.locator(".total strong").inner_text()


def test_dragging_over_the_histogram_zooms_and_back_returns(explore: Page) -> None:
    box = explore.locator("#histogram .nsewdrag").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    explore.mouse.move(box["x"] + box["width"] * 0.25, middle)
    explore.mouse.down()
    explore.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=8)
    explore.mouse.up()

    expect(explore.locator(".total strong")).not_to_have_text("180")
    assert 30 <= int(total(explore)) <= 60
    explore.go_back()
    expect(explore.locator(".total strong")).to_have_text("180")


def test_zooming_out_makes_the_range_twice_as_long(explore: Page) -> None:
    explore.keyboard.press("z")

    expect(explore).to_have_url(re.compile("since=2026-07-01T10%3A30%3A00Z"))


def test_a_value_is_filtered_for_then_out_then_removed(explore: Page) -> None:
    explore.locator("#rows-body").get_by_role("button", name="PutObject").first.click()
    explore.get_by_role("menuitem", name="Filter for this value").click()
    expect(explore.locator(".total strong")).to_have_text("60")

    explore.get_by_role("link", name="Exclude instead").click()
    expect(explore.locator(".total strong")).to_have_text("120")

    explore.get_by_role("link", name="Remove", exact=True).click()
    expect(explore.locator(".total strong")).to_have_text("180")


def test_a_filter_is_edited_in_place(explore: Page, site: Site) -> None:
    explore.goto(f"{site.url}/explore/trail/?{CALM}&f=eventName:PutObject")
    explore.get_by_role("button", name="eventName:PutObject").click()
    explore.get_by_label("Filter", exact=True).fill("errorCode:*")
    explore.keyboard.press("Enter")

    expect(explore.locator(".total strong")).to_have_text("26")


def test_the_query_is_completed_by_field_and_value(explore: Page) -> None:
    explore.keyboard.press("/")
    explore.keyboard.type("eventN")
    expect(explore.locator("#completions li").first).to_contain_text("eventName")
    explore.keyboard.press("Tab")
    expect(explore.locator("#completions li").first).to_contain_text("60")
    explore.keyboard.press("ArrowDown")
    explore.keyboard.press("Enter")
    explore.keyboard.press("Shift+Enter")

    expect(explore.locator(".total strong")).to_have_text("60")


def test_rows_are_walked_opened_and_closed_by_keys(explore: Page) -> None:
    explore.keyboard.press("j")
    explore.keyboard.press("j")
    explore.keyboard.press("Enter")
    expect(explore.locator("#detail .tree").first).to_be_visible()
    expect(explore).to_have_url(re.compile(r"row=calm-178\."))

    explore.keyboard.press("k")
    expect(explore).to_have_url(re.compile(r"row=calm-179\."))
    explore.keyboard.press("Escape")
    expect(explore.locator("#detail")).to_be_hidden()
    expect(explore).not_to_have_url(re.compile("row="))


def test_back_closes_the_record_and_stays_on_the_page(explore: Page) -> None:
    explore.locator("#rows-body td.time a").first.click()
    expect(explore.locator("#detail .tree").first).to_be_visible()
    expect(explore.locator("#detail [role=tab]").first).to_be_focused()

    explore.go_back()

    expect(explore.locator("#detail")).to_be_hidden()
    expect(explore.locator(".total strong")).to_have_text("180")


def test_the_time_range_is_chosen_by_keys(explore: Page) -> None:
    explore.keyboard.press("t")
    expect(explore.get_by_role("link", name="Last 15 minutes")).to_be_focused()
    explore.keyboard.press("Escape")
    expect(explore.locator("#time-popover")).to_be_hidden()


def test_filtering_on_the_page_of_an_actor_keeps_the_actor(
    page: Page, site: Site
) -> None:
    name = "arn:aws:iam::111122223333:user/alice"
    page.goto(f"{site.url}/actors/actor?name={name}&{CALM}")
    page.locator(".facet .value", has_text="PutObject").click()
    page.get_by_role("menuitem", name="Filter for this value").click()

    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator(".total strong")).to_have_text("60")


def test_a_link_with_a_row_opens_it(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/explore/trail/?{CALM}&row=calm-5.111122223333")

    expect(page.locator("#detail h2").first).to_have_text("ListBuckets")


def test_more_rows_come_as_one_scrolls(explore: Page) -> None:
    expect(explore.locator("#rows-body tr[data-id]")).to_have_count(100)
    explore.locator("#rows-body tr").nth(5).hover()
    explore.mouse.wheel(0, 20_000)

    expect(explore.locator("#rows-body tr[data-id]")).to_have_count(180)


def test_a_column_is_added_and_removed(explore: Page) -> None:
    explore.get_by_text("All fields").click()
    explore.get_by_label("Find a field").fill("bucketName")
    explore.get_by_role("link", name="Show requestParameters.bucketName").click()
    head = explore.locator("th[data-path='requestParameters.bucketName']")
    expect(head).to_be_visible()

    head.hover()
    explore.get_by_role("link", name="Remove the column requestParameters.buck").click()
    expect(head).to_have_count(0)


def test_the_histogram_has_a_table_twin_with_the_same_numbers(explore: Page) -> None:
    explore.keyboard.press("m")
    cells = explore.locator("#histogram-table td").all_inner_texts()

    assert sum(int(cell.replace(",", "")) for cell in cells) == 180


def test_the_palette_goes_to_pages_and_searches(explore: Page) -> None:
    explore.keyboard.press("Control+k")
    explore.keyboard.type("quarantine")
    explore.keyboard.press("Enter")
    expect(explore.locator("h1")).to_have_text("Quarantine")

    explore.keyboard.press("Control+k")
    explore.keyboard.type("errorCode:AccessDenied")
    explore.get_by_role("option", name="Search events for").click()
    expect(explore.locator("#q")).to_have_value("errorCode:AccessDenied")


def test_keys_after_g_go_to_pages(explore: Page) -> None:
    explore.keyboard.press("g")
    explore.keyboard.press("a")

    expect(explore.locator("h1")).to_have_text("Actors")


def test_times_are_shown_in_utc_or_here(explore: Page, context: BrowserContext) -> None:
    utc = explore.locator("#rows-body time").first.inner_text()
    explore.keyboard.press("u")
    expect(explore.locator("th .zone").first).to_have_text("local")
    title = explore.locator("#rows-body time").first.get_attribute("title") or ""

    assert utc in title


def test_the_theme_stays_as_chosen(explore: Page) -> None:
    explore.get_by_role("button", name="Change between light and dark").click()
    chosen = explore.locator("html").get_attribute("data-theme")
    explore.reload()

    assert explore.locator("html").get_attribute("data-theme") == chosen


def test_an_export_downloads_every_row(explore: Page) -> None:
    explore.get_by_role("button", name="Export").click()
    with explore.expect_download() as download:
        explore.get_by_role("link", name="CSV of the shown columns").click()
    lines = download.value.path().read_text().splitlines()

    assert download.value.suggested_filename == "trailmap-trail.csv"
    assert len(lines) == 181


def test_the_live_tail_shows_what_comes_in(
    explore: Page, site: Site, tmp_path: Path
) -> None:
    explore.keyboard.press("l")
    expect(explore.locator("#tail-bar")).to_be_visible()
    record = a_record(eventName="JustArrived", eventTime="2026-07-03T00:00:00Z")
    (tmp_path / "log.json").write_bytes(a_log([record]))
    site.run("import", "cloudtrail", str(tmp_path / "log.json"))

    expect(explore.locator("#rows-body")).to_contain_text("JustArrived", timeout=20_000)


def test_a_view_is_saved_and_opened(explore: Page, site: Site) -> None:
    explore.goto(f"{site.url}/explore/trail/?{CALM}&q=eventName:PutObject")
    explore.get_by_role("button", name="Views").click()
    explore.get_by_label("Save this view as").fill("uploads")
    explore.get_by_role("button", name="Save", exact=True).click()
    explore.goto(f"{site.url}/explore/trail/")
    explore.get_by_role("button", name="Views").click()
    explore.get_by_role("link", name="uploads").click()

    expect(explore.locator(".total strong")).to_have_text("60")


PAGES = [
    "",
    f"explore/trail/?{CALM}",
    f"explore/trail/?{CALM}&f=eventName:PutObject&row=calm-1.111122223333",
    "explore/trail/?q=(&f=x",
    "explore/trail/?since=2001-01-01&until=2001-01-02",
    "explore/trail/document/calm-1.111122223333",
    f"actors/?{CALM}",
    f"actors/actor?name=arn:aws:iam::111122223333:user/alice&{CALM}",
    f"resources/?{CALM}",
    f"resources/resource?name=arn:aws:s3:::orders&{CALM}",
    "sources/",
    "sources/new/bucket",
    "quarantine/",
    "accounts/",
    "accounts/new",
    "settings/",
    "settings/people/",
    "settings/retention/",
    "help/query/",
    "nowhere",
]


# Colours depend on the theme alone, and what stands where on the width.
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(page: Page, site: Site, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        page.goto(f"{site.url}/{path}")
        expect(page.locator(".htmx-request")).to_have_count(0)
        page.evaluate(AXE)
        found = page.evaluate("axe.run()")
        assert [
            (one["id"], one["nodes"][0]["html"]) for one in found["violations"]
        ] == []
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, path
