"""Metrics: what is kept, what keeping it costs, and what asking for it does."""

import subprocess
import sys

from bench import metrics_samples
from bench.measure import ROOT


def main() -> None:
    metrics_samples.main()
    # A home of its own needs a process of its own.
    for period in ("60", "300"):
        command = [sys.executable, "-m", "bench.metrics_calls", period]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
