"""A trace of 10,000 spans on its page: server time, first paint, and far down.

`python -m bench.traces_waterfall` imports one, and looks at it in Chromium where that
is installed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.measure import ROOT, line, median, p95_ms, run

SPANS, BENEATH = 10_000, 100
BEGAN = 1_790_000_000.0
TRACE = "1-6ab13980-000000000000000000000001"
LEAST_PAINT_MS, LEAST_SERVER_MS = 1_000, 500
RUNS = 5


def main() -> None:
    print(f"waterfall: one trace of {SPANS:,} spans", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    try:
        file = folder / "trace.jsonl"
        file.write_text("\n".join(map(json.dumps, _segments())))
        run("manage.py", "import", "xray", str(file), home=folder / "home")
        with _site(folder / "home") as site:
            _server(site)
            if shutil.which("chromium"):
                _painted(site)
    finally:
        shutil.rmtree(folder)


def _segments() -> Iterator[dict[str, Any]]:
    """A root that calls a hundred services one after the other, each with as many
    spans as are left to it."""
    chance = random.Random(1)
    calls = []
    each = SPANS // BENEATH - 2
    for number in range(BENEATH):
        begin = BEGAN + number
        call = f"{number + 1:016x}"
        calls.append(
            {
                **_times(call, f"service-{number % 12}", begin, 0.9),
                "namespace": "remote",
            }
        )
        yield {
            **_times(f"{number + 1:08x}{0:08x}", f"service-{number % 12}", begin, 0.8),
            "trace_id": TRACE,
            "parent_id": call,
            "subsegments": [
                _times(
                    f"{number + 1:08x}{at + 1:08x}",
                    f"step-{at % 7}",
                    begin + 0.8 * at / each,
                    chance.random() / each,
                )
                for at in range(each)
            ],
        }
    yield {
        **_times("f" * 16, "web", BEGAN, float(BENEATH)),
        "trace_id": TRACE,
        "subsegments": calls,
    }


def _times(span_id: str, name: str, begin: float, seconds: float) -> dict[str, Any]:
    end = begin + seconds
    return {"id": span_id, "name": name, "start_time": begin, "end_time": end}


@contextmanager
def _site(home: Path) -> Iterator[tuple[str, str]]:
    """The address of a site on this home, and the session of a reader."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.logs_tail_site", "1", "0"],
        cwd=ROOT,
        env={**os.environ, "TRAILMAP_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = json.loads(process.stdout.readline() if process.stdout else "")
        yield f"http://127.0.0.1:{said['port']}", said["sessions"][0]
    finally:
        process.kill()
        process.wait()


def _server(site: tuple[str, str]) -> None:
    for name, path in (
        ("page on the server", f"/traces/{TRACE}/"),
        ("a window of 100 rows", f"/traces/{TRACE}/rows?begin=5000"),
        ("find over all spans", f"/traces/{TRACE}/rows?find=step-3"),
    ):
        taken = p95_ms(lambda path=path: _read(site, path), 10)  # type: ignore[misc]
        bound = f"under {LEAST_SERVER_MS}"
        line(name, taken, "ms, p95", bound, is_met=taken < LEAST_SERVER_MS)


def _read(site: tuple[str, str], path: str) -> bytes:
    address, session = site
    request = urllib.request.Request(address + path)
    request.add_header("Cookie", f"session={session}")
    with urllib.request.urlopen(request) as answer:
        found: bytes = answer.read()
    return found


def _painted(site: tuple[str, str]) -> None:
    address, session = site
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "session", "value": session, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/traces/{TRACE}/")
        first = median([_first_paint(page) for _ in range(RUNS)])
        far = _far_down(page)
        browser.close()
    bound = f"under {LEAST_PAINT_MS:,}"
    line("first paint in Chromium", first, "ms", bound, is_met=first < LEAST_PAINT_MS)
    line(
        "rows at the very end, from a jump",
        far,
        "ms",
        bound,
        is_met=far < LEAST_PAINT_MS,
    )


def _first_paint(page: Page) -> float:
    page.reload()
    page.wait_for_selector(".wf-row")
    return float(
        page.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        )
    )


def _far_down(page: Page) -> float:
    """Milliseconds until the last row is there, once one has scrolled to the end."""
    return float(
        page.evaluate(
            """async () => {
              const began = performance.now();
              const last = [...document.querySelectorAll('.wf-chunk')].at(-1);
              last.scrollIntoView();
              while (!last.querySelector('.wf-row')) {
                await new Promise((done) => requestAnimationFrame(done));
              }
              return performance.now() - began;
            }"""
        )
    )


if __name__ == "__main__":
    main()
