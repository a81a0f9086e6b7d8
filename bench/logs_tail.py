"""The live tail: 200 people read it at once, each line's way from store to reader.

The lag of a line is from the moment it became visible in the store until its bytes
reached the reader's socket in another process: more than until the event was sent.
"""

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from bench.measure import ROOT, line

READERS, LINES = 200, 80
MOST_P95_MS = 250.0
_ROW = re.compile(rb"row-line-(\d+)\\\\?\"")

# Readers with the same query share a look at the store.
CASES = {
    "one filter": ["q="],
    "20 filters": [f"q={quote(f'order NOT zebra{n}')}" for n in range(20)],
}


def main() -> None:
    for name, queries in CASES.items():
        with tempfile.TemporaryDirectory(prefix="trailmap-bench-") as home:
            lags, expected = _measure(Path(home), queries)
        p50 = statistics.median(lags)
        p95 = statistics.quantiles(lags, n=20)[-1]
        print(f"live tail, {READERS} readers of {name}, a line every 0.25 s")
        line("lines that reached their readers", 100 * len(lags) / expected, "%",
             "100 %", is_met=len(lags) == expected)  # fmt: skip
        print(f"  median lag {p50:.0f} ms")
        line("p95 lag", p95, "ms", "under 250 ms", is_met=p95 < MOST_P95_MS)


def _measure(home: Path, queries: list[str]) -> tuple[list[float], int]:
    """Milliseconds of each line to each reader, and how many there should be."""
    site = subprocess.Popen(
        [sys.executable, "-m", "bench.logs_tail_site", str(READERS), str(LINES)],
        cwd=ROOT,
        env={**os.environ, "TRAILMAP_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        return asyncio.run(_read(site, queries)), READERS * LINES
    finally:
        site.terminate()
        site.wait()


async def _read(site: "subprocess.Popen[str]", queries: list[str]) -> list[float]:
    begun = json.loads(await asyncio.to_thread(_next, site))
    arrived: list[tuple[int, int]] = []
    readers = []
    for at, session in enumerate(begun["sessions"]):
        query = queries[at % len(queries)]
        readers.append(await _open(begun["port"], session, query, arrived))
    await asyncio.sleep(3)
    _go_on(site)
    visible: dict[int, int] = {}
    while "done" not in (said := json.loads(await asyncio.to_thread(_next, site))):
        visible[said["line"]] = said["visible_ns"]
    for reader in readers:
        reader.cancel()
    _go_on(site)
    return [(at_ns - visible[number]) / 1e6 for number, at_ns in arrived]


async def _open(
    port: int, session: str, query: str, arrived: list[tuple[int, int]]
) -> "asyncio.Task[None]":
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /explore/logs/tail?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Cookie: session={session}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        raise RuntimeError(head.decode())
    return asyncio.create_task(_follow(reader, writer, arrived))


async def _follow(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    arrived: list[tuple[int, int]],
) -> None:
    """Note when each line comes; the writer is held, for it closes what it is of."""
    left = b""
    while data := await reader.read(1 << 16):
        at_ns = time.monotonic_ns()
        *events, left = (left + data).split(b"\n\n")
        for event in events:
            arrived += [(int(number), at_ns) for number in _ROW.findall(event)]
    writer.close()


def _next(site: "subprocess.Popen[str]") -> str:
    text = site.stdout.readline() if site.stdout else ""
    if not text:
        raise RuntimeError("the site ended")
    return text


def _go_on(site: "subprocess.Popen[str]") -> None:
    if site.stdin:
        site.stdin.write("\n")
        site.stdin.flush()


if __name__ == "__main__":
    main()
