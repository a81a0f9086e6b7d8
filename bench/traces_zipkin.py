"""The same spans sent to Zipkin's server and to Trailmap: how long until the graph of
dependencies is right, and how much memory that takes.

`python -m bench.traces_zipkin` fetches Zipkin 3.5.1 from Maven's central repository
once, with `mvn`, and runs it on Java 17 or later with its storage in memory, told to
keep twice the spans that it gets. Both listen on loopback and are sent the same
requests over one connection. ZIPKIN_JAR names a jar that is there already.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench.measure import ROOT, line, median, run
from bench.tracedata import Journey, System, Work, zipkin_spans

TRACES = 1_100
SPANS_A_BODY = 1_000
RUNS = 3
_VERSION = "3.5.1"
_ARTIFACT = f"io.zipkin:zipkin-server:{_VERSION}:jar:exec"
_GIVE_UP_AFTER = 180.0
# Asking without a pause would take the processor from the one who counts.
_ASKED_EVERY = 0.1
Links = Mapping[tuple[str, str], tuple[int, int]]
"""Calls and errors by who calls and who is called."""


@dataclass(frozen=True)
class Outcome:
    """Seconds to send all, seconds from then until the graph was right, peak bytes."""

    sending: float
    waiting: float
    peak_bytes: int


@dataclass(frozen=True)
class Server:
    """A server that runs: where spans go, where the graph is, what requests say."""

    process: subprocess.Popen[str]
    port: int
    graph: str
    headers: Mapping[str, str]


def main() -> None:
    began = time.time() - 1_200
    journeys = list(System(60).journeys(TRACES, began, 600))
    bodies, spans = _bodies(journeys)
    wanted = _expected(journeys)
    print(
        f"beside Zipkin {_VERSION}: {spans:,} spans, {len(wanted)} dependencies, "
        f"{RUNS} runs of each in turn",
        flush=True,
    )
    jar = _jar()
    ours, theirs = [], []
    for _ in range(RUNS):
        with _zipkin(jar, 2 * spans) as server:
            theirs.append(_measured(server, bodies, wanted))
        with _trailmap() as server:
            ours.append(_measured(server, bodies, wanted))
    _report(ours, theirs)


def _report(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> None:
    for name, runs in (("Trailmap", ours), ("Zipkin", theirs)):
        line(
            f"{name}: sending",
            median([one.sending for one in runs]),
            "s",
            "",
            is_met=True,
        )
        line(
            f"{name}: last span to correct graph",
            median([one.waiting for one in runs]) * 1e3,
            "ms",
            "",
            is_met=True,
        )
        peak = median([one.peak_bytes for one in runs]) / 1e6
        line(f"{name}: peak resident memory", peak, "MB", "", is_met=True)
    times = _ratio(ours, theirs, lambda one: one.sending + one.waiting)
    memory = _ratio(ours, theirs, lambda one: one.peak_bytes)
    print(
        f"  Trailmap takes {times:.2f} times as long from the first span to the graph, "
        f"and {memory:.2f} times the memory; its spans are durable and searchable then"
    )


def _ratio(
    ours: Sequence[Outcome],
    theirs: Sequence[Outcome],
    figure: Callable[[Outcome], float],
) -> float:
    return median([figure(one) for one in ours]) / median(list(map(figure, theirs)))


def _bodies(journeys: Sequence[Journey]) -> tuple[list[bytes], int]:
    spans = [span for journey in journeys for span in zipkin_spans(journey)]
    parts = range(0, len(spans), SPANS_A_BODY)
    return [orjson.dumps(spans[at : at + SPANS_A_BODY]) for at in parts], len(spans)


def _expected(journeys: Sequence[Journey]) -> Links:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def walk(work: Work) -> None:
        for call in work.calls:
            counts = found[work.service, call.to]
            counts[0] += 1
            counts[1] += call.is_fault
            if call.answer:
                walk(call.answer)

    for journey in journeys:
        walk(journey.root)
    return {ends: (calls, errors) for ends, (calls, errors) in found.items()}


def _measured(server: Server, bodies: Sequence[bytes], wanted: Links) -> Outcome:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    began = time.perf_counter()
    headers = {**server.headers, "Content-Type": "application/json"}
    for body in bodies:
        connection.request("POST", "/api/v2/spans", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:  # noqa: PLR2004  # what Zipkin's collector answers
            raise RuntimeError(f"spans were answered with {answer.status}")
    sent = time.perf_counter()
    while (found := _links(connection, server)) != wanted:
        if time.perf_counter() - sent > _GIVE_UP_AFTER:
            raise RuntimeError(f"{len(found)} of {len(wanted)} dependencies, or wrong")
        time.sleep(_ASKED_EVERY)
    waited = time.perf_counter() - sent
    return Outcome(sent - began, waited, _peak_bytes(server.process.pid))


def _links(connection: http.client.HTTPConnection, server: Server) -> Links:
    asked = f"{server.graph}?endTs={int(time.time() * 1e3)}&lookback=7200000"
    connection.request(
        "GET", asked, headers={**server.headers, "Accept-Encoding": "gzip"}
    )
    answer = connection.getresponse()
    body = answer.read()
    if answer.getheader("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return {
        (one["parent"], one["child"]): (one["callCount"], one.get("errorCount", 0))
        for one in json.loads(body)
    }


def _peak_bytes(pid: int) -> int:
    for said in Path(f"/proc/{pid}/status").read_text().splitlines():
        if said.startswith("VmHWM:"):
            return int(said.split()[1]) << 10
    raise RuntimeError("the system does not tell the peak memory of a process")


@contextlib.contextmanager
def _zipkin(jar: Path, most_spans: int) -> Iterator[Server]:
    port = _free_port()
    command = [
        "java", "-jar", str(jar),
        "--armeria.ports[0].ip=127.0.0.1", f"--armeria.ports[0].port={port}",
        "--armeria.ports[0].protocols[0]=http",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "STORAGE_TYPE": "mem",
        "MEM_MAX_SPANS": str(most_spans),
    }
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, text=True
    )
    with _ended(process):
        _wait_for(port, "/health", process)
        yield Server(process, port, "/api/v2/dependencies", {})


@contextlib.contextmanager
def _trailmap() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    port = _free_port()
    try:
        token = run("-m", "bench.traces_token", home=home).output.split()[-1]
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "TRAILMAP_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            text=True,
        )
        with _ended(process):
            _wait_for(port, "/readyz", process)
            headers = {"Authorization": f"Bearer {token}"}
            yield Server(process, port, "/zipkin/api/v2/dependencies", headers)
    finally:
        shutil.rmtree(home)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, path: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _GIVE_UP_AFTER
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass  # it does not listen yet
        finally:
            connection.close()
        time.sleep(0.2)
    raise RuntimeError("the server does not answer")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _jar() -> Path:
    known = os.environ.get("ZIPKIN_JAR")
    if known:
        return Path(known)
    folder = ROOT / "var" / "zipkin"
    jar = folder / f"zipkin-server-{_VERSION}-exec.jar"
    if not jar.exists():
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
        subprocess.run(
            [shutil.which("mvn") or "mvn", "-q", "-B", plugin,
             f"-Dartifact={_ARTIFACT}",
             f"-DoutputDirectory={folder}"],
            check=True,
        )  # fmt: skip
    return jar


if __name__ == "__main__":
    main()
