"""Nothing that stands in a log does anything in a browser."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.payloads import PAYLOADS
from tests.processes import Site

pytestmark = pytest.mark.browser
HOSTILE = "since=2026-07-01T17:00:00Z&until=2026-07-01T17:30:00Z"


def is_unharmed(page: Page) -> bool:
    return bool(page.evaluate("window.hacked === undefined"))


def test_there_are_fifty_texts_and_all_are_searchable(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/explore/trail/?{HOSTILE}")

    assert len(PAYLOADS) >= 50
    expect(page.locator(".total strong")).to_have_text(str(len(PAYLOADS)))


def test_explore_shows_them_as_text(page: Page, site: Site) -> None:
    page.goto(
        f"{site.url}/explore/trail/?{HOSTILE}"
        "&cols=eventName,userAgent,errorMessage,requestParameters.bucketName&by=errorCode"
    )
    expect(page.locator("#rows-body tr[data-id]")).to_have_count(len(PAYLOADS))
    expect(page.locator(".fields .facet").first).to_be_visible()
    page.locator("#histogram .nsewdrag").hover()
    page.get_by_role("button", name="Table", exact=True).click()

    assert is_unharmed(page)
    assert page.locator("#rows-body").get_by_text(PAYLOADS[0]).count() >= 3
    assert (
        page.locator("#rows-body script, #rows-body img, #rows-body svg").count() == 0
    )


def test_a_record_its_fields_and_its_menu_show_them_as_text(
    page: Page, site: Site
) -> None:
    page.goto(f"{site.url}/explore/trail/?{HOSTILE}")
    for at in range(0, len(PAYLOADS), 10):
        page.locator("#rows-body tr[data-id]").nth(at).locator("td.time a").click()
        expect(page.locator("#detail .tree").first).to_be_visible()
        page.locator("#detail").get_by_role("tab", name="JSON").click()
        page.locator("#detail").get_by_role("tab", name="Around it").click()
        page.locator("#detail").get_by_role("tab", name="Fields").click()
        page.locator("#detail .tree .value").first.click()
        expect(page.locator("#menu .menu-head")).to_be_visible()
        page.keyboard.press("Escape")

    assert is_unharmed(page)


@pytest.mark.parametrize(
    "kind", ["actors/actor", "resources/resource", "actors/session"]
)
def test_pages_of_hostile_names_show_them_as_text(
    page: Page, site: Site, kind: str
) -> None:
    for payload in PAYLOADS[::7]:
        page.goto(f"{site.url}/{kind}?name={quote(payload)}&{HOSTILE}")
        expect(page.locator("h1")).to_be_visible()
        assert is_unharmed(page)


@pytest.mark.parametrize(
    "path", ["actors/", "resources/", "quarantine/", "", "sources/", "accounts/"]
)
def test_every_other_page_shows_them_as_text(page: Page, site: Site, path: str) -> None:
    page.goto(f"{site.url}/{path}?{HOSTILE}")
    page.wait_for_load_state("networkidle")

    assert is_unharmed(page)


def test_a_hostile_query_filter_and_view_are_text(page: Page, site: Site) -> None:
    for payload in PAYLOADS[::5]:
        clause = quote(f'userAgent:"{payload}"'.replace("\\", "\\\\"))
        page.goto(
            f"{site.url}/explore/trail/?{HOSTILE}&q={quote(payload)}&f={clause}"
            f"&cols={quote(payload)}&by={quote(payload)}&since={quote(payload)}"
        )
        expect(page.locator("#q")).to_be_visible()
        assert is_unharmed(page)


def test_completions_of_hostile_values_are_text(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/explore/trail/?{HOSTILE}")
    page.locator("#q").press_sequentially("eventName:")

    expect(page.locator("#completions li").first).to_be_visible()
    assert is_unharmed(page)
