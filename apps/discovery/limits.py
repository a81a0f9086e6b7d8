"""One pace for calls of a rate-limited AWS operation, over all processes.

AWS limits by account and region; botocore's own limiter knows one client in one
process. A row holds when the next call may go out; whoever wants to call moves it
on by one interval with a conditional update, and waits until its turn.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from apps.discovery.models import RateSlot

ELSEWHERE = "elsewhere"
_SLOW_REGIONS = (
    "eu-central-1", "ap-northeast-3", "ap-southeast-3", "ca-west-1", "il-central-1",
)  # fmt: skip
# What is left to others who call the same operation.
_SHARE = 0.8
# Calls a second that AWS allows, per account and region: CloudTrail, CloudWatch,
# CloudWatch Logs and Kinesis service quotas. Where regions differ, by region.
QUOTAS: Mapping[str, Mapping[str, float]] = {
    "cloudtrail.lookup_events": {ELSEWHERE: 2},
    "cloudwatch.get_metric_data": {ELSEWHERE: 50},
    "cloudwatch.list_metrics": {ELSEWHERE: 25},
    "cloudwatch.describe_alarms": {ELSEWHERE: 9},
    "cloudwatch.describe_alarm_history": {ELSEWHERE: 3},
    "logs.filter_log_events": {
        "us-east-1": 25,
        **dict.fromkeys(_SLOW_REGIONS, 5),
        ELSEWHERE: 10,
    },
    "logs.get_log_events": {ELSEWHERE: 10},
    "logs.describe_log_groups": {ELSEWHERE: 10},
    "logs.describe_log_streams": {ELSEWHERE: 25},
    "logs.describe_metric_filters": {ELSEWHERE: 5},
    "logs.describe_subscription_filters": {ELSEWHERE: 5},
    "kinesis.list_shards": {ELSEWHERE: 1_000},
    "logs.describe_queries": {ELSEWHERE: 5},
    "logs.start_query": {ELSEWHERE: 5},
    "logs.stop_query": {ELSEWHERE: 5},
    "logs.get_query_results": {ELSEWHERE: 5},
    # AWS tells none for reading X-Ray: what it is not known to throttle.
    "xray.batch_get_traces": {ELSEWHERE: 25},
    "xray.get_groups": {ELSEWHERE: 2},
    "xray.get_sampling_rules": {ELSEWHERE: 2},
    "xray.get_service_graph": {ELSEWHERE: 2},
    "xray.get_trace_segment_destination": {ELSEWHERE: 2},
    "xray.get_trace_summaries": {ELSEWHERE: 5},
}
# Calls a second of each kind that all readers of a shard have together: Kinesis Data
# Streams quotas.
_PER_SHARD = 5
# Datapoints a second that GetMetricData may be asked for, with the same margin: 180,000
# where the window begins within the last three hours, else 396,000. AWS counts those
# there may be, by range and period (CloudWatch service quotas).
_POINTS_PER_SECOND = {True: 144_000, False: 316_800}
_SPREAD_MS = 1_100


@dataclass(frozen=True, slots=True)
class Pace:
    """Where calls are counted, and how many milliseconds lie between two."""

    key: str
    interval_ms: int

    @classmethod
    def of(cls, account: str, region: str, operation: str) -> "Pace | None":
        """The pace of an operation; None where it needs none."""
        quota = QUOTAS.get(operation)
        if quota is None:
            return None
        per_second = quota.get(region, quota[ELSEWHERE]) * _SHARE
        return cls(f"{account}/{region}/{operation}", math.ceil(1_000 / per_second))


def points_pace(
    place: tuple[str, str], points: int, *, begins_within_3_hours: bool
) -> Pace:
    """The pace of datapoints in an account and region: so long after a call of so many
    that calls like it stay inside the quota in any second, with some to spare for
    those that are on their way longer than others."""
    per_second = _POINTS_PER_SECOND[begins_within_3_hours]
    age = "recent" if begins_within_3_hours else "older"
    account, region = place
    return Pace(
        f"{account}/{region}/cloudwatch.points/{age}",
        math.ceil(_SPREAD_MS / max(1, per_second // max(1, points))),
    )


def shard_pace(place: tuple[str, str], operation: str, stream: str, shard: str) -> Pace:
    """The pace of an operation on one shard of a stream of Kinesis."""
    account, region = place
    # Names of streams may be longer than a key.
    name = hashlib.blake2b(f"{stream}/{shard}".encode(), digest_size=8).hexdigest()
    return Pace(
        f"{account}/{region}/kinesis.{operation}/{name}",
        math.ceil(1_000 / (_PER_SHARD * _SHARE)),
    )


def reserve(pace: Pace, now_ms: int) -> int:
    """Milliseconds to wait until the turn that is now ours."""
    RateSlot.objects.get_or_create(key=pace.key)
    while True:
        free_at_ms = RateSlot.objects.values_list("free_at_ms", flat=True).get(
            key=pace.key
        )
        turn_ms = max(free_at_ms, now_ms)
        taken = RateSlot.objects.filter(key=pace.key, free_at_ms=free_at_ms).update(
            free_at_ms=turn_ms + pace.interval_ms
        )
        if taken:
            return turn_ms - now_ms


def hold_off(pace: Pace, now_ms: int, pause_ms: int) -> None:
    """After AWS throttled us in spite of the pace: nobody calls for a while."""
    RateSlot.objects.filter(key=pace.key, free_at_ms__lt=now_ms + pause_ms).update(
        free_at_ms=now_ms + pause_ms
    )
