"""How fast the sandbox's X-Ray takes traces and answers its graph over HTTP.

Run as `python -m bench.sandbox_xray`. Prints a table: put rates, memory, and the graph
over six hours of ten traces a second, 216,000 traces of five segments each.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import boto3
import orjson

from bench.measure import median
from sandbox.assembly import Sandbox, assemble
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.principals import service_principal
from sandbox.kernel.server import Server
from sandbox.xray import XRay

_NOW = 1_790_000_000.0
_SECONDS = 6 * 3_600
_SERVICES = ("web", "orders", "payments", "stock", "mail")
_FAULTS = 0.01
_DRAW = random.Random(7)


def _call(name: str, start: float, end: float, **members: Any) -> dict[str, Any]:
    made = {"name": name, "id": f"{_DRAW.getrandbits(64):016x}", "start_time": start}
    return {**made, "end_time": end, "namespace": "remote", **members}


def trace(start: float) -> Iterator[dict[str, Any]]:
    """A request through five services, each with a table of its own."""
    trace_id = f"1-{int(start):08x}-{_DRAW.getrandbits(96):024x}"
    parent: str | None = None
    for depth, name in enumerate(_SERVICES):
        begin = start + depth * 0.01
        end = begin + 0.1 + _DRAW.expovariate(10)
        table = {"table_name": f"{name}-table", "operation": "GetItem"}
        reads = _call("DynamoDB", begin, begin + 0.02, namespace="aws", aws=table)
        status = 500 if _DRAW.random() < _FAULTS else 200
        document = {
            "name": name,
            "id": f"{_DRAW.getrandbits(64):016x}",
            "trace_id": trace_id,
            "start_time": begin,
            "end_time": end,
            "origin": "AWS::ECS::Container",
            "http": {
                "request": {"method": "GET", "url": f"https://{name}.shop/items/7"},
                "response": {"status": status},
            },
            "annotations": {"customer": f"c{_DRAW.randrange(1000)}"},
            "subsegments": [reads],
        }
        if parent:
            document["parent_id"] = parent
        if depth < len(_SERVICES) - 1:
            onward = _call(_SERVICES[depth + 1], begin + 0.02, end - 0.01)
            document["subsegments"] = [reads, onward]
            parent = onward["id"]
        yield document


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def fill(service: XRay, traces_a_second: float) -> tuple[int, float]:
    """Segments put, and the seconds that putting took (making them left out)."""
    # Few at a time: what is held afterwards is the store, not what was put.
    count, seconds, steps = 0, 0.0, 720
    each = int(_SECONDS * traces_a_second / steps)
    for step in range(steps):
        begin = _NOW - _SECONDS + step * _SECONDS / steps
        gaps = (_SECONDS / steps) / each
        documents = [d for n in range(each) for d in trace(begin + n * gaps)]
        began = perf_counter()
        service.put_documents((SHOP, HOME_REGION), documents, _NOW)
        seconds += perf_counter() - began
        count += len(documents)
    return count, seconds


def _client(sandbox: Sandbox, url: str) -> Any:
    who = service_principal("bench.amazonaws.com", SHOP)
    iam = sandbox.cloud.client("iam", SHOP, HOME_REGION, who)
    iam.create_user(UserName="bench")
    policy = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(
        UserName="bench",
        PolicyName="own",
        PolicyDocument=orjson.dumps({"Version": "2012-10-17", **policy}).decode(),
    )
    key = iam.create_access_key(UserName="bench")["AccessKey"]
    session = boto3.Session(
        key["AccessKeyId"], key["SecretAccessKey"], region_name=HOME_REGION
    )
    make: Callable[..., Any] = session.client
    return make("xray", endpoint_url=url)


def _times_ms(work: Callable[[], object], times: int = 7) -> tuple[float, float]:
    """Of the first call, and the median of the others."""
    taken = []
    for _ in range(times):
        began = perf_counter()
        work()
        taken.append((perf_counter() - began) * 1_000)
    return taken[0], median(taken[1:])


def _put_over_http(client: Any, segments: int = 5_000) -> float:
    texts = [
        orjson.dumps(document).decode()
        for number in range(segments // len(_SERVICES))
        for document in trace(_NOW - 30 + number / 1_000)
    ]
    began = perf_counter()
    for at in range(0, len(texts), 50):
        client.put_trace_segments(TraceSegmentDocuments=texts[at : at + 50])
    return segments / (perf_counter() - began)


def main(traces_a_second: float) -> None:
    with tempfile.TemporaryDirectory() as home:
        sandbox = assemble(SetClock(_NOW), Path(home))
        service = next(s for s in (sandbox.service("xray"),) if isinstance(s, XRay))
        gc.collect()
        before = _resident_mb()
        segments, seconds = fill(service, traces_a_second)
        gc.collect()
        held = _resident_mb() - before
        disk = sum(f.stat().st_size for f in Path(home).iterdir()) / 2**20
        server = Server(sandbox.application)
        server.start()
        client = _client(sandbox, server.url)
        _report(client, segments, seconds, (held, disk))
        server.stop()


def _report(
    client: Any, segments: int, seconds: float, held: tuple[float, float]
) -> None:
    client.get_encryption_config()  # moto reads X-Ray's model at the first request
    window = {"StartTime": _NOW - _SECONDS, "EndTime": _NOW}
    graph = _times_ms(lambda: client.get_service_graph(**window))
    page = _times_ms(lambda: client.get_trace_summaries(**window))
    faults = _times_ms(
        lambda: client.get_trace_summaries(**window, FilterExpression="fault"), 3
    )
    rows = (
        ("segments held", f"{segments:,}"),
        ("put in bulk, segments/s", f"{segments / seconds:,.0f}"),
        ("put over HTTP, 50 a call, segments/s", f"{_put_over_http(client):,.0f}"),
        ("memory of the store, MB", f"{held[0]:.0f}"),
        ("documents on disk, MB", f"{held[1]:.0f}"),
        ("GetServiceGraph over 6 h, first, ms", f"{graph[0]:.0f}"),
        ("GetServiceGraph over 6 h, median, ms", f"{graph[1]:.0f}"),
        ("GetTraceSummaries, a page of 200, ms", f"{page[1]:.0f}"),
        ("GetTraceSummaries, `fault`, a page, ms", f"{faults[1]:.0f}"),
        ("processor cores", f"{os.cpu_count()}"),
    )
    for name, figure in rows:
        print(f"{name:<42}{figure:>12}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
