"""A real Chromium on a real site that holds real-looking and hostile events."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.payloads import PAYLOADS
from tests.factories import a_log, a_record
from tests.processes import Site

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START = datetime(2026, 7, 1, 12, tzinfo=UTC)
# How long a page may take on a machine that runs other tests beside it.
expect.set_options(timeout=20_000)


@pytest.fixture(autouse=True)
def home() -> None:
    """The site has a home of its own, in its own process."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        text = "Chromium is not installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("browser")
    made = Site(folder / "home").wait()
    log = folder / "log.json"
    log.write_bytes(a_log([*calm_records(), *hostile_records()]))
    broken = folder / "broken.json"
    broken.write_text(json.dumps({"Records": [a_record(eventTime=PAYLOADS[0])]}))
    imported = made.run("import", "cloudtrail", str(log), str(broken))
    assert "1 quarantined" in imported.stdout, imported.stdout
    yield made
    made.stop()


def calm_records() -> list[dict[str, object]]:
    """Three hours of an ordinary shop, a call a minute."""
    return [
        a_record(
            eventID=f"calm-{minute}",
            eventTime=f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}",
            eventName=("GetObject", "PutObject", "ListBuckets")[minute % 3],
            errorCode="AccessDenied" if minute % 7 == 0 else None,
        )
        for minute in range(180)
    ]


def hostile_records() -> list[dict[str, object]]:
    """Every payload in every place that a page shows."""
    return [
        a_record(
            eventID=f"hostile-{at}",
            eventTime=f"{START + timedelta(hours=5, seconds=at):%Y-%m-%dT%H:%M:%SZ}",
            eventName=payload,
            userAgent=payload,
            errorCode=payload,
            errorMessage=payload,
            sourceIPAddress=payload,
            awsRegion=payload,
            userIdentity={"type": payload, "arn": payload, "accountId": payload},
            requestParameters={"bucketName": payload, payload: {payload: [payload]}},
        )
        for at, payload in enumerate(PAYLOADS)
    ]


@pytest.fixture(scope="session")
def signed_in(
    browser: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The cookies of the first admin."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/")
    path = tmp_path_factory.mktemp("cookies") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def context(browser: Browser, signed_in: Path) -> Iterator[BrowserContext]:
    made = browser.new_context(
        storage_state=signed_in, viewport={"width": 1280, "height": 900}
    )
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """A page whose every fault fails the test: script errors, policy violations."""
    faults: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    made.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    yield made
    assert faults == []
