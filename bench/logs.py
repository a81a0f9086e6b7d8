"""Log lines in, and terms found among ten million of them, embedded.

`python -m bench.logs` fills a home for the second part, which takes a while; BENCH_HOME
keeps it, BENCH_LINES makes it smaller or larger.
"""

import os
import random
import re
import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter

from bench.loglines import write_lines
from bench.measure import line, median, run

LINES = 500_000
RUNS = 3
LEAST_RATE = 25_000
STORED_LINES = int(os.environ.get("BENCH_LINES", "10000000"))
LINES_A_DAY = 1_000_000
MOST_MS = 50
TIMES = 200


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    try:
        _ingest(folder)
        home = Path(os.environ.get("BENCH_HOME") or folder / "home")
        if not (home / "search").exists():
            _fill(home, folder)
        _queries(home)
    finally:
        shutil.rmtree(folder)


def _ingest(folder: Path) -> None:
    size = write_lines(folder / "lines", LINES, days=1)
    print(
        f"logs in: {LINES:,} lines of {size / LINES:.0f} bytes (60 % text, 30 % JSON, "
        f"10 % REPORT, VPC and ALB), {RUNS} runs, durable and deduplicated",
        flush=True,
    )
    runs = [_imported(folder / "lines", folder / f"in-{run}") for run in range(RUNS)]
    rates, peaks, sizes, busy = zip(*runs, strict=True)
    rate = median(rates)
    line(
        "lines in",
        rate,
        "lines/s",
        f"at least {LEAST_RATE:,}",
        is_met=rate >= LEAST_RATE,
    )
    # Of a machine that others use as well, this says what an idle one could do.
    line("processor time", median(busy) / LINES * 1e6, "us/line", "", is_met=True)
    line("peak resident memory", max(peaks) / 1e6, "MB", "", is_met=True)
    line("stored", median(sizes) / LINES, "bytes/line", "", is_met=True)


def _imported(lines: Path, home: Path) -> tuple[float, int, int, float]:
    """Lines a second of an import, its memory, the bytes that it stored, and the
    seconds of processors."""
    done = run("-m", "bench.timed_import", "logs", str(lines), home=home)
    found = re.search(r"(\d+) events in ([\d.]+) s", done.output)
    if found is None:
        raise RuntimeError(done.output)
    stored = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    shutil.rmtree(home)
    rate = int(found[1]) / float(found[2])
    return rate, done.peak_bytes, stored, done.cpu_seconds


def _fill(home: Path, folder: Path) -> None:
    print(f"queries: storing {STORED_LINES:,} lines", flush=True)
    days = max(1, STORED_LINES // LINES_A_DAY)
    write_lines(folder / "many", STORED_LINES, days)
    began = perf_counter()
    run("-m", "bench.timed_import", "logs", str(folder / "many"), home=home)
    rate = STORED_LINES / (perf_counter() - began)
    line("lines in, over all of them", rate, "lines/s", "", is_met=True)
    shutil.rmtree(folder / "many")


def _queries(home: Path) -> None:
    os.environ["TRAILMAP_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django  # noqa: PLC0415 - the home must be named first

    django.setup()
    from django.utils import timezone  # noqa: PLC0415

    from apps.monitoring.kinds import LOGS  # noqa: PLC0415
    from apps.search import store  # noqa: PLC0415
    from apps.search.engines.base import SearchRequest  # noqa: PLC0415
    from apps.search.language import parse  # noqa: PLC0415

    reader, now = store.reader(), timezone.now()
    stored = sum(day.documents for day in reader.days(LOGS))
    print(f"queries: {stored:,} lines stored, {TIMES} times each", flush=True)

    def found(query: str) -> object:
        return reader.find(SearchRequest(LOGS, now, parse(query)), 100)

    def counted(query: str) -> object:
        return reader.count(SearchRequest(LOGS, now, parse(query)))

    for name, terms in _terms().items():
        _figure(f"{name}: newest 100", found, terms)
        _figure(f"{name}: count", counted, terms)


def _terms() -> dict[str, Sequence[str]]:
    """Questions of one term, several of each sort, as nobody asks the same twice."""
    chosen = random.Random(3)
    return {
        "a rare word": [f"{chosen.getrandbits(32):08x}" for _ in range(TIMES)],
        "a frequent word": ["refused", "approved", "warehouse", "published", "session"],
        "a level": ["@level:ERROR", "@level:WARN", "@level:DEBUG"],
        "a field of JSON bodies": ["service:cart", "route:/pay", "status:500"],
    }


def _figure(name: str, ask: Callable[[str], object], terms: Sequence[str]) -> None:
    asked = cycle(terms)
    ask(next(asked))
    taken = []
    for _ in range(TIMES):
        began = perf_counter()
        ask(next(asked))
        taken.append((perf_counter() - began) * 1_000)
    p95 = statistics.quantiles(taken, n=20)[-1]
    bound = f"p95; p50 {statistics.median(taken):.1f} ms; under {MOST_MS} ms asked"
    line(name, p95, "ms", bound, is_met=p95 < MOST_MS)


if __name__ == "__main__":
    main()
