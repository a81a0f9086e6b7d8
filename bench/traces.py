"""Spans in, with the map kept up to date, and the map as a pure function.

`python -m bench.traces` imports a file of X-Ray segments of 60 services, then counts
the same spans in memory.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from time import perf_counter

from apps.tracing.maps.counting import counted
from apps.tracing.spans.segments import spans_of
from apps.tracing.spans.span import Span
from bench.measure import line, median, run
from bench.tracedata import ACCOUNT, Journey, System, lines, segments, spans_in

SERVICES = 60
TRACES = 4_000
SECONDS = 3_600
BEGAN = 1_790_000_000.0
RUNS = 3
LEAST_IN, LEAST_COUNTED = 8_000, 300_000


def main() -> None:
    journeys = list(System(SERVICES).journeys(TRACES, BEGAN, SECONDS))
    spans = sum(spans_in(one.root) for one in journeys)
    print(
        f"traces: {TRACES:,} of {spans / TRACES:.0f} spans on average, {SERVICES} "
        f"services with a table each, {RUNS} runs",
        flush=True,
    )
    _ingest(journeys, spans)
    _count(journeys, spans)


def _ingest(journeys: list[Journey], spans: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    try:
        file = folder / "segments.jsonl"
        with file.open("wb") as out:
            for journey in journeys:
                out.write(lines(segments(journey)))
        runs = [_imported(file, folder / f"in-{number}") for number in range(RUNS)]
    finally:
        shutil.rmtree(folder)
    seconds, peaks, sizes, busy = zip(*runs, strict=True)
    rate = spans / median(seconds)
    line(
        "spans in, documents, traces and map durable",
        rate,
        "spans/s",
        f"at least {LEAST_IN:,}",
        is_met=rate >= LEAST_IN,
    )
    line("processor time", median(busy) / spans * 1e6, "us/span", "", is_met=True)
    line("peak resident memory", max(peaks) / 1e6, "MB", "", is_met=True)
    line("stored", median(sizes) / spans, "bytes/span", "", is_met=True)


def _imported(file: Path, home: Path) -> tuple[float, int, int, float]:
    """Seconds of an import, its memory, the bytes that it stored, and the seconds of
    processors."""
    done = run("-m", "bench.timed_import", "xray", str(file), home=home)
    found = re.search(r"(\d+) events in ([\d.]+) s", done.output)
    if found is None:
        raise RuntimeError(done.output)
    stored = sum(one.stat().st_size for one in home.rglob("*") if one.is_file())
    shutil.rmtree(home)
    return float(found[2]), done.peak_bytes, stored, done.cpu_seconds


def _count(journeys: list[Journey], spans: int) -> None:
    traces: list[list[Span]] = [
        [
            span
            for document in segments(journey)
            for span in spans_of(document, ACCOUNT, "eu-west-1")
        ]
        for journey in journeys
    ]
    taken = []
    for _ in range(RUNS):
        began = perf_counter()
        counted(traces, int(BEGAN) - 60, int(BEGAN) + 2 * SECONDS)
        taken.append(perf_counter() - began)
    rate = spans / median(taken)
    line(
        "spans to map, as a pure function",
        rate,
        "spans/s",
        f"at least {LEAST_COUNTED:,}",
        is_met=rate >= LEAST_COUNTED,
    )


if __name__ == "__main__":
    main()
