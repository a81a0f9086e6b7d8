"""Ingest beside the bare reading of the same files, in the same run."""

import re
import shutil
import tempfile
from pathlib import Path

from bench.events import write_logs
from bench.measure import line, median, run

EVENTS = 200_000
RUNS = 3
LEAST_RATIO = 0.10
MOST_BYTES = 600_000_000


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    try:
        records = write_logs(folder / "logs", EVENTS)
        print(f"ingest: {records:,} records in gzipped files, {RUNS} runs")
        measured = [_once(folder, number) for number in range(RUNS)]
    finally:
        shutil.rmtree(folder)
    rates, baselines, peaks = zip(*measured, strict=True)
    ratios = [rate / base for rate, base in zip(rates, baselines, strict=True)]
    line(
        "gunzip and orjson on one core", median(baselines), "events/s", "", is_met=True
    )
    line("ingest, durable and deduplicated", median(rates), "events/s", "", is_met=True)
    line(
        "ratio of the two",
        median(ratios) * 100,
        "%",
        "at least 10 %",
        is_met=median(ratios) >= LEAST_RATIO,
    )
    line(
        "peak resident memory",
        max(peaks) / 1e6,
        "MB",
        "under 600 MB",
        is_met=max(peaks) < MOST_BYTES,
    )


def _once(folder: Path, number: int) -> tuple[float, float, int]:
    """Events a second of an import, of the bare reading, and the import's memory."""
    logs, home = folder / "logs", folder / f"home-{number}"
    baseline = float(run("bench/baseline.py", str(logs)).output)
    done = run("-m", "bench.timed_import", "cloudtrail", str(logs), home=home)
    found = re.search(r"(\d+) events in ([\d.]+) s", done.output)
    if found is None:
        raise RuntimeError(done.output)
    shutil.rmtree(home)
    return int(found[1]) / float(found[2]), baseline, done.peak_bytes


if __name__ == "__main__":
    main()
