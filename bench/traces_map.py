"""The service map: how soon any window of a long history opens, and how it pans.

On the server a page is asked for through Django's test client, whole, with an account's
rights; in Chromium the map of 500 nodes is dragged about, and the time between its
frames taken.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench.measure import line
from tests.processes import Site

DAYS, WINDOWS = 30, 24
MOST_MS = {60: 100.0, 500: 300.0}
LEAST_FRAMES = 30.0
_FRAMES = """async () => {
  const canvas = document.querySelector(".map-canvas"), frame = canvas.getBoundingClientRect();
  const at = (x, y) => ({ clientX: frame.left + x, clientY: frame.top + y, pointerId: 1, button: 0, buttons: 1, bubbles: true });
  canvas.setPointerCapture = () => {};
  canvas.dispatchEvent(new PointerEvent("pointerdown", at(400, 300)));
  const times = [];
  await new Promise((done) => {
    let step = 0;
    const next = (now) => {
      times.push(now);
      if (step === 120) { done(); return; }
      const angle = step++ / 12;
      canvas.dispatchEvent(new PointerEvent("pointermove", at(400 + 180 * Math.sin(angle), 300 + 140 * Math.cos(angle))));
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  canvas.dispatchEvent(new PointerEvent("pointerup", at(400, 300)));
  return times.slice(1).map((time, index) => time - times[index]);
}"""  # noqa: E501
_FILL = (
    "from tests.tracing.maps.filling import fill_history; fill_history({nodes}, {days})"
)


def main() -> None:
    for nodes in MOST_MS:
        with _filled(nodes) as site:
            _server(nodes, site)
            if nodes == max(MOST_MS):
                _panned(site)


@contextmanager
def _filled(nodes: int) -> Iterator[Site]:
    """A site whose history holds a map of so many nodes in every minute."""
    with tempfile.TemporaryDirectory(prefix="trailmap-bench-") as folder:
        site = Site(Path(folder) / "home").wait()
        try:
            done = site.run(
                "shell", "-v", "0", "-c", _FILL.format(nodes=nodes, days=DAYS)
            )
            if done.returncode:
                raise RuntimeError(done.stdout)
            yield site
        finally:
            site.stop()


def _server(nodes: int, site: Site) -> None:
    code = f"from bench.traces_map import serve; serve({nodes})"
    done = site.run("shell", "-v", "0", "-c", code)
    if done.returncode:
        raise RuntimeError(done.stdout)
    taken = sorted(float(one) for one in done.stdout.split()[-WINDOWS:])
    middle, worst = statistics.median(taken), taken[-1]
    print(f"the page of {nodes} nodes over 6 hours, {WINDOWS} windows of {DAYS} days")
    most = MOST_MS[nodes]
    line("median", middle, "ms", f"under {most:.0f} ms", is_met=middle < most)
    print(f"  slowest {worst:.0f} ms")


def serve(nodes: int) -> None:
    """Print the milliseconds of each page. Run in the home of the site."""
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.test import Client  # noqa: PLC0415

    from apps.discovery.models import User  # noqa: PLC0415
    from tests.tracing.maps.filling import windows  # noqa: PLC0415

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    client = Client()
    user = User.objects.earliest("pk")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    by = "&by=none" if nodes == max(MOST_MS) else ""
    urls = [f"/map/?since={a}&until={b}{by}" for a, b in windows(DAYS, WINDOWS)]
    client.get(urls[0])
    for url in urls:
        began = perf_counter()
        answer = client.get(url)
        took = (perf_counter() - began) * 1_000
        if answer.content.count(b"data-x=") != nodes:
            raise RuntimeError(f"{url} is not the map of {nodes} nodes")
        print(f"{took:.2f}")


def _panned(site: Site) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the bench's own

    path = shutil.which("chromium")
    if path is None:
        print("  Chromium is not installed: panning is not measured")
        return
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(site.link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/settings/")
        page.goto(f"{site.url}/map/?by=none&since=now-6h")
        page.wait_for_load_state("networkidle")
        whole = page.evaluate(_FRAMES)
        for _ in range(6):
            page.get_by_role("button", name="Zoom in").click()
        page.wait_for_timeout(600)
        near = page.evaluate(_FRAMES)
        browser.close()
    for name, intervals in (("all of 500 nodes", whole), ("zoomed in", near)):
        frames = 1_000 * len(intervals) / sum(intervals)
        print(f"panning in Chromium without a GPU, {name}")
        line("frames a second", frames, "", f"{LEAST_FRAMES:.0f} and more",
             is_met=frames >= LEAST_FRAMES)  # fmt: skip
        print(f"  slowest frame {max(intervals):.0f} ms")


if __name__ == "__main__":
    main()
