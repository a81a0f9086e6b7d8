"""What recording costs: 150 resources at the start, then sweeps.

python -m bench.sandbox_config
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.assembly import assemble
from sandbox.kernel.clock import SetClock
from sandbox.kernel.cloud import HOME_REGION, SHOP, Cloud

_EACH = 30


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        clock = SetClock(1_790_000_000.0)
        cloud = assemble(clock, Path(home)).cloud
        _start(cloud)
        _timed("150 resources made", lambda: _make(cloud))
        clock.advance(2)
        _timed("all of them recorded", cloud.timers.run_due)
        clock.advance(61)
        _timed("a sweep that finds nothing", cloud.timers.run_due)
        _client(cloud, "s3").delete_bucket(Bucket="bucket-1")
        clock.advance(2)
        _timed("one change among them", cloud.timers.run_due)


def _timed(what: str, work: Callable[[], None]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"{what:30} {spent:6.2f} s {used:6.2f} s of CPU")


def _client(cloud: Cloud, service: str) -> Any:
    return cloud.client(service, SHOP, HOME_REGION, "bench.amazonaws.com")


def _start(cloud: Cloud) -> None:
    _bucket(cloud, "kept")
    config = cloud.client("config", SHOP, HOME_REGION, "bench.amazonaws.com")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": f"arn:aws:iam::{SHOP}:role/config",
            "recordingGroup": {
                "allSupported": True,
                "includeGlobalResourceTypes": True,
            },
        }
    )
    config.put_delivery_channel(DeliveryChannel={"s3BucketName": "kept"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def _bucket(cloud: Cloud, name: str) -> None:
    _client(cloud, "s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME_REGION}
    )


def _make(cloud: Cloud) -> None:
    ec2, sqs = _client(cloud, "ec2"), _client(cloud, "sqs")
    sns, iam = _client(cloud, "sns"), _client(cloud, "iam")
    for number in range(_EACH):
        _bucket(cloud, f"bucket-{number}")
        ec2.create_security_group(GroupName=f"group-{number}", Description="bench")
        sqs.create_queue(QueueName=f"queue-{number}")
        sns.create_topic(Name=f"topic-{number}")
        iam.create_user(UserName=f"user-{number}")


if __name__ == "__main__":
    main()
