"""What `doctor` finds out about sources of resources: each thing they need is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apps.discovery.accounts import target
from apps.discovery.aws import AwsError
from apps.discovery.buckets import PERMISSIONS as S3_PERMISSIONS
from apps.discovery.buckets import Bucket, Queue
from apps.discovery.inventory.config import PERMISSIONS, Config
from apps.discovery.inventory.sourcefiles import bucket_target
from apps.discovery.models import ConfigSource
from apps.search.diagnosis import Finding


def sources() -> Iterator[Finding]:
    for source in ConfigSource.objects.select_related("account").order_by("pk"):
        if source.asks_config and not source.aggregator:
            yield _tried(source, "config", _ask_config, PERMISSIONS)
        if source.queue_url:
            yield _tried(source, "queue", _ask_queue, S3_PERMISSIONS["queue"])
        if source.bucket:
            yield _tried(source, "bucket", _list_bucket, S3_PERMISSIONS["bucket"])


def _tried(
    source: ConfigSource,
    name: str,
    attempt: Callable[[ConfigSource], str],
    actions: tuple[str, ...],
) -> Finding:
    """`attempt` says what it found wrong, "" for nothing."""
    subject = f"config-source.{source.pk}.{name}"
    try:
        problem = attempt(source)
    except AwsError as error:
        return Finding(subject, "", str(error), f"The role needs {', '.join(actions)}.")
    cure = "What it does not record is not known as it changes: see Config sources."
    return Finding(subject, f"{source}: works", problem or None, cure)


def _ask_config(source: ConfigSource) -> str:
    recorder = Config(target(source.account, source.region)).recorder()
    if recorder is None:
        return "There is no configuration recorder."
    return "" if recorder.is_recording else f"The recorder {recorder.name} is stopped."


def _ask_queue(source: ConfigSource) -> str:
    Queue(target(source.account, source.region), source.queue_url).waiting()
    return ""


def _list_bucket(source: ConfigSource) -> str:
    next(Bucket(bucket_target(source), source.bucket).objects(source.prefix), None)
    return ""
