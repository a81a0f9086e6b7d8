"""Calls and billed metrics for 5,000 series, as the sandbox counts them, beside the
least there can be and beside what yet-another-cloudwatch-exporter would make.

`python -m bench.metrics_calls 60` or `300`: the period, in seconds.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measure import line

# Series by namespace: 5,000 as they lie in an account, no round number among them.
NAMESPACES = {
    "AWS/Lambda": 1_214, "AWS/ApplicationELB": 903, "AWS/ECS": 611, "AWS/SQS": 577,
    "AWS/DynamoDB": 463, "AWS/RDS": 389, "AWS/Kinesis": 251, "AWS/ApiGateway": 233,
    "Shop/Orders": 188, "AWS/EC2": 109, "AWS/S3": 42, "AWS/SNS": 20,
}  # fmt: skip
SERIES = sum(NAMESPACES.values())
STATISTICS, QUERIES_A_CALL = 4, 500
POLLS = {60: 6, 300: 3}
QUOTA_CALLS = 50
# Points a second: a call that begins within the last three hours, or before them.
# Source: "CloudWatch service quotas", GetMetricData.
_RECENT_SECONDS = 3 * 3_600
QUOTA_POINTS = {True: 180_000, False: 396_000}
_BEGAN = 1_790_000_000.0
_PERMISSIONS = ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics")


def main() -> None:
    """Prints figures, in a home that is removed."""
    home = Path(tempfile.mkdtemp(prefix="trailmap-bench-"))
    os.environ |= {
        "TRAILMAP_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "METRIC_FIRST_HOURS": "1",
        "METRIC_BUDGET_DOLLARS": "100000",
    }
    import django  # noqa: PLC0415 - the home must be named first

    django.setup()
    from dashboard import preparation  # noqa: PLC0415

    try:
        preparation.ensure_tables()
        period = int(sys.argv[1])
        _measure(home / "sandbox", period, POLLS[period])
    finally:
        shutil.rmtree(home)


def exporter_calls() -> int:
    """What yet-another-cloudwatch-exporter makes for one scrape of the same series and
    statistics. Not run, but read from its source at 1a0ddb1e: `pkg/job/discovery.go`
    hands each job, which is of one namespace, to `Processor.Run` on its own, and
    `NewSimpleBatchIterator`, both in `pkg/job/getmetricdata`, cuts its queries, one a
    statistic, into calls of `metricsPerQuery`, 500 unless set otherwise."""
    queries = (STATISTICS * count for count in NAMESPACES.values())
    return sum(math.ceil(count / QUERIES_A_CALL) for count in queries)


class _Counted:
    """What a sandbox was asked: queries, points there may be, and when."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        self.calls: list[tuple[float, bool, int]] = []
        self.billed = 0

    def note(self, asked: dict[str, Any]) -> None:
        queries = asked["MetricDataQueries"]
        seconds = asked["EndTime"] - asked["StartTime"]
        points = sum(seconds // one["MetricStat"]["Period"] for one in queries)
        is_recent = asked["StartTime"] > self._clock.now() - _RECENT_SECONDS
        self.calls.append((time.monotonic(), is_recent, int(points)))
        metrics = Counter(json.dumps(one["MetricStat"]["Metric"]) for one in queries)
        self.billed += sum(math.ceil(count / 5) for count in metrics.values())

    def most_calls(self) -> int:
        """Within a second."""
        return _most_in_a_second([(at, 1) for at, _, _ in self.calls])

    def most_points(self, *, is_recent: bool) -> int:
        """Within a second, of calls that begin in the last three hours, or before."""
        return _most_in_a_second(
            [(at, points) for at, recent, points in self.calls if recent == is_recent]
        )


def _most_in_a_second(sizes: Sequence[tuple[float, int]]) -> int:
    within = [
        sum(size for at, size in sizes if began <= at < began + 1) for began, _ in sizes
    ]
    return max(within, default=0)


def _measure(home: Path, period: int, polls: int) -> None:
    from sandbox.assembly import assemble  # noqa: PLC0415 - after Django
    from sandbox.kernel.clock import SetClock  # noqa: PLC0415
    from sandbox.kernel.server import Server  # noqa: PLC0415

    home.mkdir()
    clock = SetClock(_BEGAN)
    sandbox = assemble(clock, home)
    server = Server(sandbox.application)
    server.start()
    try:
        counted = _prepared(sandbox, server.url, period, clock)
        _poll(clock)
        counted.forget()
        began = time.perf_counter()
        for _ in range(polls):
            clock.advance(period)
            _poll(clock)
        _print(counted, period, polls, (time.perf_counter() - began) / polls)
    finally:
        server.stop()


def _prepared(sandbox: Any, url: str, period: int, clock: Any) -> _Counted:
    """5,000 series that somebody looks at, in an account that is connected."""
    from apps.discovery.aws import forget_sessions  # noqa: PLC0415
    from apps.discovery.models import Account  # noqa: PLC0415
    from apps.monitoring.metrics import claims, discovery, interest  # noqa: PLC0415
    from apps.monitoring.metrics.keys import MetricKey  # noqa: PLC0415
    from apps.monitoring.models import (  # noqa: PLC0415
        MetricPlan,
        MetricScope,
        MetricSeries,
    )
    from sandbox.cloudwatch.service import CloudWatch  # noqa: PLC0415
    from sandbox.kernel.cloud import HOME_REGION, SHOP  # noqa: PLC0415

    Account.objects.all().delete()
    MetricSeries.objects.all().delete()
    Account.objects.create(number=SHOP, home_region=HOME_REGION, is_connected=True)
    claims.note_scopes()
    MetricPlan.objects.update(period_seconds=period)
    now = datetime.fromtimestamp(_BEGAN, UTC)
    keys = [
        MetricKey(SHOP, HOME_REGION, namespace, f"Metric{number}")
        for namespace, count in NAMESPACES.items()
        for number in range(count)
    ]
    for at in range(0, SERIES, 500):
        discovery.note_listed(keys[at : at + 500], now)
    scope = MetricScope.objects.get()
    discovery.begin_reading(scope, now)
    _record(sandbox.one(CloudWatch).metrics, keys)
    watched = list(MetricSeries.objects.values_list("pk", flat=True))
    interest.note_named(watched, "rule:1")
    os.environ |= {**_keys(sandbox.cloud), "AWS_ENDPOINT_URL": url}
    forget_sessions()
    return _counting(sandbox.one(CloudWatch), clock)


def _record(store: Any, keys: Sequence[Any]) -> None:
    """A sample a minute, two hours long."""
    from sandbox.cloudwatch.store import MetricKey  # noqa: PLC0415

    times = [_BEGAN - 3_600 + 60 * minute for minute in range(120)]
    for key in keys:
        place = (key.account, key.region)
        store.record(place, MetricKey.of(key.namespace, key.name), times, times)


def _counting(service: Any, clock: Any) -> _Counted:
    counted = _Counted(clock)
    answer = service.operations["GetMetricData"]

    def counting(call: Any) -> Any:
        counted.note(call.parameters)
        return answer(call)

    service.operations["GetMetricData"] = counting
    return counted


def _keys(cloud: Any) -> dict[str, str]:
    from sandbox.kernel.cloud import HOME_REGION, SHOP  # noqa: PLC0415
    from sandbox.kernel.principals import service_principal  # noqa: PLC0415

    who = service_principal("bench.amazonaws.com", SHOP)
    iam = cloud.client("iam", SHOP, HOME_REGION, who)
    allowed = [{"Effect": "Allow", "Action": list(_PERMISSIONS), "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.create_user(UserName="bench")
    iam.put_user_policy(UserName="bench", PolicyName="own", PolicyDocument=document)
    made = iam.create_access_key(UserName="bench")["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }


def _poll(clock: Any) -> None:
    from apps.monitoring.metrics import claims, collector, samples  # noqa: PLC0415
    from apps.monitoring.models import MetricScope  # noqa: PLC0415

    def now() -> datetime:
        return datetime.fromtimestamp(clock.now(), UTC)

    scope = MetricScope.objects.get()
    if not claims.READING.claim(scope.pk, now()):
        raise RuntimeError("nothing could be claimed")
    collector.collect(scope.pk, samples, now)
    scope.refresh_from_db()
    if scope.reading_problem:
        raise RuntimeError(scope.reading_problem)


def _print(counted: _Counted, period: int, polls: int, seconds: float) -> None:
    least = math.ceil(SERIES * STATISTICS / QUERIES_A_CALL)
    calls, billed = len(counted.calls) / polls, counted.billed / polls
    print(
        f"metrics: {SERIES:,} series of {len(NAMESPACES)} namespaces, {STATISTICS} "
        f"statistics, at {period} s: each of {polls} polls"
    )
    line("calls, 3 h of re-reads among them", calls, "calls",
         f"the least: {least}", is_met=calls == least)  # fmt: skip
    line("billed metrics", billed, "metrics", f"the least: {SERIES:,}",
         is_met=billed == SERIES)  # fmt: skip
    line("the exporter's calls, read from its source", exporter_calls(), "calls",
         "no fewer than ours", is_met=calls <= exporter_calls())  # fmt: skip
    most_calls = counted.most_calls()
    line("most calls in a second", most_calls, "calls", f"quota: {QUOTA_CALLS}",
         is_met=most_calls <= QUOTA_CALLS)  # fmt: skip
    for is_recent, quota in QUOTA_POINTS.items():
        points = counted.most_points(is_recent=is_recent)
        name = "of the last 3 h" if is_recent else "of before"
        line(f"most datapoints {name} in a second", points, "points",
             f"quota: {quota:,}", is_met=points <= quota)  # fmt: skip
    line("taken", seconds, "seconds", f"under {period}", is_met=seconds < period)


if __name__ == "__main__":
    main()
