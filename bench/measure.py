"""Medians of several runs, and other processes measured as a whole."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: its output, seconds, peak memory in bytes, and the time of
    processors that it took."""

    output: str
    seconds: float
    peak_bytes: int
    cpu_seconds: float = 0.0


def run(*command: str, home: Path | None = None) -> Finished:
    """Run a command to its end. Raises RuntimeError where it fails."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    if home is not None:
        environment["TRAILMAP_HOME"] = str(home)
    began = perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(output)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    seconds = perf_counter() - began
    return Finished(output, seconds, usage.ru_maxrss * 1024, cpu_seconds)


def p95_ms(work: Callable[[], object], times: int) -> float:
    """The 95th percentile of the milliseconds that `work` takes, after one warm-up."""
    work()
    taken = []
    for _ in range(times):
        began = perf_counter()
        work()
        taken.append((perf_counter() - began) * 1_000)
    return statistics.quantiles(taken, n=20)[-1]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def line(name: str, value: float, unit: str, bound: str, *, is_met: bool) -> None:
    """One figure, beside what it is held against."""
    mark = "ok  " if is_met else "MISS"
    print(f"{mark} {name:<44} {value:>12,.1f} {unit:<10} {bound}", flush=True)
