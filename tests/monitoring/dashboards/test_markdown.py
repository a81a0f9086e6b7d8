"""Texts of dashboards can be formatted, and can do nothing else."""

import pytest

from apps.monitoring.dashboards.markdown import as_html
from tests.browser.payloads import PAYLOADS

HOSTILE = [
    *PAYLOADS,
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    '[x](/a "onmouseover=alert(1)")',
    '<a href="/" onclick="x()">y</a>',
    "![x](https://tracker.example/pixel.png)",
    "[![x](https://tracker.example/p.png)](/)",
    "<style>*{display:none}</style>",
    "```html\n<script>alert(1)</script>\n```",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <svg/onload=alert(1)> |",
]


def test_what_people_write_is_formatted() -> None:
    html = as_html("# Shop\n\n*Read* the [runbook](https://wiki.example/shop)\n\n- one")

    assert (
        "<h1>Shop</h1>" in html and "<em>Read</em>" in html and "<li>one</li>" in html
    )
    assert 'href="https://wiki.example/shop" rel="noopener noreferrer nofollow"' in html


def test_tables_and_links_within_the_site_work() -> None:
    html = as_html("| a | b |\n|---|---|\n| [x](/explore/logs/) | 2 |")

    assert "<table>" in html and 'href="/explore/logs/"' in html


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_acts_is_left(text: str) -> None:
    html = as_html(text).lower()

    for tag in ("<script", "<img", "<svg", "<iframe", "<style", "<object", "<math"):
        assert tag not in html
    for address in ("javascript:", "data:", "vbscript:"):
        assert f'href="{address}' not in html
    tags = [part.partition(">")[0] for part in html.split("<")[1:]]
    assert not any(" on" in tag or "style=" in tag for tag in tags)


def test_deep_nesting_ends() -> None:
    assert len(as_html(">" * 5_000 + "x")) < 20_000
