"""The sandbox's pages name every operation it answers, and every page is linked."""

import re
from pathlib import Path

import pytest

from sandbox.assembly import assemble
from sandbox.kernel.clock import SetClock

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "sandbox"


_PAGE_OF = {"scheduler": "events"}


def test_every_operation_is_on_the_page_of_its_service(tmp_path: Path) -> None:
    for each in assemble(SetClock(0.0), tmp_path).services:
        service, operations = each.name, set(each.operations)
        page = (PAGES / f"{_PAGE_OF.get(service, service)}.md").read_text()
        named = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", page))
        assert operations <= named, (service, sorted(operations - named))


def test_the_overview_links_every_page() -> None:
    overview = (ROOT / "docs" / "sandbox.md").read_text()

    for page in PAGES.glob("*.md"):
        assert f"sandbox/{page.name}" in overview


@pytest.mark.parametrize("word", ["never", "moto"])
def test_the_overview_says_what_it_is_not(word: str) -> None:
    assert word in (ROOT / "docs" / "sandbox.md").read_text()
