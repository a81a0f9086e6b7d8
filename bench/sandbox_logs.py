"""The sandbox's CloudWatch Logs: a million events, written and searched over HTTP.

Pages are asked for by another process, as Trailmap is one.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import boto3

from bench.measure import line, p95_ms
from sandbox.assembly import Sandbox, assemble
from sandbox.kernel.clock import SystemClock
from sandbox.kernel.cloud import HOME_REGION, SHOP
from sandbox.kernel.server import Server

EVENTS, STREAMS, TIMES = 1_000_000, 200, 20
PAGE_MS, HISTORY_RATE, LIVE_RATE = 200.0, 100_000.0, 5_000.0
GROUP = "/shop/api"
PATTERNS = {
    "no pattern": "",
    "a term that fits": "order",
    "a term that fits none": "never",
    "JSON that fits": "{ $.status = 200 }",
    "JSON that fits none": "{ $.status = 999 && $.path = nowhere }",
    "columns that fit none": "[level = ERROR, ...]",
    "an expression that fits none": "%no[0-9]+where%",
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as home:
        sandbox = assemble(SystemClock(), Path(home))
        server = Server(sandbox.application)
        server.start()
        try:
            _measure(sandbox, server.url, Path(home))
        finally:
            server.stop()


def _measure(sandbox: Sandbox, url: str, home: Path) -> None:
    keys = _keys(sandbox)
    logs = _client(keys, url)
    _write(sandbox)
    size = sum(file.stat().st_size for file in home.iterdir()) / 1e6
    line("the file", size, "MB", "under 700 MB", is_met=size < 700)  # noqa: PLR2004
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    line("peak memory, moto's included", peak, "MB", "", is_met=True)
    print(f"     load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors")
    command = [sys.executable, "-m", "bench.sandbox_logs", url]
    subprocess.run(command, input=json.dumps(keys), text=True, check=True)
    _rest(logs)


def _keys(sandbox: Sandbox) -> dict[str, str]:
    iam = sandbox.cloud.client("iam", SHOP, HOME_REGION, "bench.amazonaws.com")
    iam.create_user(UserName="bench")
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_user_policy(UserName="bench", PolicyName="all", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="bench")["AccessKey"]
    return {name: keys[name] for name in ("AccessKeyId", "SecretAccessKey")}


def _client(keys: dict[str, str], url: str) -> Any:
    session = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        region_name=HOME_REGION,
    )
    return session.client("logs", endpoint_url=url)


def _write(sandbox: Sandbox) -> None:
    """History into one group, stream by stream, each over the whole day."""
    logs: Any = sandbox.service("logs")
    now_ms = int(sandbox.cloud.clock.now() * 1_000)
    began = perf_counter()
    for stream in range(STREAMS):
        events = _events(stream, now_ms - 86_400_000)
        logs.write_history((SHOP, HOME_REGION), (GROUP, f"task/{stream}"), events)
    rate = EVENTS / (perf_counter() - began)
    line("history written", rate, "events/s", "100,000", is_met=rate > HISTORY_RATE)


def _events(stream: int, start_ms: int) -> Iterator[tuple[int, str]]:
    each = EVENTS // STREAMS
    step = 86_000_000 // each
    for at in range(each):
        message = (
            f'{{"level":"info","path":"/order/{at}","status":{200 if at % 9 else 500},'
            f'"ms":{at % 300},"trace":"1-{stream:08x}-{at:024x}","text":"order done"}}'
        )
        yield start_ms + at * step + stream, message


def _first_page(logs: Any, name: str, pattern: str) -> None:
    def ask() -> None:
        logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)

    ask()
    taken = [_milliseconds(ask) for _ in range(TIMES)]
    line(f"first page, {name}, median", statistics.median(taken), "ms", "", is_met=True)
    p95 = statistics.quantiles(taken, n=20)[-1]
    line(f"first page, {name}, p95", p95, "ms", "under 200 ms", is_met=p95 < PAGE_MS)


def _milliseconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1_000


def _rest(logs: Any) -> None:
    def stream() -> None:
        logs.get_log_events(logGroupName=GROUP, logStreamName="task/7", limit=1_000)

    took = p95_ms(stream, TIMES)
    line("GetLogEvents, 1,000", took, "ms", "under 200 ms", is_met=took < PAGE_MS)
    _put(logs)
    _query(logs, "filter status = 500 | stats count(*), pct(ms, 99) by bin(1h)")


def _put(logs: Any) -> None:
    logs.create_log_stream(logGroupName=GROUP, logStreamName="live")
    now_ms = int(SystemClock().now() * 1_000)
    events = [{"timestamp": now_ms, "message": "x" * 70} for _ in range(10_000)]
    began = perf_counter()
    for _ in range(5):
        logs.put_log_events(logGroupName=GROUP, logStreamName="live", logEvents=events)
    rate = 50_000 / (perf_counter() - began)
    line("PutLogEvents over HTTP", rate, "events/s", "5,000", is_met=rate > LIVE_RATE)


def _query(logs: Any, source: str) -> None:
    now = int(SystemClock().now())
    began = perf_counter()
    started = logs.start_query(
        logGroupName=GROUP, queryString=source, startTime=now - 90_000, endTime=now
    )
    while logs.get_query_results(**_id(started))["status"] == "Running":
        sleep(0.1)
    took = perf_counter() - began
    line("Insights over all of them", took, "s", "", is_met=True)


def _id(started: Any) -> dict[str, str]:
    return {"queryId": started["queryId"]}


def ask_for_pages(url: str) -> None:
    logs = _client(json.load(sys.stdin), url)
    for name, pattern in PATTERNS.items():
        _first_page(logs, name, pattern)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ask_for_pages(sys.argv[1])
    else:
        main()
