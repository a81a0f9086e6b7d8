"""CloudWatch of the sandbox over HTTP, boto3 included: samples in, and points out.

`python -m bench.sandbox_cloudwatch` starts a sandbox in a process of its own.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, time
from typing import Any

import boto3
import numpy as np

from bench.measure import line, median
from sandbox.assembly import assemble
from sandbox.cloudwatch.service import CloudWatch
from sandbox.cloudwatch.store import MetricKey, MetricStore
from sandbox.kernel.clock import SystemClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.server import Server

METRICS = 500
MINUTES = 1_440
RUNS = 3
BOUND_SECONDS = 1.5
BOUND_MEGABYTES = 100
BOUND_SAMPLES = 20_000
SAMPLES_A_REQUEST = 12
REQUESTS_A_DAY = int(0.6 * 86_400)
EVERYTHING = (
    '{"Version": "2012-10-17", "Statement": '
    '{"Effect": "Allow", "Action": "*", "Resource": "*"}}'
)


def serve(connection: Connection) -> None:
    """A sandbox with a day of history; tells its address, then its memory."""
    sandbox = assemble(SystemClock(), Path(tempfile.mkdtemp(prefix="trailmap-bench-")))
    before = resident_bytes()
    service = sandbox.service("cloudwatch")
    if not isinstance(service, CloudWatch):
        raise TypeError("cloudwatch is not ours")
    began = perf_counter()
    times = time() // 60 * 60 - np.arange(MINUTES)[::-1] * 60
    for key in keys():
        values = np.random.default_rng(0).random(MINUTES)
        service.metrics.record((SHOP, HOME_REGION), key, times, values)
    seconds = perf_counter() - began
    grown = resident_bytes() - before
    iam = sandbox.cloud.client("iam", SHOP, HOME_REGION, "bench.amazonaws.com")
    iam.create_user(UserName="bench")
    iam.put_user_policy(UserName="bench", PolicyName="own", PolicyDocument=EVERYTHING)
    key_pair = iam.create_access_key(UserName="bench")["AccessKey"]
    server = Server(sandbox.application)
    server.start()
    connection.send((server.url, key_pair, seconds, grown / 1024**2))
    connection.recv()


def resident_bytes() -> int:
    pages_in_memory = int(Path("/proc/self/statm").read_text().split()[1])
    return pages_in_memory * os.sysconf("SC_PAGE_SIZE")


def keys() -> Iterator[MetricKey]:
    for number in range(METRICS):
        yield MetricKey("Shop", f"M{number}", (("Service", "checkout"),))


def client_of(url: str, key_pair: Mapping[str, str]) -> Any:
    session = boto3.Session(
        aws_access_key_id=key_pair["AccessKeyId"],
        aws_secret_access_key=key_pair["SecretAccessKey"],
        region_name=HOME_REGION,
    )
    make: Callable[..., Any] = session.client
    return make("cloudwatch", endpoint_url=url)


def samples_a_second(client: Any, data: list[dict[str, Any]], calls: int) -> float:
    samples = sum(len(datum.get("Values", (1,))) for datum in data)
    began = perf_counter()
    for _ in range(calls):
        client.put_metric_data(Namespace="Bench", MetricData=data)
    return calls * samples / (perf_counter() - began)


def single_values() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "MetricName": f"S{number % 400}",
            "Dimensions": [{"Name": "Service", "Value": "checkout"}],
            "Timestamp": now,
            "Value": number * 1.5,
            "Unit": "Milliseconds",
        }
        for number in range(1_000)
    ]


def arrays_of_values() -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "MetricName": f"A{number}",
            "Timestamp": now,
            "Values": [value * 1.5 for value in range(150)],
            "Counts": [1.0] * 150,
        }
        for number in range(100)
    ]


def pages(client: Any, period: int, stat: str) -> Iterator[dict[str, Any]]:
    """GetMetricData of all metrics over a day, page by page."""
    end = time() // 60 * 60
    queries = [
        {
            "Id": f"m{at}",
            "MetricStat": {
                "Metric": {
                    "Namespace": key.namespace,
                    "MetricName": key.name,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in key.dimensions],
                },
                "Period": period,
                "Stat": stat,
            },
        }
        for at, key in enumerate(keys())
    ]
    asked = {"MetricDataQueries": queries, "EndTime": end, "StartTime": end - 86_400}
    while True:
        answer = client.get_metric_data(**asked)
        yield answer
        if "NextToken" not in answer:
            return
        asked["NextToken"] = answer["NextToken"]


class Wire:
    """Seconds of the last call until its answer was there, before boto3 reads it."""

    def __init__(self, client: Any) -> None:
        self.seconds = 0.0
        self._began = 0.0
        client.meta.events.register("before-send", self._sent)
        client.meta.events.register("before-parse", self._answered)

    def _sent(self, **_: object) -> None:
        self._began = perf_counter()

    def _answered(self, **_: object) -> None:
        self.seconds = perf_counter() - self._began


@dataclass(frozen=True, slots=True)
class Read:
    """Seconds of the first call, of all, and of all without boto3's reading."""

    first: float
    whole: float
    on_the_wire: float
    calls: int
    points: int


def timed_pages(client: Any, wire: Wire, period: int, stat: str) -> Read:
    began = perf_counter()
    first, on_the_wire, calls, points = 0.0, 0.0, 0, 0
    for answer in pages(client, period, stat):
        calls += 1
        on_the_wire += wire.seconds
        first = first or perf_counter() - began
        points += sum(len(each["Values"]) for each in answer["MetricDataResults"])
    return Read(first, perf_counter() - began, on_the_wire, calls, points)


def show_reads(client: Any, wire: Wire, period: int, stat: str) -> None:
    found = [timed_pages(client, wire, period, stat) for _ in range(RUNS)]
    name = f"{stat} of {METRICS} by {period} s"
    first = median([each.first for each in found])
    line(f"{name}, a call", first, "s", "under 1.5 s", is_met=first < BOUND_SECONDS)
    said = f"{found[0].calls} calls, {found[0].points:,} points"
    line(f"{name}, all", median([each.whole for each in found]), "s", said, is_met=True)
    alone = median([each.on_the_wire for each in found])
    line(f"{name}, all but boto3", alone, "s", "the sandbox's share", is_met=True)


def show_writes(client: Any) -> None:
    for name, data in (("Value", single_values()), ("Values", arrays_of_values())):
        calls = 20
        found = median([samples_a_second(client, data, calls) for _ in range(RUNS)])
        said = f"over {BOUND_SAMPLES:,}"
        line(
            f"samples in, by {name}",
            found,
            "a second",
            said,
            is_met=found > BOUND_SAMPLES,
        )


def show_growth() -> None:
    """A day of the shop: every request has a sample of each metric, half of them the
    same in most requests (a count, an error), half of them never (a duration)."""
    store, end = MetricStore(), int(time())
    random = np.random.default_rng(0)
    times = np.sort(random.integers(end - 86_400, end, REQUESTS_A_DAY))
    for number in range(SAMPLES_A_REQUEST):
        values = random.lognormal(4, 1, len(times)) if number % 2 else times * 0 + 1.0
        store.record(
            (SHOP, HOME_REGION), MetricKey("Shop", f"G{number}"), times, values
        )
    began = perf_counter()
    store.age(end)
    seconds = perf_counter() - began
    raw = len(times) * SAMPLES_A_REQUEST * 12 / 1024**2
    kept = sum(bytes_of(store, number) for number in range(SAMPLES_A_REQUEST))
    said = f"{len(times) * SAMPLES_A_REQUEST:,} samples, {raw:.1f} MB as they came"
    line("memory of a day of the shop", kept / 1024**2, "MB", said, is_met=True)
    line("forgetting within that day", seconds, "s", "once an hour", is_met=True)


def bytes_of(store: MetricStore, number: int) -> int:
    key = MetricKey("Shop", f"G{number}")
    samples = store.samples((SHOP, HOME_REGION), key, None)
    counts = 0 if samples.counts is None else samples.counts.nbytes
    return samples.times.nbytes + samples.values.nbytes + counts


def main() -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs,), daemon=True
    )
    process.start()
    url, key_pair, seconds, grown = ours.recv()
    client = client_of(url, key_pair)
    wire = Wire(client)
    print(
        f"cloudwatch: {METRICS} metrics of {MINUTES:,} minutes, median of {RUNS} runs"
    )
    line("history in, by record()", seconds, "s", "in process", is_met=True)
    line(
        "memory of that history",
        grown,
        "MB",
        "under 100 MB",
        is_met=grown < BOUND_MEGABYTES,
    )
    for period, stat in ((300, "Average"), (60, "Average"), (300, "p99")):
        show_reads(client, wire, period, stat)
    show_writes(client)
    show_growth()
    ours.send("end")
    process.join()


if __name__ == "__main__":
    main()
