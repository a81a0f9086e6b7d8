"""What is wrong with the shop, found from its map in three clicks or fewer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import orjson
import pytest
from playwright.sync_api import Page, expect

from sandbox.shop.incidents import INCIDENTS
from sandbox.shop.segments import segments_of
from sandbox.shop.visits import Journey, Traveller
from tests.processes import Site
from tests.sandbox.shop.conftest import NAMES

pytestmark = pytest.mark.browser

MOST_CLICKS = 3
REQUESTS = 250
# Each incident has ten minutes of its own, in which nothing else is wrong.
WINDOW = 600
_SEEDS = count(11)


class Clicks:
    """A person with a mouse, who counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    def on_edge(self, source: str, target: str) -> None:
        edge = self.page.locator(f'a.edge[href*="{source}"][href*="{target}"]').first
        middle = edge.evaluate(
            """edge => {
                const path = edge.querySelector("path");
                const at = path.getPointAtLength(path.getTotalLength() / 2)
                    .matrixTransform(path.getScreenCTM());
                return [at.x, at.y];
            }"""
        )
        self.page.mouse.click(*middle)
        self.number += 1

    def on_link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()
        self.number += 1

    def on_first(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.number += 1


def journeys(incident: str, since: float) -> Iterator[Journey]:
    traveller = Traveller(seed=next(_SEEDS))
    effects = INCIDENTS[incident].effects
    for number in range(REQUESTS):
        at = since + number * (WINDOW - 60) / REQUESTS
        journey = traveller.journey(at, effects)
        if journey is not None:
            yield journey


@pytest.fixture(scope="session")
def windows(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """When each of the incidents began."""
    wanted = ("dependency-outage", "payment-latency", "chatty-caller")
    latest = int(time.time()) // 60 * 60 - WINDOW * (len(wanted) + 1)
    began = {name: latest + at * WINDOW for at, name in enumerate(wanted)}
    file = tmp_path_factory.mktemp("segments") / "shop.jsonl"
    with file.open("wb") as out:
        for name, since in began.items():
            for journey in journeys(name, since):
                for _, segment in segments_of(journey, NAMES):
                    out.write(orjson.dumps(segment) + b"\n")
    imported = site.run("import", "xray", str(file))
    assert imported.returncode == 0, imported.stdout
    assert " 0 quarantined" in imported.stdout, imported.stdout
    return began


@pytest.fixture
def clicks(page: Page) -> Clicks:
    return Clicks(page)


def open_map(page: Page, site: Site, since: int) -> None:
    def moment(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    page.goto(f"{site.url}/map/?since={moment(since)}&until={moment(since + WINDOW)}")
    expect(page.locator("a.edge").first).to_be_attached()


def chosen_span(page: Page) -> str:
    panel = page.locator("#span-panel")
    expect(panel).to_be_visible()
    expect(panel.locator("h2").first).to_be_visible()
    return panel.inner_text()


def test_the_dependency_that_is_down_is_found(
    page: Page, site: Site, windows: dict[str, int], clicks: Clicks
) -> None:
    open_map(page, site, windows["dependency-outage"])

    clicks.on_edge("catalog", "products")
    clicks.on_link("With faults")
    clicks.on_first("td.request a")

    said = chosen_span(page)
    assert "products.example" in said
    assert "SELECT" in said
    assert clicks.number <= MOST_CLICKS


def test_the_statement_that_makes_payments_slow_is_found(
    page: Page, site: Site, windows: dict[str, int], clicks: Clicks
) -> None:
    open_map(page, site, windows["payment-latency"])

    clicks.on_edge("checkout", "payments")
    clicks.on_link("Slowest 5 %")
    clicks.on_first("td.request a")

    said = chosen_span(page)
    assert "payments-db.example" in said
    assert clicks.number <= MOST_CLICKS


def test_the_calls_that_could_be_one_are_found(
    page: Page, site: Site, windows: dict[str, int], clicks: Clicks
) -> None:
    open_map(page, site, windows["chatty-caller"])

    clicks.on_edge("recommendations", "affinities")
    clicks.on_link("Calls a request")
    expect(page.locator(".finding h2").first).to_have_text(
        "recommendations asks affinities 40 times a request"
    )
    clicks.on_first(".finding-examples a")

    said = chosen_span(page)
    assert "affinities" in said
    assert clicks.number <= MOST_CLICKS
