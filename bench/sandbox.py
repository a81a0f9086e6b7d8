"""From `python -m sandbox` to a shop with 24 hours of history that answers."""

import json
import subprocess
import sys
import time
from pathlib import Path
from time import perf_counter

from bench.measure import ROOT, line, median

RUNS = 3
UP_SECONDS, MEMORY_MB = 60.0, 700.0
_LIVE_SECONDS = 60.0


def main() -> None:
    ready, resident = zip(*(_start() for _ in range(RUNS)), strict=True)
    print(f"sandbox: median of {RUNS}, then {_LIVE_SECONDS:.0f} s of live traffic")
    line("up, with 24 h of history", median(ready), "s", "under 60 s",
         is_met=median(ready) < UP_SECONDS)  # fmt: skip
    line("peak resident memory after that", median(resident), "MB", "under 700 MB",
         is_met=median(resident) < MEMORY_MB)  # fmt: skip


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
