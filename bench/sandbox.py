"""From `python -m sandbox` to a shop with 24 hours of history that answers, and from
a call to the page that shows it."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from time import perf_counter

from bench.measure import ROOT, line, median
from tests.processes import Site, free_port
from tests.sandbox.watched import Watched

RUNS, CALLS = 3, 12
UP_SECONDS, MEMORY_MB = 60.0, 700.0
ARRIVES_SECONDS = 15.0
_LIVE_SECONDS = 20.0
_QUERY = "userIdentity.userName:anna AND eventName:"


def main() -> None:
    ready, resident = zip(*(_start() for _ in range(RUNS)), strict=True)
    print(f"sandbox: median of {RUNS}, then {_LIVE_SECONDS:.0f} s of live traffic")
    line("up, with 24 h of history", median(ready), "s", "under 60 s",
         is_met=median(ready) < UP_SECONDS)  # fmt: skip
    line("peak resident memory after that", median(resident), "MB", "under 700 MB",
         is_met=median(resident) < MEMORY_MB)  # fmt: skip
    taken = _arrivals()
    print(f"from a call to the site's Explore: {CALLS} calls")
    line("median", median(taken), "s", "", is_met=True)
    line("longest", max(taken), "s", "under 15 s",
         is_met=max(taken) < ARRIVES_SECONDS)  # fmt: skip


def _arrivals() -> list[float]:
    """Seconds from a call by somebody of the shop until the site finds it."""
    home, port = Path(tempfile.mkdtemp(prefix="trailmap-bench-")), free_port()
    site = Site(home / "home", "--sandbox", "--sandbox-port", str(port))
    try:
        site.wait(2 * UP_SECONDS)
        watched = Watched(site, f"http://127.0.0.1:{port}")
        return [_arrival(watched, number) for number in range(CALLS)]
    finally:
        site.stop()
        shutil.rmtree(home)


def _arrival(watched: Watched, number: int) -> float:
    ends = ["--end"] if number % 2 else []
    name = "Revoke" if ends else "Authorize"
    query = f"{_QUERY}{name}SecurityGroupIngress"
    before, began = len(watched.found(query)), perf_counter()
    watched.sandbox("incident", "open-security-group", *ends)
    while len(watched.found(query)) == before:
        if perf_counter() - began > UP_SECONDS:
            raise TimeoutError(query)
        time.sleep(0.1)
    return perf_counter() - began


def _start() -> tuple[float, float]:
    """Seconds until it answers, and the most memory it has held in MB."""
    began = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--child", "--port", "0"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        line_of_it = process.stdout.readline() if process.stdout else ""
        json.loads(line_of_it)
        ready = perf_counter() - began
        time.sleep(_LIVE_SECONDS)
        resident = _most_resident_mb(process.pid)
        if process.stdin:
            process.stdin.close()  # what it ends by
    return ready, resident


def _most_resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    held = next(row for row in status.splitlines() if row.startswith("VmHWM"))
    return int(held.split()[1]) / 1_024


if __name__ == "__main__":
    main()
