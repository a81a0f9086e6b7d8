"""The page of log queries in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.monitoring.kinds import LOGS
from apps.search.engines.embedded.engine import EmbeddedEngine
from tests.browser.payloads import PAYLOADS
from tests.monitoring.languages.stored import line, store_lines
from tests.processes import Site

pytestmark = pytest.mark.browser
_DAY = "since=2026-07-01T12:00:00Z&until=2026-07-01T13:00:00Z"
_SPAN = {"since": "2026-07-01T12:00:00Z", "until": "2026-07-01T13:00:00Z"}
_ASKED = "?" + urlencode(
    {"language": "insights", "query": "stats count(*) by bin(10m)", **_SPAN}
)
_AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that holds lines of an hour, hostile ones among them."""
    home = tmp_path_factory.mktemp("languages") / "home"
    engine = EmbeddedEngine(home / "search", [LOGS])
    calm = [line(f"INFO took {at} ms", at) for at in range(40)]
    hostile = [line(payload, 50) for payload in PAYLOADS]
    store_lines(engine, *calm, line("ERROR refused", 41), *hostile)
    engine.close()
    made = Site(home).wait()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def state(
    browser: Browser, logged: Site, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Somebody signed in, once for all tests."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(logged.link)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url(f"{logged.url}/**")
    path = tmp_path_factory.mktemp("state") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def asking(browser: Browser, logged: Site, state: Path) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=state, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{logged.url}/logs/query/?{_DAY}")
    yield page
    context.close()


@pytest.fixture
def impatient(browser: Browser, logged: Site, state: Path) -> Iterator[Page]:
    """The same page, of a run that goes on by itself whatever the query."""
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(f"{logged.url}/logs/query/?{_DAY}")
    token = page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value")
    answer = page.request.post(
        f"{logged.url}/api/v1/logs/query",
        data={"query": "stats count(*) by bin(10m)", "wait": "0", **_SPAN},
        headers={"X-CSRFToken": token, "Referer": logged.url},
    )
    page.goto(f"{logged.url}/logs/query/{_ASKED}&run={answer.json()['id']}")
    yield page
    context.close()


def test_run_that_goes_on_shows_its_answer(impatient: Page) -> None:
    expect(impatient.locator("#log-query-run")).to_contain_text("Answered.")
    drawn = impatient.locator("#log-query-chart .scatterlayer path").first
    expect(drawn).to_be_visible(timeout=20_000)


def test_run_is_found_again_under_recent(impatient: Page) -> None:
    impatient.get_by_text("Recent", exact=True).click()
    impatient.locator(".log-query-history a").first.click()
    expect(impatient.locator("#log-query-answer tbody tr").first).to_be_visible()


def test_groups_are_found_while_typing(asking: Page) -> None:
    asking.get_by_text("All log groups").click()
    asking.get_by_label("Find a log group").fill("nothing")
    expect(asking.locator("#log-query-groups")).to_contain_text("No log group has")
    asking.get_by_label("Find a log group").fill("SHOP")
    asking.get_by_label("/ecs/shop").check()
    run(asking, "stats count(*)")
    expect(asking.get_by_text("1 log group", exact=True)).to_be_visible()


def test_query_is_saved_and_found_again(asking: Page) -> None:
    run(asking, "stats count(*) as kept")
    expect(asking.locator("#log-query-answer tbody tr")).to_have_count(1)
    asking.get_by_text("Saved views").click()
    asking.get_by_label("Save this query as").fill("Mine")
    asking.get_by_role("button", name="Save", exact=True).click()
    asking.get_by_text("Saved views").click()
    asking.get_by_role("link", name="Mine").click()
    expect(asking.get_by_label("Query", exact=True)).to_have_value(
        "stats count(*) as kept"
    )


def run(page: Page, query: str, language: str = "Logs Insights") -> None:
    page.get_by_label(language, exact=True).check()
    page.get_by_label("Query", exact=True).fill(query)
    page.get_by_role("button", name="Run").click()


def test_rows_come_and_the_url_holds_the_question(asking: Page) -> None:
    run(asking, "filter @message like /ERROR/ | fields @message")
    expect(asking.locator("#log-query-answer tbody tr")).to_have_count(1)
    asking.reload()
    expect(asking.locator("#log-query-answer tbody td").first).to_have_text(
        "ERROR refused"
    )


def test_counts_over_time_are_drawn(asking: Page) -> None:
    run(asking, "stats count(*) by bin(10m)")
    expect(asking.locator("#log-query-chart .scatterlayer path").first).to_be_visible()


def test_error_shows_its_place(asking: Page) -> None:
    run(asking, "[a b]", "Filter pattern")
    expect(asking.locator("#query-problem .caret")).to_contain_text("^")
    expect(asking.locator("#query-problem")).to_contain_text("character 2")


def test_row_leads_to_its_line(asking: Page) -> None:
    run(asking, "ERROR", "Filter pattern")
    asking.get_by_role("link", name="line", exact=True).click()
    expect(asking.get_by_text("ERROR refused").first).to_be_visible()


def test_hostile_lines_stay_text(asking: Page) -> None:
    asking.on("dialog", lambda dialog: pytest.fail(dialog.message))
    run(asking, "fields @message | limit 1000")
    rows = asking.locator("#log-query-answer tbody tr")
    expect(rows.first).to_be_visible()
    assert rows.count() > len(PAYLOADS) // 2


def test_page_is_accessible(asking: Page) -> None:
    run(asking, "stats count(*) by bin(10m)")
    expect(asking.locator("#log-query-answer tbody tr").first).to_be_visible()
    asking.evaluate(_AXE)
    found = asking.evaluate("axe.run()")
    assert [one["id"] for one in found["violations"]] == []
