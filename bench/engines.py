"""The embedded engine beside OpenSearch: the same events, the same two cores.

`python -m bench.engines`. BENCH_HOME keeps the generated logs for the next time.
OpenSearch has one node with 2 GB of heap, refresh off but for our commits, durable
bulk requests, and as many importing processes as serve it best.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter

import urllib3

from bench.events import write_logs
from bench.measure import ROOT, line, run
from tests.servers.all import OPENSEARCH

EVENTS = 1_000_000
SCALING_FILES = 40
PROCESSES = (1, 2, 4)
LEAST_RATIO = 1.5
MOST_OVERHEAD = 1.3
_PREBUILT = 100_000
_BULK = 2_000
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Ingest:
    """`seconds` of the slowest process; CPU seconds of ours and of the server."""

    events: int
    seconds: float
    peak_bytes: int
    client_cpu: float
    server_cpu: float = 0.0

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    def cost_us(self, cpu: float) -> float:
        return cpu / self.events * 1e6


def main() -> None:
    kept = os.environ.get("BENCH_HOME")
    folder = Path(kept or tempfile.mkdtemp(prefix="trailmap-bench-"))
    work = Path(tempfile.mkdtemp(prefix="trailmap-engines-"))
    try:
        if not (folder / "logs").exists():
            print(f"engines: making {EVENTS:,} events", flush=True)
            write_logs(folder / "logs", EVENTS)
        files = sorted((folder / "logs").iterdir())
        with _opensearch():
            _measure(files, work)
    finally:
        shutil.rmtree(work)
        if kept is None:
            shutil.rmtree(folder)


def _measure(files: Sequence[Path], work: Path) -> None:
    best = _scaling(files[:SCALING_FILES], work)
    _server_alone(files, work)
    print(f"engines: {EVENTS:,} events into each", flush=True)
    embedded = _ingest(files, work / "embedded", 1, prefix="")
    theirs = _ingest(files, work / "opensearch", best, prefix="bench")
    size = _size(work / "embedded" / "home-0" / "search")
    ratio = embedded.rate / theirs.rate
    line("embedded", embedded.rate, "events/s", "", is_met=True)
    line(f"OpenSearch, {best} processes", theirs.rate, "events/s", "", is_met=True)
    line(
        "ratio", ratio, "times", f"at least {LEAST_RATIO}", is_met=ratio >= LEAST_RATIO
    )
    line("embedded, on disk", size / 1e6, "MB", "", is_met=True)
    line("OpenSearch, on disk", _stored("bench") / 1e6, "MB", "", is_met=True)
    line("embedded, peak resident", embedded.peak_bytes / 1e6, "MB", "", is_met=True)
    line(
        "OpenSearch, server and processes",
        (_server_peak() + theirs.peak_bytes) / 1e6,
        "MB",
        "",
        is_met=True,
    )
    _queries(work)


def _scaling(files: Sequence[Path], work: Path) -> int:
    """Ingest with more and more processes; the number that was fastest."""
    print("engines: processes that import into one OpenSearch", flush=True)
    rates: dict[int, float] = {}
    for count in PROCESSES:
        found = _ingest(files, work / f"scaling-{count}", count, prefix="scaling")
        rates[count] = found.rate
        where = (
            f"CPU a event: ours {found.cost_us(found.client_cpu):.0f} us, "
            f"server {found.cost_us(found.server_cpu):.0f} us"
        )
        line(f"{count} processes", found.rate, "events/s", where, is_met=True)
        OPENSEARCH.remove("scaling")
    return max(rates, key=lambda count: rates[count])


def _ingest(files: Sequence[Path], folder: Path, count: int, prefix: str) -> Ingest:
    """Import the files by so many processes at once, each its share of every day."""
    environment = {"OPENSEARCH_PREFIX": prefix, "OPENSEARCH_URL": OPENSEARCH.url}
    if not prefix:
        environment = {"OPENSEARCH_URL": ""}
    shares = []
    for number in range(count):
        share = folder / f"logs-{number}"
        share.mkdir(parents=True)
        for file in files[number::count]:
            shutil.copy(file, share)
        shares.append(share)
    before, server_before = _cpu_of_children(), _server_cpu()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.timed_import", "cloudtrail", str(share)],
            cwd=ROOT,
            env={
                **os.environ,
                **environment,
                "DJANGO_SETTINGS_MODULE": "dashboard.settings",
                "TRAILMAP_HOME": str(folder / f"home-{number}"),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, share in enumerate(shares)
    ]
    events, seconds, peak = 0, 0.0, 0
    for process in processes:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        found = re.search(r"(\d+) events in ([\d.]+) s: done", output)
        if found is None:
            raise RuntimeError(output)
        events += int(found[1])
        seconds = max(seconds, float(found[2]))
        peak += usage.ru_maxrss * 1024
    return Ingest(
        events,
        seconds,
        peak,
        _cpu_of_children() - before,
        _server_cpu() - server_before,
    )


def _server_alone(files: Sequence[Path], work: Path) -> None:
    """What OpenSearch takes if nothing of ours runs beside it: bodies made before."""
    bodies = run("-m", "bench.bulk_bodies", str(work / "bodies"), *map(str, files))
    print(f"engines: {bodies.output.strip()}", flush=True)
    waiting: SimpleQueue[Path] = SimpleQueue()
    for body in sorted((work / "bodies").iterdir()):
        waiting.put(body)
    pool = urllib3.PoolManager(maxsize=2)

    def send() -> None:
        while True:
            try:
                body = waiting.get_nowait().read_bytes()
            except Empty:
                return
            answer = pool.request(
                "POST",
                f"{OPENSEARCH.url}/_bulk?filter_path=errors",
                body=body,
                headers={"Content-Type": "application/x-ndjson"},
            )
            if answer.status != 200:  # noqa: PLR2004
                raise RuntimeError(answer.data)

    began = perf_counter()
    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = _PREBUILT / (perf_counter() - began)
    line("OpenSearch, given finished bodies", rate, "events/s", "", is_met=True)
    OPENSEARCH.remove("prebuilt")


def _queries(work: Path) -> None:
    settings = {"index.requests.cache.enable": False}
    _send("PUT", "bench-*/_settings", settings)
    ours = _answers(work / "embedded" / "home-0" / "search", work, "")
    theirs = _answers(OPENSEARCH.process.folder / "data", work, "bench")
    print(f"{'':49}{'embedded':^24}{'OpenSearch':^24}by hand")
    print(
        f"{'milliseconds':<48}" + f"{'cold':>8}{'p50':>8}{'p95':>8}" * 2 + f"{'p50':>8}"
    )
    for name, mine in ours.items():
        other = theirs[name]
        figures = [one[at] for one in (mine, other) for at in ("cold", "p50", "p95")]
        shown = "".join(f"{value:8.1f}" for value in (*figures, other["hand p50"]))
        overhead = other["p50"] / other["hand p50"]
        faults = []
        if mine["p95"] > other["p95"]:
            faults.append("embedded is slower")
        if overhead > MOST_OVERHEAD:
            faults.append(f"{overhead:.2f} times by hand")
        mark = "MISS" if faults else "ok  "
        print(f"{mark} {name:<43}{shown}  {', '.join(faults)}", flush=True)


def _answers(data: Path, work: Path, prefix: str) -> dict[str, dict[str, float]]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "TRAILMAP_HOME": str(work / "embedded" / "home-0"),
        "OPENSEARCH_URL": OPENSEARCH.url if prefix else "",
        "OPENSEARCH_PREFIX": prefix,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.engine_queries", str(data)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return answers


@contextmanager
def _opensearch() -> Iterator[None]:
    """A server with 2 GB of heap of its own; one that ran is started anew in the end
    as it was."""
    was_running = OPENSEARCH.process.is_running()
    OPENSEARCH.stop()
    os.environ["OPENSEARCH_HEAP"] = "2g"
    OPENSEARCH.start()
    for prefix in ("bench", "scaling", "prebuilt"):
        OPENSEARCH.remove(prefix)
    try:
        yield
    finally:
        OPENSEARCH.remove("bench")
        OPENSEARCH.stop()
        del os.environ["OPENSEARCH_HEAP"]
        if was_running:
            OPENSEARCH.start()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _stored(prefix: str) -> int:
    _send("POST", f"{prefix}-*/_flush", None)
    answer = _send("GET", f"{prefix}-*/_stats/store", None)
    return int(answer["_all"]["total"]["store"]["size_in_bytes"])


def _send(
    method: str, path: str, body: object
) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    request = urllib.request.Request(
        f"{OPENSEARCH.url}/{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, dict[str, dict[str, dict[str, int]]]] = json.load(answer)
    return found


def _server_processes() -> list[Path]:
    """The server's process group: a shell may stand before Java."""
    group = str(OPENSEARCH.process.group)
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if fields[2] == group:
                found.append(folder)
    return found


def _server_cpu() -> float:
    """CPU seconds that the server has used so far."""
    ticks = 0
    for folder in _server_processes():
        fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_A_SECOND


def _server_peak() -> int:
    """The most memory that the server was seen to hold, in bytes."""
    peak = 0
    for folder in _server_processes():
        found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
        peak += int(found[1]) * 1024 if found else 0
    return peak


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
