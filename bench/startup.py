"""From the command to a site that answers: on an empty home, and after that."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.measure import ROOT, line, median

RUNS = 5
COLD_SECONDS, WARM_SECONDS = 8.0, 3.0


def main() -> None:
    cold, warm = [], []
    for _ in range(RUNS):
        home = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
        cold.append(_start(home))
        warm.append(_start(home))
        shutil.rmtree(home)
    print(f"startup: median of {RUNS}")
    line("cold, on an empty home", median(cold), "s", "under 8 s",
         is_met=median(cold) < COLD_SECONDS)  # fmt: skip
    line("warm", median(warm), "s", "under 3 s", is_met=median(warm) < WARM_SECONDS)


def _start(home: Path) -> float:
    """Seconds until the site says where it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "TRAILMAP_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for text in process.stdout or ():
        if text.startswith("Trailmap is at"):
            break
    took = perf_counter() - began
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    return took


if __name__ == "__main__":
    main()
